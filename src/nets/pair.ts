/**
 * A pair of networks: perception (stimulus -> concept, weights W) and recall (concept -> stimulus, weights Theta), with the same stages and
 * independent weights. Stage 1 is the stimulus, the last stage the concept. A pair may be a part of one, some stages in a row (`StageRange`).
 *
 * Rules that train one network have a pair of perception alone; backprop has perception keep all its drives.
 */

import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { inWords } from "../in-words.ts";
import { buildPair } from "./build.ts";
import type { Layer } from "./layer.ts";
import type { Pooling } from "./neuron.ts";
import type { Slot } from "./parameters.ts";

import { Population } from "./population.ts";
import { assertRows, flat, type Shape, sizeOf } from "./shape.ts";
import { type LayerSpec, type PairSpec, readerOf, stageShape } from "./spec.ts";
import { classifierSpec } from "./specs.ts";
import { type StimulusCoding, type StimulusEncoder, stimulusEncoder } from "./stimulus-codes.ts";

import type { Source } from "./synapses.ts";
import { type TargetCode, type TargetCoding, targetCode } from "./target-codes.ts";

// Which stages of a pair are at hand. A pair can be cut between stages, because all that goes from stage to stage is spikes: perception's up, recall's down.
//
// stages first..last of L hold   perception.stage i, first <= i <= last, i > 1    (weights W into stage i)
// recall.stage i,     first <= i <= last, i < L    (weights Theta into stage i)

/** Stages `first` to `last`, both included, counted from the stimulus, which is stage 1. */
export interface StageRange {
  readonly first: number;
  readonly last: number;
}

/** "3-5", or "3" for one stage. */
export function describeStages(range: StageRange): string {
  const { first, last } = range;
  return first === last ? `${first}` : `${first}-${last}`;
}

/**
 * Stages from text, the stimulus being stage 1.
 *
 * @param text "1-2" or "3"
 * @throws BispikeError "usage"
 * @example
 * parseStages("3-5"); // { first: 3, last: 5 }
 */
export function parseStages(text: string): StageRange {
  const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
  const first = Number(found?.[1]);
  const last = Number(found?.[2] ?? found?.[1]);
  if (found && first >= 1 && first <= last) return { first, last };
  throw new BispikeError("usage", `expected stages such as 1-2 or 3, the stimulus being stage 1, got ${text}`);
}

/**
 * A range that a pair of `stages` stages has.
 *
 * @param direct whether the stimulus is real numbers held over time, not spikes
 * @throws BispikeError "usage"
 */
export function checkRange(range: StageRange, stages: number, direct: boolean): StageRange {
  const { first, last } = range;
  if (!(Number.isInteger(first) && Number.isInteger(last) && 1 <= first && first <= last && last <= stages)) {
    throw new BispikeError(
      "usage",
      `expected stages between 1 and ${stages} (the net's number), got ${first} to ${last}`,
    );
  }
  // Stage 2 would be told real numbers, not spikes.
  if (direct && stages > 1 && ((first === 1 && last === 1) || first === 2)) {
    throw new BispikeError(
      "usage",
      `stages ${describeStages(range)}: a directly coded stimulus is no spikes, so stages 1 and 2 stay together; cut after stage 2 or later, or use network.stimulus: poisson or latency`,
    );
  }
  return range;
}

/** Whether ranges, from the stimulus up, are all of `stages` stages, each once. */
export function areWhole(ranges: readonly StageRange[], stages: number): boolean {
  const ends = [0, ...ranges.map(({ last }) => last)];
  return ranges.every(({ first }, k) => first === ends[k]! + 1) && ends.at(-1) === stages;
}

/** The ranges that cuts after the stages `after` make of `stages` stages. @example rangesOf([2, 3], 5) // 1-2, 3-3, 4-5 */
export function rangesOf(after: readonly number[], stages: number): StageRange[] {
  const ends = [...after, stages];
  return ends.map((last, k) => ({ first: k === 0 ? 1 : ends[k - 1]! + 1, last }));
}

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

  /** The layer that reconstructs the stimulus. Throws a `usage` error where there is perception alone, or stage 1 is not at hand. */
  get reconstructed(): Layer {
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

// What a pair of networks is made from.

/** What a pair looks like; the YAML section `network`. */
export interface NetworkOptions {
  /** mlp: fully connected stages. cnn: 3x3 convolutions with 2x2 max-pooling up, nearest upsampling with 3x3 convolutions down. */
  readonly kind: "mlp" | "cnn";
  /** Neurons (mlp) or channels (cnn) of each hidden stage, from the stimulus up. */
  readonly hidden: readonly number[];
  /** T, the time steps a sample is shown. */
  readonly steps: number;
  /** Normalise each drive over batch and time (cnn: and space) before the neurons see it. */
  readonly norm: boolean;
  /** Membrane time constant in steps, at least 1. */
  readonly tau: number;
  /** Membrane potential at which neurons fire: perception's and recall's hidden stages, and the concept's neurons (default 2). */
  readonly threshold: { readonly perception: number; readonly recall: number; readonly concept?: number };
  /** How pixels drive stage 1. */
  readonly stimulus: StimulusCoding;
  /** Spike code of a concept. */
  readonly target: TargetCoding;
  /** Neurons of a random target code; 0 for 4 x classes. */
  readonly targetSize: number;
  /**
   * What drives recall's hidden stages: the stage above (chain), or the concept's spikes, all of them (broadcast), as long-range feedback does. Default chain.
   */
  readonly recall?: RecallPaths;
}

/** See `NetworkOptions.recall`. */
export type RecallPaths = "chain" | "broadcast";

/** What a pair is made from: its stages, one image, and how many at once. */
export interface PairOptions extends NetworkOptions {
  /** One image's frame, in pixels; for a cnn its sides are divisible by 2 to the number of hidden stages. `Model` pads images to that. */
  readonly image: Shape;
  /** Number of concepts. */
  readonly classes: number;
  /**
   * What the layers of both networks are, in place of what `kind`, `hidden`, `norm`, `tau`, `threshold` and `recall` describe: as many stages, from the frame's shape (cnn) or flat (mlp) to the
   * target code. Default: what they describe.
   */
  readonly spec?: PairSpec;
  /** Largest batch. */
  readonly maxImages: number;
  /** Rows recall runs at once: classes (prototypes) or maxImages (pairs). Default: the larger of the two. */
  readonly maxRecalls?: number;
  /** Average-pool the features of convolutional stages to this many cells a side; 0 for none. Default 0. */
  readonly pool?: number;
  /** What of a cell's firing rates perception is compared by; recall always by its mean. Default mean. */
  readonly pooling?: Pooling;
  /** Draws the weights, the random target codes and stimulus codes; an integer from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Which networks there are: both, or perception alone for rules that train one network. Default both. */
  readonly networks?: "both" | "perception";
  /** Keep all of perception's drives and gradients of a pass: backprop needs them, BSD forgets a stage's after its update. Default false. */
  readonly keepDrives?: boolean;
  /**
   * Keep every layer's gradients until the next step. Default true; false shares one room between layers, for rules that update a layer before they
   * turn to the next (BSD, unless it clips by the norm of all gradients).
   */
  readonly keepGradients?: boolean;
  /** The stages at hand; the others' spikes come by `below` and `above`. Default: all. */
  readonly part?: StageRange;
}
