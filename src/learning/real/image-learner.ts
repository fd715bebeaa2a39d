/**
 * What the rules on real-valued nets of images share: the top loss, scores in evaluation, tensors and reports.
 *
 *   L = mean over images of -ln softmax(y)[label],  y: the read-out
 */
import { placeOfLargest } from "../../engine/largest.ts";
import type { Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { LayeredNet } from "../../network/real/layered-net.ts";
import { assertRows } from "../../network/rows.ts";
import { layerSlots, type Slot, type StatefulLayer } from "../../network/slots.ts";
import { AdamW, type OptimiserOptions } from "../optimiser.ts";
import { assertBatch, assertFiniteLoss, type Batch, type Rates, type StepReport } from "../rule.ts";
import type { RealImageNet } from "./image-net.ts";

/** Outputs of a batch, one row an image: classes first, then padding. */
export interface Scores {
  readonly view: Float32Array;
  /** Floats a row. */
  readonly stride: number;
}

/** Mean loss of a batch and right decisions, by the largest output; the first of several. */
interface TopLoss {
  readonly loss: number;
  readonly correct: number;
}

/** A layer's state as slots name it. */
export function statefulLayer(layer: LayeredNet["layers"][number]): StatefulLayer {
  const { name, group, synapses, norm } = layer;
  return { name, group, bundles: [synapses], norm, channels: synapses.shape.channels };
}

export abstract class RealImageLearner {
  readonly net: LayeredNet;
  readonly options: RealImageNet["options"];
  readonly optimiser: AdamW;
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  /** Rows [image][net.readout.featureWidth] of the top loss's gradient by the read-out, times what `compare` was asked for. */
  protected readonly errors: Region<Float32Array>;
  /** The labels of the newest batch. */
  protected readonly labels: Region<Uint16Array>;
  readonly #losses: Region<Float64Array>;
  readonly #feedback: readonly StatefulLayer[];

  /** @param feedback layers of their own that a rule learns beside the net */
  constructor(image: RealImageNet, optimiser: OptimiserOptions, feedback: readonly StatefulLayer[] = []) {
    const { net, options, stimulus, stimulusWidth } = image;
    const { arena } = net.team;
    this.net = net;
    this.options = options;
    this.stimulus = stimulus;
    this.stimulusWidth = stimulusWidth;
    this.errors = arena.f32(options.maxImages * net.readout.featureWidth);
    this.labels = arena.u16(options.maxImages);
    this.#losses = arena.f64(options.maxImages);
    this.#feedback = feedback;
    const groups = [...net.layers, ...feedback].map(({ group }) => group);
    this.optimiser = new AdamW(net.team, optimiser, groups);
  }

  get team(): Team {
    return this.net.team;
  }

  /** Images there is room for. */
  get maxImages(): number {
    return this.options.maxImages;
  }

  /**
   * One update from the loaded images, whose labels the batch names; its counter is not used, nothing here being random.
   * Throws a `training` error when a loss stops being finite, a `usage` error for a batch that does not fit.
   */
  abstract step(batch: Batch, rates: Rates): StepReport;

  /**
   * Outputs of the loaded images by the running statistics: an image's bytes do not depend on those beside it. Valid until the next pass.
   *
   * @throws BispikeError "usage" for more than `maxImages`
   */
  scores(images: number): Scores {
    assertRows("images", images, this.maxImages);
    this.net.forward(images, false);
    const { features, featureWidth: stride } = this.net.readout;
    return { view: features.view.subarray(0, images * stride), stride };
  }

  /** The net's parameters and running statistics as named tensors; where asked, AdamW's moments and, last, what the rule learns beside the net. */
  *slots(optimiser: boolean): Generator<Slot> {
    yield* this.net.slots(optimiser);
    if (!optimiser) return;
    for (const layer of this.#feedback) yield* layerSlots(layer, optimiser);
  }

  /** Begins a step; returns the batch's images. */
  protected begin(batch: Batch): number {
    assertBatch(batch, this.maxImages, this.options.classes);
    this.optimiser.begin();
    return batch.labels.length;
  }

  /** The top loss of the newest pass; `errors` get `factor` times softmax(y) - one-hot. */
  protected compare(labels: Uint16Array, factor: number): TopLoss {
    const { net, options } = this;
    const { features, featureWidth } = net.readout;
    this.labels.view.set(labels);
    this.team.run("softmaxCrossEntropy", labels.length, {
      classes: options.classes,
      stride: featureWidth,
      factor,
      logits: features.at,
      labels: this.labels.at,
      losses: this.#losses.at,
      gradients: this.errors.at,
    });
    let sum = 0;
    let correct = 0;
    for (const [k, label] of labels.entries()) {
      sum += this.#losses.view[k]!;
      if (placeOfLargest(features.view, k * featureWidth, options.classes) === label) correct++;
    }
    return { loss: sum / labels.length, correct };
  }

  /**
   * What a step tells.
   *
   * @param hidden losses of stages 1 to L - 1, for rules that have them
   */
  protected report({ loss, correct }: TopLoss, images: number, hidden?: readonly number[]): StepReport {
    const { layers } = this.net;
    const stageLosses = [...(hidden ?? new Array<number>(layers.length).fill(0)), loss];
    for (const [k, own] of stageLosses.entries()) assertFiniteLoss(k + 1, own, this.optimiser.steps);
    const total = stageLosses.reduce((sum, own) => sum + own, 0);
    return { loss: total, stageLosses, perceptionRates: [], recallRates: [], silent: [], correct, images };
  }

  /** Updates every layer of the net by the gradients that are there. */
  protected updateNet(rate: number): void {
    for (const { group } of this.net.layers) this.optimiser.update(group, rate);
  }
}
