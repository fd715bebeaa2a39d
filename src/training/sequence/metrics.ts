/** The lines of a sequence run's `metrics.jsonl`. */
import type { StepFigures } from "../metrics.ts";

/** What is written of a step on a sequence. */
export interface SequenceStepMetrics extends StepFigures {
  /** Over this session. */
  readonly positionsPerSecond: number;
}

interface EpochFigures {
  readonly kind: "epoch";
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Optimiser steps done. */
  readonly step: number;
  /** Mean over the epoch's positions of the sum of all stages' losses. */
  readonly trainLoss: number;
  /** Firing rates of perception's hidden stages on the held-out part, in evaluation, spikes a neuron and step; empty for nets that do not spike. */
  readonly rates: readonly number[];
  /** What is wrong with the firing, worded for a person; mostly empty. */
  readonly warnings: readonly string[];
  /** Seconds of training so far. */
  readonly seconds: number;
}

/** Held-out figures are null where nothing is held out. */
export interface CharacterEpochMetrics extends EpochFigures {
  /** Share of right next characters, 0..1. */
  readonly heldOutAccuracy: number | null;
  /** Bits a character. */
  readonly heldOutBits: number | null;
  /** Share of right next characters while training, 0..1. */
  readonly trainAccuracy: number;
  /** Bits a character while training. */
  readonly trainBits: number;
}

/** Errors are in standardised units; held-out figures are null where nothing is held out. */
export interface ValueEpochMetrics extends EpochFigures {
  /** Mean squared error on the held-out part. */
  readonly heldOutMse: number | null;
  /** Mean absolute error there. */
  readonly heldOutMae: number | null;
  /** Mean squared error while training. */
  readonly trainMse: number;
}

/** What is written of an epoch on a sequence. */
export type SequenceEpochMetrics = CharacterEpochMetrics | ValueEpochMetrics;
/** A line of a sequence experiment's metrics. */
export type SequenceMetricLine = SequenceStepMetrics | SequenceEpochMetrics;
