/** The lines of a sequence run's `metrics.jsonl`. */
import type { StepFigures } from "../metrics.ts";

/** What is written of a step on a sequence. */
export interface SequenceStepMetrics extends StepFigures {
  readonly positionsPerSecond: number;
}

interface EpochFigures {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly step: number;
  /** Mean over the epoch's positions of the sum of all stages' losses. */
  readonly trainLoss: number;
  /** Firing rates on the held-out part, in evaluation. */
  readonly rates: readonly number[];
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** Held-out figures are null where nothing is held out. */
export interface CharacterEpochMetrics extends EpochFigures {
  /** Share of right next characters, 0..1. */
  readonly heldOutAccuracy: number | null;
  /** Bits a character. */
  readonly heldOutBits: number | null;
  readonly trainAccuracy: number;
  readonly trainBits: number;
}

/** In standardised units. */
export interface ValueEpochMetrics extends EpochFigures {
  readonly heldOutMse: number | null;
  readonly heldOutMae: number | null;
  readonly trainMse: number;
}

/** What is written of an epoch on a sequence. */
export type SequenceEpochMetrics = CharacterEpochMetrics | ValueEpochMetrics;
/** A line of a sequence experiment's metrics. */
export type SequenceMetricLine = SequenceStepMetrics | SequenceEpochMetrics;
