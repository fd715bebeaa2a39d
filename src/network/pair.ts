/**
 * A pair of networks: perception (stimulus -> concept, weights W) and recall (concept -> stimulus, weights Theta), with the same stages and
 * independent weights. Stage 1 is the stimulus, the last stage the concept. A pair may be a part of one, some stages in a row: see `stage-range.ts`.
 *
 * Rules that train one network have a pair of perception alone; backprop has perception keep all its drives.
 */

import { type StimulusEncoder, stimulusEncoder } from "../coding/stimulus.ts";
import type { TargetCode } from "../coding/target.ts";
import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import { inWords } from "../in-words.ts";
import { buildPerception } from "./build-perception.ts";
import { buildRecall } from "./build-recall.ts";
import { initialise } from "./initialise.ts";
import type { Layer } from "./layer.ts";
import type { PairOptions } from "./pair-options.ts";
import { ParameterGroup } from "./parameters.ts";
import { Population } from "./population.ts";
import { assertRows } from "./rows.ts";
import { flat, type Shape, sizeOf } from "./shape.ts";
import { layerSlots, type Slot } from "./slots.ts";
import { StagePlan } from "./stage-plan.ts";
import { describeStages, type StageRange } from "./stage-range.ts";
import type { RealInput, Source } from "./synapses.ts";

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
  readonly #plan: StagePlan;
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
    const { image, classes, maxImages, seed } = options;
    const plan = new StagePlan(team, options);
    this.#plan = plan;
    this.target = plan.target;
    this.range = plan.range;
    this.stages = plan.stages;
    this.stimulusShape = plan.shapeOf(1);
    this.stimulusWidth = padded(sizeOf(image));
    const stimuli = this.holds(1) ? maxImages : 0;
    this.stimulus = team.arena.f32(stimuli * this.stimulusWidth);
    this.imageIds = team.arena.u32(stimuli);

    let source: Source;
    if (!this.holds(1)) {
      const below = this.range.first - 1;
      this.below = new Population(team, plan.shapeOf(below), options.steps, maxImages, plan.perceptionReader(below));
      source = this.below;
    } else if (options.stimulus === "direct") {
      source = {
        kind: "real",
        shape: this.stimulusShape,
        at: this.stimulus.at,
        stride: this.stimulusWidth,
        maxImages,
      } satisfies RealInput;
    } else {
      const spikes = new Population(
        team,
        this.stimulusShape,
        options.steps,
        maxImages,
        this.holds(2) ? plan.reader : "none",
      );
      const intensities = { at: this.stimulus.at, stride: this.stimulusWidth };
      this.#encoder = stimulusEncoder(team, options.stimulus, intensities, this.imageIds, spikes, seed);
      source = spikes;
      this.stimulusSpikes = spikes;
    }
    this.perception = buildPerception(plan, source);

    this.maxRecalls = this.recalls ? (options.maxRecalls ?? Math.max(classes, maxImages)) : 0;
    const { last } = this.range;
    const shown = last >= this.stages - 1 ? this.maxRecalls : 0;
    this.concept = new Population(team, flat(this.target.width), 1, shown, "linear");
    const whole = this.range.first === 1 && last === this.stages;
    if (this.recalls && options.recall === "broadcast" && !whole)
      throw new BispikeError(
        "usage",
        "network.recall: expected chain for a part of a pair, got broadcast, whose concept reaches stages of other parts",
      );
    if (this.recalls && last === this.stages - 1) this.above = this.concept;
    else if (this.recalls && last < this.stages)
      this.above = new Population(team, plan.shapeOf(last + 1), options.steps, this.maxRecalls, plan.reader);
    this.recall = this.recalls ? buildRecall(plan, this.above ?? this.concept, this.maxRecalls) : [];
    for (const layer of this.layers) initialise(layer, seed);
    if (plan.gradients === "shared") {
      ParameterGroup.shareGradients(
        team,
        this.layers.map(({ group }) => group),
      );
    }
  }

  /** Whether there is a recall network. */
  get recalls(): boolean {
    return this.options.networks !== "perception";
  }

  /** Whether a stage is at hand, by its number from 1. */
  holds(stage: number): boolean {
    return this.#plan.holds(stage);
  }

  /**
   * Hidden stages at hand with both halves: number (2..L-1), perception's layer and recall's.
   *
   * @throws BispikeError "usage" where there is perception alone
   */
  *hiddenStages(): Generator<{ stage: number; perception: Layer; recall: Layer }> {
    this.assertRecalls();
    const ofRecall = this.holds(1) ? 1 : 0;
    for (const [k, stage] of this.#plan.hidden.entries()) {
      yield { stage, perception: this.perception[k]!, recall: this.recall[k + ofRecall]! };
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
    for (const { name, group, synapses, norm } of this.layers) {
      yield* layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
    }
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
