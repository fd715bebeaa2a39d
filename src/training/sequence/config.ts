/**
 * The configuration of a sequence experiment, told from an image experiment's by its key `task`: what its fields mean, their defaults, and how a
 * raw object becomes a checked one. Unknown keys are errors; nothing is coerced. Runs in the browser too.
 */
import type { Delimiter } from "../../data/sequence/delimited.ts";
import type { Fill } from "../../data/sequence/gaps.ts";
import type { Standardise } from "../../data/sequence/standardise.ts";
import type { Newline } from "../../data/sequence/text.ts";
import type { SequenceBsdOptions } from "../../learning/sequence/bsd.ts";
import type { SequenceNetworkOptions } from "../../network/recurrent/sequence-pair.ts";
import { defaults as imageDefaults, type TrainConfig } from "../config.ts";
import { checkConfig } from "../config-check.ts";
import { applyOverrides, keysToldBy } from "../config-overrides.ts";
import { copyRaw, joinName, lastName, type RawSection, sectionOf, withDefaults } from "../config-raw.ts";
import { impossible } from "./config-rules.ts";
import { type REAL_RULES, type SPIKING_RULES, sequenceSchema } from "./config-schema.ts";

/** What is learned at every position: the next character of a text, or values of a series at the same or a later time. */
export type Task = "next-character" | "regression" | "forecast";

/** The text or series, its parts and windows. Exactly one of `text` and `series` is there, as the task needs. */
export interface SequenceDataConfig {
  /** next-character: a known text (alice, hamlet, emma) or the path of a UTF-8 text. No default. */
  readonly text?: string;
  /** regression, forecast: path of a series (.csv, .tsv, .txt, .npy, .npz, .h5; text also with .gz). No default. */
  readonly series?: string;
  /** Series: names or places of the target columns. Default: the last column. */
  readonly targets?: readonly (string | number)[];
  /** Series: names or places of the columns to use. Default: all. */
  readonly columns?: readonly (string | number)[];
  /** forecast: rows ahead. Default 1. */
  readonly horizon?: number;
  /** Positions a window. Default 32. */
  readonly window: number;
  /** Positions from one training window's start to the next. Default: the window for text (no overlap), 1 for a series. */
  readonly stride: number;
  /** Fraction of the elements, the first ones, to train on and hold out; the rest is tested. Default 0.8. */
  readonly trainPart: number;
  /** Fraction of those, their last ones, kept aside for every choice; 0 for none. Default 0.1. */
  readonly heldOut: number;
  /** Use only the first so many elements; 0 = all. Default 0. */
  readonly limit: number;
  /** Series: mean and deviation of the rows trained on, or of all, which leaks the test part's. Default train. */
  readonly standardise?: Standardise;
  /** Series: what to do about missing values. Default error. */
  readonly fill?: Fill;
  /** Series: a number that stands for a missing value. No default. */
  readonly missing?: number;
  /** Text: line ends as they are, or all as LF. Default keep. */
  readonly newline?: Newline;
  /** Tables: what stands between cells. Default: found out. */
  readonly delimiter?: Delimiter;
  /** Tables: whether the first line holds names. Default: found out. */
  readonly header?: boolean;
  /** Tables: the column of the rows' times, false for none. Default: found out. */
  readonly timeColumn?: string | number | false;
  /** .npz, .h5: name of the array or table. Default: found out. */
  readonly key?: string;
  /** Arrays [time][node][feature]: the feature to use. Default 0. */
  readonly feature?: number;
}

/**
 * The recurrent net. Rules bsd and backprop train a spiking one, the others one of real-valued tanh neurons, which has no steps, norm, tau, threshold,
 * recall or population code.
 */
export type SequenceNetworkConfig = SequenceNetworkOptions;

export type RuleName = (typeof SPIKING_RULES)[number] | (typeof REAL_RULES)[number];

/**
 * The learning rule and the options of all of them, so that one experiment can be run under each by `--rule.name`; a rule passes over the others'.
 *
 *     bsd                Bidirectional Spike-Based Distillation        backprop-real      backprop through time, tanh neurons
 *     backprop           surrogate gradients through time              predictive-coding  temporal predictive coding
 *                                                                      dll                Dendritic Localized Learning
 *
 * bsd: `recallFeatures` (default rate), `centred` (true), `loss` (infonce), `negatives` (masked for characters, literal for values), `block` (64 rows), `temperature` (0.1),
 * `affinity` (cosines), `lambda` (2), `weight` (1), `stimulusWeight` (1), `homeostasis` (weight 0, rate 0.1).
 */
