/** What the training loop knows of an experiment: it neither knows what is learned nor how it is measured. */
import type { LearningRates } from "../rules/rule.ts";
import type { TrainConfig } from "./config.ts";
import type { Observation } from "./observer.ts";

/** The types that belong to a kind of experiment. */
export interface TrainableKind {
  /** What the learning rule tells of a step. */
  readonly report: object;
  /** A step's line of `metrics.jsonl`. */
  readonly step: { readonly kind: "step"; readonly step: number; readonly epoch: number };
  /** An epoch's line of it. */
  readonly epoch: { readonly kind: "epoch"; readonly step: number; readonly epoch: number };
  /** What `last` checkpoints are read as. */
  readonly checkpoint: object;
}

/** Where training stands, apart from what the experiment itself keeps. */
export interface Place {
  /** Optimiser steps done. */
  readonly step: number;
  /** Epoch under way, from 0. */
  readonly epoch: number;
  /** Batches of it done. */
  readonly batch: number;
  /** Best score on the validation part so far and its epoch, from 1; null before the first. */
  readonly best: Best | null;
}

/** The best epoch so far. */
export interface Best {
  /** The higher the better: accuracy, or minus a mean squared error. */
  readonly score: number;
  /** From 1. */
  readonly epoch: number;
}

/** What the loop measured of a step. */
export interface StepMoment {
  /** Optimiser steps done, from 1. */
  readonly step: number;
  /** Epoch under way, from 1. */
  readonly epoch: number;
  /** Perception's. */
  readonly learningRate: number;
  /** Over this session: since training was begun or resumed. */
  readonly batchesPerSecond: number;
  /** Seconds of training so far. */
  readonly seconds: number;
}

/** An experiment as the training loop sees it. */
export interface Trainable<K extends TrainableKind = TrainableKind> {
  /** Tells the type checker the kind; never set. */
  readonly kind?: K;
  /** The section `train` of the configuration. */
  readonly train: TrainConfig;
  /** What an epoch goes through in random order: image indices, or first positions of windows. */
  readonly items: Int32Array;
  /** Optimiser steps an epoch. */
  readonly stepsPerEpoch: number;
  /** Which items of an epoch's order its k-th batch takes. */
  batchAt(k: number): { readonly from: number; readonly count: number };
  /** Optimiser steps of the whole training. */
  readonly totalSteps: number;
  /** One update from order[from .. from + count). `counter` numbers the batch over the whole training. */
  step(order: Int32Array, from: number, count: number, counter: number, learningRates: LearningRates): K["report"];
  /** What was observed of the newest step, in experiments that can be observed; undefined where it was not. */
  readonly observation?: Observation | undefined;
  /** The line of the newest step. */
  stepLine(report: K["report"], moment: StepMoment): K["step"];
  /**
   * Ends an epoch: measures the validation part and forgets the epoch's sums.
   *
   * @param at number of the epoch, from 1, and steps done
   * @param seconds tells the seconds of training when asked
   * @returns the epoch's line, and its score, the higher the better; null where nothing is held out
   */
  endEpoch(
    at: { readonly epoch: number; readonly step: number },
    seconds: () => number,
    pause?: () => Promise<void>,
  ): Promise<{ readonly score: number | null; readonly line: K["epoch"] }>;
  /** Bytes of a checkpoint: `last` has all that is needed to go on, `best` what is needed to use the net. */
  encode(place: Place, which: "last" | "best"): Uint8Array;
  /**
   * Takes up the state of a checkpoint.
   *
   * @throws BispikeError "checkpoint" when it is of another training or does not fit
   */
  restore(checkpoint: K["checkpoint"]): Place;
}

/**
 * The part of the data that a finished run's figures are of:
 *
 *   test       read once, at the end
 *   held-out   the images or positions kept aside of the training part, by which the best epoch is chosen too; the test part is not looked at, so that settings can be tuned
 */
export const judges = ["test", "held-out"] as const;
export type Judge = (typeof judges)[number];
