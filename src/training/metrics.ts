/** The lines of `metrics.jsonl`, and the health warnings drawn from them. */

import { BispikeError } from "../errors.ts";
import type { AutoencodeKind } from "../problems/autoencode.ts";
import type { ClassifyKind } from "../problems/classify.ts";
import type { SequenceKind } from "../problems/sequence.ts";

/** After some steps: that step's own figures. */
export interface StepLine {
  readonly kind: "step";
  /** Optimiser steps done, from 1. */
  readonly step: number;
  /** Epoch under way, from 1. */
  readonly epoch: number;
  /** Sum of all stages' losses, a mean over the batch. */
  readonly loss: number;
  /** Losses of stages 1..L-1; 0 where a stage has none of its own. */
  readonly stageLosses: readonly number[];
  /** Loss of stage L. */
  readonly topLoss: number;
  /** Firing rates of perception's hidden stages 2..L-1, spikes a neuron and step; empty for nets that do not spike. */
  readonly perceptionRates: readonly number[];
  /** The same of recall's; empty where there is none. */
  readonly recallRates: readonly number[];
  /** Perception's. */
  readonly learningRate: number;
  /** Seconds of training so far. */
  readonly seconds: number;
}

/** After each epoch; the problem's own figures come beside it. */
export interface EpochLine {
  readonly kind: "epoch";
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Optimiser steps done. */
  readonly step: number;
  /** What is wrong with the firing, worded for a person; mostly empty. */
  readonly warnings: readonly string[];
  /** Seconds of training so far. */
  readonly seconds: number;
}

/** Lines of images in classes; throughput is over this session. */
export type StepMetrics = StepLine & ClassifyKind["speed"];
/** An epoch of images in classes, with the figures of the problem `classify`. */
export type EpochMetrics = EpochLine & ClassifyKind["figures"];
/** A line of images in classes. */
export type MetricLine = StepMetrics | EpochMetrics;
/** Lines of a text or series. */
export type SequenceStepMetrics = StepLine & SequenceKind["speed"];
/** An epoch of a text or series. */
export type SequenceEpochMetrics = EpochLine & SequenceKind["figures"];
/** A line of a text or series. */
export type SequenceMetricLine = SequenceStepMetrics | SequenceEpochMetrics;
/** Lines of an autoencoder. */
export type AutoencoderStepMetrics = StepLine & AutoencodeKind["speed"];
/** An epoch of an autoencoder. */
export type AutoencoderEpochMetrics = EpochLine & AutoencodeKind["figures"];
/** A line of an autoencoder. */
export type AutoencoderMetricLine = AutoencoderStepMetrics | AutoencoderEpochMetrics;

/** Share of a stage's neurons that may be silent over a batch before it is reported, and firing rates that are too low or high. */
const MOST_SILENT = 0.5;
const DEAD_RATE = 0.002;
const SATURATED_RATE = 0.8;

/** Settings beside thresholds by which an experiment's neurons can be made to fire more or less; those its rule passes over are no remedy. */
export interface Remedies {
  /** Key of the rivals' weight, which drives features apart; null where the rule has none. */
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
  dead?: readonly number[],
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
    } else if (dead && dead[k]! > MOST_SILENT) {
      warnings.push(
        `${where}: ${percent(dead[k]!)} of the neurons did not fire once in a whole batch; lower ${remedies.lambda === null ? "" : `${remedies.lambda} or `}${threshold}`,
      );
    }
  }
  return warnings;
}

// Lines of any run's `metrics.jsonl`, read anywhere: from files on Node, as they come in a page.

/** A line of any kind of experiment. */
export type AnyMetricLine = MetricLine | SequenceMetricLine | AutoencoderMetricLine;

/**
 * @param where file and line, for error messages
 * @throws BispikeError "checkpoint" when the line is not a step's or an epoch's metrics
 * @example
 * parseMetricLine('{"kind": "step", "step": 1, "epoch": 1, "loss": 0.5}', "metrics.jsonl: line 1").step; // 1
 */
export function parseMetricLine(text: string, where: string): AnyMetricLine {
  let line: Partial<AnyMetricLine> | null = null;
  try {
    line = JSON.parse(text);
  } catch {
    // Reported below, with lines that are JSON and something else.
  }
  if (line?.kind === "step" && Number.isInteger(line.step)) return line as AnyMetricLine;
  if (line?.kind === "epoch" && Number.isInteger(line.step)) return renamed(line) as AnyMetricLine;
  throw new BispikeError("checkpoint", `${where}: expected the metrics of a step or an epoch as JSON`);
}

/** A run of version 1 called the validation part held out: its figures under today's names. Also for summaries. */
export function renamed<T extends object>(figures: T): T {
  const names = Object.entries(figures).map(([name, value]) => [
    name.replace(/^heldOut(?=[A-Z]|$)/, "validation"),
    value,
  ]);
  return Object.fromEntries(names);
}
