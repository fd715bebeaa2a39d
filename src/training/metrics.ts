/** The lines of `metrics.jsonl`, and the health warnings drawn from them. */

/** After some steps: that step's own figures, of images or sequences. */
export interface StepFigures {
  readonly kind: "step";
  /** Optimiser steps done, from 1. */
  readonly step: number;
  /** Epoch under way, from 1. */
  readonly epoch: number;
  readonly loss: number;
  /** Stages 1..L-1. */
  readonly stageLosses: readonly number[];
  readonly topLoss: number;
  /** Spikes a neuron and step, hidden stages 2..L-1. */
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
  readonly learningRate: number;
  /** Seconds of training so far. */
  readonly seconds: number;
}

/** What is written of a step. */
export interface StepMetrics extends StepFigures {
  readonly imagesPerSecond: number;
}

/** After each epoch. */
export interface EpochMetrics {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly step: number;
  /** By the concept's spikes, 0..1; null where nothing is held out. */
  readonly heldOutAccuracy: number | null;
  /** Mean over the epoch's images, as training showed them (`data.augment`) and taught them (`data.labelNoise`). */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly hamming: readonly number[];
  readonly hammingShuffled: readonly number[];
  /** Firing rates on the held-out images, in evaluation. */
  readonly rates: readonly number[];
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** A line of an image experiment's metrics. */
export type MetricLine = StepMetrics | EpochMetrics;

/** Share of a stage's neurons that may be silent over a batch before it is reported, and firing rates that are too low or high. */
const MOST_SILENT = 0.5;
const DEAD_RATE = 0.002;
const SATURATED_RATE = 0.8;

/** Settings beside thresholds by which an experiment's neurons can be made to fire more or less; those its rule passes over are no remedy. */
export interface Remedies {
  /** Key of the negatives' weight, which drives features apart; null where the rule has none. */
  readonly lambda: string | null;
  /** Whether rule.homeostasis does something. */
  readonly homeostasis: boolean;
  /** Whether the norm is off, so that it could be put on. */
  readonly norm: boolean;
}

/**
 * Of any kind of experiment.
 *
 * @example
 * remediesOf(resolveConfig({ data: { name: "mnist" }, rule: { name: "backprop" } })); // { lambda: null, homeostasis: false, norm: false }
 */
export function remediesOf({ rule, network }: RemedyConfig): Remedies {
  const { name, loss, frequency } = rule;
  const isBsd = name === "bsd";
  const lambda = frequency?.on ? "rule.frequency.highLambda" : "rule.lambda";
  return { lambda: isBsd && loss === "reco" ? lambda : null, homeostasis: isBsd, norm: !network.norm };
}

interface RemedyConfig {
  readonly rule: {
    readonly name: string;
    readonly loss?: string;
    /** Autoencoders': whether each band has a lambda of its own. */
    readonly frequency?: { readonly on: boolean };
  };
  readonly network: { readonly norm: boolean };
}

/** What is wrong with the firing of hidden stages, and what can be done about it, worded for a person; empty when all is well. */
export function healthWarnings(
  network: "perception" | "recall",
  rates: readonly number[],
  remedies: Remedies,
  silent?: readonly number[],
): string[] {
  const warnings: string[] = [];
  const threshold = `network.threshold.${network}`;
  for (const [k, rate] of rates.entries()) {
    const where = `${network} stage ${k + 2}`;
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    if (rate < DEAD_RATE) {
      warnings.push(
        `${where} is dead: neurons fire in ${percent(rate)} of the steps; lower ${threshold}${remedies.norm ? ", or set network.norm=true" : ""}`,
      );
    } else if (rate > SATURATED_RATE) {
      warnings.push(
        `${where} is saturated: neurons fire in ${percent(rate)} of the steps; raise ${threshold}${remedies.homeostasis ? " or rule.homeostasis.weight" : ""}`,
      );
    } else if (silent && silent[k]! > MOST_SILENT) {
      warnings.push(
        `${where}: ${percent(silent[k]!)} of the neurons did not fire once in a whole batch; lower ${remedies.lambda === null ? "" : `${remedies.lambda} or `}${threshold}`,
      );
    }
  }
  return warnings;
}