export interface SequenceRuleConfig extends Required<SequenceBsdOptions> {
  /** Default bsd. */
  readonly name: RuleName;
  /** predictive-coding: steps of inference a position. Default 100. */
  readonly inferenceSteps: number;
  /** predictive-coding: rate of each of them. Default 0.1. */
  readonly inferenceRate: number;
  /** predictive-coding: what a position passes on to the next, its value as predicted (default) or after inference. */
  readonly carry: "predicted" | "inferred";
  /** dll: the feedback weights' learning rate over the others'. Default 0.1. */
  readonly feedbackRate: number;
  /** dll: largest size of an error. Default 50. */
  readonly errorLimit: number;
  /** dll: whether errors also come from the next position. Default false. */
  readonly temporalFeedback: boolean;
}

/** A checked configuration with every default filled in. */
export interface SequenceConfig {
  /** Names the run folder. Default `<text or series>-<rule>`, such as alice-bsd. */
  readonly name: string;
  readonly task: Task;
  readonly data: SequenceDataConfig;
  /** Defaults: hidden [324], norm true, tau 2, steps 4, threshold 0.6 in both networks, recurrentRecall true, and 24 neurons over 2.5 standard deviations to either side for a value (`population`). */
  readonly network: SequenceNetworkConfig;
  readonly rule: SequenceRuleConfig;
  /** As for images; an epoch is a pass over the training windows (default 15), `batch` counts windows (default 64). */
  readonly train: TrainConfig;
}

const dataDefaults = { window: 32, trainPart: 0.8, heldOut: 0.1, limit: 0 } as const;

/** Defaults of all tasks; those of the data and of `rule.negatives` depend on the task. */
export const sequenceConfigDefaults = {
  network: {
    hidden: [324],
    steps: 4,
    norm: true,
    tau: 2,
    threshold: { perception: 0.6, recall: 0.6 },
    recurrentRecall: true,
    population: { size: 24, range: 2.5 },
  },
  rule: {
    name: "bsd",
    recallFeatures: "rate",
    centred: true,
    loss: "infonce",
    block: 64,
    temperature: 0.1,
    affinity: "cosines",
    lambda: 2,
    weight: 1,
    stimulusWeight: 1,
    homeostasis: { weight: 0, rate: 0.1 },
    inferenceSteps: 100,
    inferenceRate: 0.1,
    carry: "predicted",
    feedbackRate: 0.1,
    errorLimit: 50,
    temporalFeedback: false,
  },
  train: { ...imageDefaults.train, epochs: 15, batch: 64 },
} as const;

/** Defaults of a task's data. */
function dataDefaultsOf(task: unknown, given: RawSection): object {
  const stride = typeof given.window === "number" ? given.window : dataDefaults.window;
  if (task === "next-character") return { ...dataDefaults, stride, newline: "keep" };
  const series = { ...dataDefaults, stride: 1, standardise: "train", fill: "error" };
  return task === "forecast" ? { ...series, horizon: 1 } : series;
}

/**
 * Check a raw configuration of a sequence experiment, apply overrides and fill in the defaults.
 *
 * @param raw an object shaped like `SequenceConfig` with any field but `task` and the data left out
 * @param overrides strings `--section.key=value`, as for `resolveConfig`
 * @param source where `raw` came from, put in front of every error message
 * @throws BispikeError "config", "usage": as `resolveConfig`
 * @example
 * const config = resolveSequenceConfig({ task: "next-character", data: { text: "alice" } });
 * config.name; // "alice-bsd"
 */
export function resolveSequenceConfig(
  raw: unknown,
  overrides: readonly string[] = [],
  source?: string,
): SequenceConfig {
  return completeSequenceConfig(applyOverrides(copyRaw(raw, source), overrides, source), source, keysToldBy(overrides));
}

/** Fills in a sequence experiment's defaults and checks it; overrides have been applied, and `told` are the keys they set. */
export function completeSequenceConfig(
  given: RawSection,
  source?: string,
  told: readonly string[] = [],
): SequenceConfig {
  const { task } = given;
  const { network, rule, train } = sequenceConfigDefaults;
  const negatives = task === "next-character" ? "masked" : "literal";
  const data = dataDefaultsOf(task, sectionOf(given, "data"));
  const filled = withDefaults(given, { data, network, rule: { ...rule, negatives }, train });
  const { text, series } = sectionOf(filled, "data");
  const file = lastName(text ?? series).replace(/(\.gz)$/i, "");
  filled.name ??= joinName(file.replace(/(.)\.[^.]+$/, "$1"), String(sectionOf(filled, "rule").name));
  return checkConfig({ schema: sequenceSchema, impossible }, filled, source, told);
}
