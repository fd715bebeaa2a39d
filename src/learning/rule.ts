/** What the trainer knows of a learning rule. A rule decides which gradients exist and which weights move; the trainer knows neither. */
import { BispikeError } from "../errors.ts";
import { assertRows } from "../network/rows.ts";
import type { Slot, Stateful } from "../network/slots.ts";
import type { AdamW } from "./optimiser.ts";

/** A batch whose stimulus rows and image ids are already in the pair's memory. */
export interface Batch {
  /** Class of each loaded image, from 0. */
  readonly labels: Uint16Array;
  /** Numbers the batch over the whole training; keys random stimulus codes. */
  readonly counter: number;
}

/** Learning rates of this step. */
export interface Rates {
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
  readonly silent: readonly number[];
  /** Images of the batch. */
  readonly images: number;
}

/** A learning rule for images, as the trainer knows it. */
export interface Rule extends Stateful {
  readonly optimiser: AdamW;
  /** One training step. Throws a `training` error that names the stage when a loss stops being finite, a `usage` error for a batch that does not fit. */
  step(batch: Batch, rates: Rates): StepReport;
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
