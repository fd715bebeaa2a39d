/**
 * A pair of networks: perception (stimulus -> concept, weights W) and recall (concept -> stimulus, weights Theta), with the same stages and
 * independent weights. Stage 1 is the stimulus, the last stage the concept. A pair may be a part of one, some stages in a row: see `stage-range.ts`.
 *
 * Rules that train one network have a pair of perception alone; backprop has perception keep all its drives.
 */

import { type StimulusEncoder, stimulusEncoder } from "../coding/stimulus.ts";
import { type TargetCode, targetCode } from "../coding/target.ts";
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { inWords } from "../in-words.ts";
import { buildPair } from "./build.ts";
import type { Layer } from "./layer.ts";
import type { PairOptions } from "./pair-options.ts";
import { Population } from "./population.ts";
import { assertRows } from "./rows.ts";
import { flat, type Shape, sizeOf } from "./shape.ts";
import type { Slot } from "./slots.ts";
import { type LayerSpec, type PairSpec, readerOf, stageShape } from "./spec.ts";
import { classifierSpec } from "./specs.ts";
import { checkRange, describeStages, type StageRange } from "./stage-range.ts";
import type { Source } from "./synapses.ts";

export type { NetworkOptions, PairOptions, RecallPaths } from "./pair-options.ts";

/**
 * Perception and recall for images, or perception alone; all of their stages or some in a row.
 *
 * @example
 * const image = { height: 28, width: 28, channels: 1 };
 * const pair = new NetworkPair(team, { ...defaults.network, image, classes: 10, maxImages: 128, seed: 1 });
 * pair.stages; // 5 with three hidden ones
 */
export class NetworkPair {
  readonly team: Team;
  readonly options: PairOptions;
  /** What the layers of both networks are, of all stages. */
  readonly spec: PairSpec;
  /** The concepts' codes. */
  readonly target: TargetCode;
  /** Number of stages, stimulus and concept included. */
  readonly stages: number;
  /** The stages at hand, all but in a part. */
  readonly range: StageRange;
  /** Stimulus rows, [image][stimulusWidth]: normalised pixels (direct) or intensities 0..1 (poisson, latency). Empty where stage 1 is not at hand. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a stimulus row, whole tiles; those past the image stay 0. */
  readonly stimulusWidth: number;
  /** The stimulus's shape: the frame's (cnn), or flat (mlp). */
  readonly stimulusShape: Shape;
  /** Numbers naming the images of a batch, for random stimulus codes. */
  readonly imageIds: Region<Uint32Array>;
  /** From stage 2 up, or the first stage at hand. */
  readonly perception: readonly Layer[];
  /** From stage 1 up, or the first stage at hand. Empty where there is perception alone. */
  readonly recall: readonly Layer[];
  /** Perception's spikes of the stage below a part; to be filled by whoever has that stage. Undefined for a whole pair. */
  readonly below: Population | undefined;
  /** Recall's spikes of the stage above a part, to be filled by whoever has that stage; of the highest hidden stage `concept`. Undefined for a whole pair. */
  readonly above: Population | undefined;
  /** The encoded stimulus, where it is spikes. */
  readonly stimulusSpikes: Population | undefined;
  /** The concept's spikes recall starts from, held over time. */
  readonly concept: Population;
  readonly #encoder: StimulusEncoder | undefined;
  /** Rows recall runs at once at most. */
  readonly maxRecalls: number;

  /**
   * Draws all weights from the seed.
   *
   * @throws BispikeError "usage" for a part that cannot be, "config" where random target codes of `targetSize` neurons cannot differ
   */
  constructor(team: Team, options: PairOptions) {
    this.team = team;
    this.options = options;
    const { image, classes, maxImages, seed, steps, stimulus } = options;
    this.target = targetCode(options.target, classes, options.targetSize, seed);
    this.spec = options.spec ?? classifierSpec(options, this.target.width);
    this.stages = this.spec.perception.length + 1;
    this.range = checkRange(options.part ?? { first: 1, last: this.stages }, this.stages, stimulus === "direct");
    this.stimulusShape = this.spec.stimulus;
    this.stimulusWidth = padded(sizeOf(image));
    const stimuli = this.holds(1) ? maxImages : 0;
    this.stimulus = team.arena.f32(stimuli * this.stimulusWidth);
    this.imageIds = team.arena.u32(stimuli);

    const { first, last } = this.range;
    const { perception, recall } = this.spec;
    let below: [from: LayerSpec["from"], source: Source];
    if (first > 1) {
      const from = first === 2 ? "stimulus" : first - 1;
      this.below = new Population(team, stageShape(this.spec, first - 1), steps, maxImages, readerOf(perception, from));
      below = [from, this.below];
    } else if (stimulus === "direct") {
      const { at } = this.stimulus;
      const stride = this.stimulusWidth;
      below = ["stimulus", { kind: "real", shape: this.stimulusShape, at, stride, maxImages }];
    } else {
      const reader = last > 1 ? readerOf(perception, "stimulus") : "none";
      const spikes = new Population(team, this.stimulusShape, steps, maxImages, reader);
      const intensities = { at: this.stimulus.at, stride: this.stimulusWidth };
      this.#encoder = stimulusEncoder(team, stimulus, intensities, this.imageIds, spikes, seed);
      below = ["stimulus", spikes];
      this.stimulusSpikes = spikes;
    }

    this.maxRecalls = this.recalls ? (options.maxRecalls ?? Math.max(classes, maxImages)) : 0;
    const shown = last >= this.stages - 1 ? this.maxRecalls : 0;
    this.concept = new Population(team, flat(this.target.width), 1, shown, "linear");
    const whole = first === 1 && last === this.stages;
    if (this.recalls && options.recall === "broadcast" && !whole)
      throw new BispikeError(
        "usage",
        "network.recall: expected chain for a part of a pair, got broadcast, whose concept reaches stages of other parts",
      );
    if (this.recalls && last === this.stages - 1) this.above = this.concept;
    else if (this.recalls && last < this.stages)
      this.above = new Population(
        team,
        stageShape(this.spec, last + 1),
        steps,
        this.maxRecalls,
        readerOf(recall, last + 1),
      );

    const { keepDrives = false, keepGradients = true } = options;
    const layers = buildPair(team, this.spec, {
      needs: { recall: this.recalls, drives: keepDrives, gradients: keepGradients || keepDrives, part: this.range },
      rows: { perception: maxImages, recall: this.maxRecalls },
      sources: {
        perception: new Map([below]),
        recall: new Map<LayerSpec["from"], Source>([
          ["target", this.concept],
          [last + 1, this.above ?? this.concept],
        ]),
      },
      seed,
    });
    this.perception = layers.perception;
    this.recall = layers.recall;
  }

