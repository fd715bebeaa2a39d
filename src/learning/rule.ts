/** What the trainer knows of a learning rule. A rule decides which gradients exist and which weights move; the trainer knows neither. */
import type { NetworkPair } from "../network/pair.ts";
import type { AdamW } from "./optimiser.ts";

/** A batch whose stimulus rows and image ids are already in the pair's memory. */
export interface Batch {
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
  readonly recallRates: readonly number[];
  /** Right decisions in the batch, by the read-out. */
  readonly correct: number;
}

export interface StepReport extends StageReport {
  /** Share of neurons in each hidden stage of perception that did not fire once in the batch. */
  readonly silent: readonly number[];
  /** Of which `correct` were right. */
  readonly images: number;
}

export interface Rule {
  readonly pair: NetworkPair;
  readonly optimiser: AdamW;
  /** One training step. Throws a `training` error that names the stage when a loss stops being finite. */
  step(batch: Batch, rates: Rates): StepReport;
}
