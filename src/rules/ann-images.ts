/**
 * The non-spiking net that rivals train to name images, of the shapes a spiking `NetworkPair`'s perception has: fully connected stages, or 3x3 convolutions with 2x2
 * max-pooling; then a linear read-out of the classes, whose largest output decides. Tensors have the pair's names and orders.
 */

import { placeOfLargest } from "../engine/elementary.ts";
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { LayeredNet } from "../nets/layered-net.ts";
import type { ParameterGroup, Slot, Stateful } from "../nets/parameters.ts";
import { assertRows, type Shape, sizeOf } from "../nets/shape.ts";
import type { Activation } from "../nets/spec.ts";
import { annClassifierSpec } from "../nets/specs.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import { assertBatch, assertFiniteLoss, type Batch, type LearningRates, type StepReport } from "./rule.ts";

/** What a non-spiking net for images is made from. */
export interface AnnImageNetOptions {
  /** mlp: fully connected stages. cnn: 3x3 convolutions with 2x2 max-pooling. */
  readonly kind: "mlp" | "cnn";
  /** The frame an image comes in; for a cnn its sides are divisible by 2 to the number of hidden stages. `createModel` pads images to that. */
  readonly image: Shape;
  /** Units (mlp) or channels (cnn) of each hidden stage, from the stimulus up. */
  readonly hidden: readonly number[];
  readonly classes: number;
  /** Batch norm before the units. */
  readonly norm: boolean;
  /** Largest batch. */
  readonly maxImages: number;
  /** Draws the weights. */
  readonly seed: number;
  /** What hidden units do with their drive. Default: what the rule's authors use, see `authorsActivations`. */
  readonly activation?: Activation;
}

/** Rules on such nets, by their names in a configuration. */
export type AnnImageRule = "backprop-ann" | "dll" | "predictive-coding" | "ccl" | "bsd-ann";

/** The hidden units of each rule's authors. */
export const authorsActivations: Readonly<Record<AnnImageRule, Activation>> = {
  "backprop-ann": "relu",
  dll: "tanh",
  "predictive-coding": "tanh",
  ccl: "elu",
  "bsd-ann": "relu",
};

/** The net, and the images it sees. */
export interface AnnImageNet {
  readonly options: AnnImageNetOptions & { readonly activation: Activation };
  readonly net: LayeredNet;
  /** Normalised pixels, [image][stimulusWidth], channels last. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a row of the stimulus, whole tiles; those past the image stay 0. */
  readonly stimulusWidth: number;
}

/**
 * The net for a rule, untrained. Throws a `shape` error where pooling leaves no pixel.
 *
 * @param rule whose units are the default
 * @example
 * const image = { height: 28, width: 28, channels: 1 };
 * annImageNet(team, { kind: "mlp", image, hidden: [512, 256], classes: 10, norm: true, maxImages: 128, seed: 1 }, "dll");
 */
export function annImageNet(team: Team, options: AnnImageNetOptions, rule: AnnImageRule): AnnImageNet {
  const { image, maxImages, seed, activation = authorsActivations[rule] } = options;
  const stimulusWidth = padded(sizeOf(image));
  const stimulus = team.arena.f32(maxImages * stimulusWidth);
  const spec = annClassifierSpec({ ...options, activation });
  const input = { kind: "real", shape: spec.stimulus, at: stimulus.at, stride: stimulusWidth, maxImages } as const;
  const net = new LayeredNet(team, { input, spec, seed });
  return { options: { ...options, activation }, net, stimulus, stimulusWidth };
}

// What the rules on non-spiking nets of images share: the top loss, scores in evaluation, tensors and reports.
//
// L = mean over images of -ln softmax(y)[label],  y: the read-out

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

/** Weights that a rule learns beside the net. */
type Beside = Stateful & { readonly group: ParameterGroup };

export abstract class AnnImageLearner {
  readonly net: LayeredNet;
  readonly options: AnnImageNet["options"];
  readonly optimiser: AdamW;
  readonly stimulus: Region<Float32Array>;
  readonly stimulusWidth: number;
  /** Rows [image][net.readout.featureWidth] of the top loss's gradient by the read-out, times what `compare` was asked for. */
  protected readonly errors: Region<Float32Array>;
  /** The labels of the newest batch. */
  protected readonly labels: Region<Uint16Array>;
  readonly #losses: Region<Float64Array>;
  readonly #feedback: readonly Beside[];

  /** @param feedback layers of their own that a rule learns beside the net */
  constructor(image: AnnImageNet, optimiser: OptimiserOptions, feedback: readonly Beside[] = []) {
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
  abstract step(batch: Batch, learningRates: LearningRates): StepReport;

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
    for (const layer of this.#feedback) yield* layer.slots(optimiser);
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
    return { loss: total, stageLosses, perceptionRates: [], recallRates: [], dead: [], correct, images };
  }

  /** Updates every layer of the net by the gradients that are there. */
  protected updateNet(rate: number): void {
    for (const { group } of this.net.layers) this.optimiser.update(group, rate);
  }
}