  /** Whether there is a recall network. */
  get recalls(): boolean {
    return this.options.networks !== "perception";
  }

  /** Whether a stage is at hand, by its number from 1. */
  holds(stage: number): boolean {
    return this.range.first <= stage && stage <= this.range.last;
  }

  /**
   * Hidden stages at hand with both halves: number (2..L-1), perception's layer and recall's.
   *
   * @throws BispikeError "usage" where there is perception alone
   */
  *hiddenStages(): Generator<{ stage: number; perception: Layer; recall: Layer }> {
    this.assertRecalls();
    const ofRecall = this.holds(1) ? 1 : 0;
    const first = Math.max(2, this.range.first);
    for (let stage = first; stage <= Math.min(this.stages - 1, this.range.last); stage++) {
      yield { stage, perception: this.perception[stage - first]!, recall: this.recall[stage - first + ofRecall]! };
    }
  }

  /** The layer that drives the concept. Throws a `usage` error where the concept's stage is not at hand. */
  get conceptDrive(): Layer {
    if (!this.holds(this.stages)) throw this.#notAtHand("the concept's stage");
    return this.perception.at(-1)!;
  }

  /** The layer that redraws the stimulus. Throws a `usage` error where there is perception alone, or stage 1 is not at hand. */
  get redrawn(): Layer {
    this.assertRecalls();
    if (!this.holds(1)) throw this.#notAtHand("stage 1");
    return this.recall[0]!;
  }

  /** Spikes that a part's neighbours wait for: perception's of its last stage, recall's of its first; undefined where there is no neighbour. */
  get ends(): { readonly up: Population | undefined; readonly down: Population | undefined } {
    const { first, last } = this.range;
    const up = last === 1 ? this.stimulusSpikes : this.perception.at(-1)?.output;
    const down = first === this.stages ? this.concept : this.recall[0]?.output;
    return { up: last < this.stages ? up : undefined, down: first > 1 ? down : undefined };
  }

  #notAtHand(what: string): BispikeError {
    return new BispikeError(
      "usage",
      `${what} is not in this part of a pair, which has stages ${describeStages(this.range)}`,
    );
  }

  /** @throws BispikeError "usage" where there is perception alone */
  assertRecalls(): void {
    if (this.recalls) return;
    throw new BispikeError("usage", "this pair has perception alone: expected one with recall, as rule bsd trains");
  }

  /** The pair's state as named tensors, with AdamW's moments where asked. */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const layer of this.layers) yield* layer.slots(optimiser);
  }

  /** Every layer, perception's from the stimulus up, then recall's from stage 1 up. */
  get layers(): readonly Layer[] {
    return [...this.perception, ...this.recall];
  }

  /** Makes the spikes of the stimulus rows; nothing to do for direct coding. Throws a `usage` error for more images than the pair has rows for. */
  encode(images: number, counter: number, learn: boolean): void {
    assertRows("images", images, this.options.maxImages);
    this.#encoder?.encode(images, counter, learn);
  }

  /**
   * Sets the concept's spikes of `labels.length` recalls to their target codes.
   *
   * @throws BispikeError "usage" where there is perception alone, for more than `maxRecalls` labels, or one that is no class
   */
  present(labels: ArrayLike<number>, learn: boolean): void {
    this.assertRecalls();
    const { width, bits, classes } = this.target;
    assertRows("recalls", labels?.length, this.maxRecalls);
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]!;
      if (!(Number.isInteger(label) && label >= 0 && label < classes))
        throw new BispikeError(
          "usage",
          `recall: expected a class from 0 to ${classes - 1}, got ${typeof label === "number" ? label : inWords(label)}`,
        );
    }
    this.concept.masks.view.fill(0);
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row]!;
      for (let neuron = 0; neuron < width; neuron++) {
        if (bits[label * width + neuron]) this.concept.set(row, 0, 0, neuron, true);
      }
    }
    this.concept.list(labels.length, learn);
  }
}
