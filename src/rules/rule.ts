/** What the trainer knows of a learning rule. A rule decides which gradients exist and which weights move; the trainer knows neither. */

import type { SequenceSet } from "../data/sequence/task.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { Network } from "../nets/autoencoder-pair.ts";
import type { Slot, Stateful } from "../nets/parameters.ts";
import { assertRows } from "../nets/shape.ts";
import type { AdamW } from "./optimiser.ts";

/** A batch whose stimulus rows and image ids are already in the pair's memory. */
export interface Batch {
  /** Class of each loaded image, from 0. */
  readonly labels: Uint16Array;
  /** Numbers the batch over the whole training; keys random stimulus codes. */
  readonly counter: number;
}

/** Learning rates of this step. */
export interface LearningRates {
  /** Of perception's weights W. */
  readonly perception: number;
  /** Of recall's weights Theta. */
  readonly recall: number;
}

/** What every rule tells of a step. */
export interface StageReport {
  /** Sum of all stage losses. */
  readonly loss: number;
  /** Loss of stages 1..L, 0 where a stage has none of its own; the last is the top loss. */
  readonly stageLosses: readonly number[];
  /** Mean firing rate of each hidden stage, spikes a neuron and step; empty for nets that do not spike. */
  readonly perceptionRates: readonly number[];
  /** The same of recall's; empty where there is none. */
  readonly recallRates: readonly number[];
  /** Right decisions in the batch, by the read-out. */
  readonly correct: number;
}

/** What a step of a rule on images tells. */
export interface StepReport extends StageReport {
  /** Share, 0..1, of neurons in each hidden stage of perception that did not fire once in the batch. */
  readonly dead: readonly number[];
  /** Images of the batch. */
  readonly images: number;
}

/** A learning rule for images, as the trainer knows it. */
export interface Rule extends Stateful {
  readonly optimiser: AdamW;
  /** One training step. Throws a `training` error that names the stage when a loss stops being finite, a `usage` error for a batch that does not fit. */
  step(batch: Batch, learningRates: LearningRates): StepReport;
  /** The state of the nets it trains; with `optimiser` all that it needs to go on: moments, and what it learns beside the nets and throws away at the end. */
  slots(optimiser: boolean): Iterable<Slot>;
}

/** @throws BispikeError "training" that names the stage and says what to try, unless `loss` is a finite number */
export function assertFiniteLoss(stage: number, loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new BispikeError(
    "training",
    `stage ${stage}: the loss is ${loss} at step ${step}; lower train.learningRate, or set train.clip`,
  );
}

/**
 * Kernels take images and labels as they are told, and would write over what lies behind their rows: asked before a step's first one.
 *
 * @param maxImages rows there are
 * @throws BispikeError "usage" for no images or more than there are rows, or a label that is no class
 */
export function assertBatch({ labels }: Batch, maxImages: number, classes: number): void {
  assertRows("images", labels.length, maxImages, 1);
  for (const label of labels) assertRows("class", label, classes - 1);
}

// What a trainer knows of a rule that learns sequences, whatever its net.

/** Losses are means over positions; the top loss is cross-entropy in nats (symbols) or the squared error of standardised values, for which `correct` is 0. */
export interface SequenceStepReport extends StageReport {
  /** Elements of the step: windows * positions a window. */
  readonly positions: number;
}

/** Outputs of windows, [position][row][stride]: logits of symbols, or standardised values. */
export interface SequenceOutputs {
  readonly view: Float32Array;
  /** Floats a row; those past the outputs mean nothing. */
  readonly stride: number;
}

/** A learning rule for sequences with its net, as the trainer knows it. */
export interface SequenceLearner {
  readonly team: Team;
  /** Positions a window. */
  readonly window: number;
  /** Most windows at once. */
  readonly maxRows: number;
  readonly optimiser: AdamW;
  /** Puts the windows that begin at starts[from .. from + count) into the net's memory. */
  load(set: SequenceSet, starts: Int32Array, from: number, count: number): void;
  /** One update from the loaded windows. Throws a `training` error when the loss stops being finite. */
  step(learningRates: LearningRates): SequenceStepReport;
  /** Outputs of the loaded windows without learning; valid until the next call. */
  predict(): SequenceOutputs;
  /** Everything learned as named tensors (weights [out][in]), with AdamW's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot>;
}

// What a trainer and the commands know of an autoencoder, whatever its rule and whether it spikes.

/** Losses are means over images. `correct` is 0; the last stage loss is the top's: the mean squared error of perception's drawing, in normalised pixels, times its weight. */
export interface AutoencoderReport extends StageReport {
  /** Share of neurons in each hidden stage of perception that did not fire once in the batch; empty for nets that do not spike. */
  readonly dead: readonly number[];
  /** Images of the batch. */
  readonly images: number;
}

/** The latent of a net that spikes: what a sampler draws from. */
export interface LatentAccess {
  /** Neurons of the latent. */
  readonly neurons: number;
  /** T. */
  readonly steps: number;
  /** Spikes (0 or 1) of a network's latent for the loaded images, [image][step][neuron]; a new array. Throws a `usage` error for more images than the learner's `maxImages`. */
  encode(images: number, by: Network): Uint8Array;
  /**
   * Images drawn from latent spikes laid out as `encode`'s, [image][stimulusWidth] normalised pixels; valid until the next call. An image's bytes do not depend on those beside it.
   *
   * @throws BispikeError "usage" for more images than the learner's `maxImages`, "shape" for another number of spikes
   */
  decode(spikes: Uint8Array, images: number, by: Network): Float32Array;
}

/** A learning rule for autoencoders, as the trainer knows it. */
export interface AutoencoderLearner {
  readonly team: Team;
  /** Largest batch. */
  readonly maxImages: number;
  readonly optimiser: AdamW;
  /** Where the images of a batch are put, [image][stimulusWidth]: normalised pixels, channels last. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a row, whole tiles; those past the image stay 0. */
  readonly stimulusWidth: number;
  /** Which networks reconstruct images: both for BSD, perception alone for rules that train one. */
  readonly reconstructors: readonly Network[];
  /** One update from the loaded images. Throws a `training` error when a loss stops being finite, a `usage` error for none or more than `maxImages`. */
  step(images: number, learningRates: LearningRates): AutoencoderReport;
  /** The loaded images as a network draws them without learning, [image][stimulusWidth] normalised pixels; valid until the next call. Throws a `usage` error for more than `maxImages`. */
  reconstruct(images: number, by: Network): Float32Array;
  /** Absent where the latent does not spike. */
  readonly latent?: LatentAccess;
  /** Everything learned as named tensors, with AdamW's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot>;
}
