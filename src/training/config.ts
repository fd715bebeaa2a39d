/**
 * Configurations of the three kinds of experiments: their types, inferred from the tables in `settings/`, and how a raw object becomes a checked one.
 *
 * Every setting has a default except the data; unknown keys are errors; nothing is coerced ("4" is not 4).
 * Reading a file is the job of `config-file.ts`; this file runs in the browser too.
 */
import { BispikeError } from "../errors.ts";
import { applyOverrides, keysToldBy, leavesOf } from "./config-overrides.ts";
import { copyRaw, describeValue, type RawSection } from "./config-raw.ts";
import { impossible } from "./config-rules.ts";
import { asFaults, refuseFaults } from "./faults.ts";
import { chosenOf, faultsOf, fill, type Infer, type Problem } from "./options.ts";
import type { data } from "./settings/data.ts";
import type { network } from "./settings/network.ts";
import type { observe } from "./settings/observe.ts";
import type { rule } from "./settings/rule.ts";
import { type AUTOENCODE, SETTINGS, type Task } from "./settings/settings.ts";
import type { train } from "./settings/train.ts";

export {
  type AnnRuleName,
  type AnyRuleName,
  annRules,
  type ImageRuleName,
  imageRules,
  isAnnRule,
  isSpikingRule,
  type SpikingRuleName,
  spikingRules,
} from "./rule-names.ts";
export { defaultChannels } from "./settings/network.ts";
export type { Task } from "./settings/settings.ts";
export { stdpLearningRate } from "./settings/train.ts";

/** What an image experiment trains on. At least one of `name` and `path` is there. */
export interface ImageDataConfig extends Infer<typeof data.fields, "classify"> {}
/** The pair of networks of an image experiment; rules without spikes (`isAnnRule`) pass over `steps`, `tau` and `threshold`. */
export interface NetworkConfig extends Infer<typeof network.fields, "classify"> {}
/**
 * The learning rule and the options of all of them, so that one experiment can be run under each by `--rule.name`; a rule passes over the others'. The first six work on the same
 * spiking perception, read-out and optimiser:
 *
 *     bsd                        Bidirectional Spike-Based Distillation: two networks, each stage a loss of its own
 *     backprop                   surrogate gradients, perception alone (as all below)
 *     feedback-alignment         backprop through fixed random weights in place of the transposes
 *     direct-feedback-alignment  the top's error to every stage through a fixed random matrix of its own
 *     local-losses               a linear classifier and cross-entropy a stage, no gradient between stages
 *     r-stdp                     spike-timing-dependent plasticity times reward
 *
 * and these on a non-spiking net of the same shapes, by the same optimiser, with cross-entropy at the top:
 *
 *     backprop-ann               backprop
 *     dll                        Dendritic Localized Learning: errors come down by learned weights of their own
 *     predictive-coding          values of all stages settle, then each learns from its own error
 *     ccl                        counter-current learning: a feedback net from the classes down, each stage a loss of its own
 *     bsd-ann                    the stage losses of bsd on units that do not spike, between a net and a feedback net as ccl has them
 */
export interface RuleConfig extends Infer<typeof rule.fields, "classify"> {}
/** Options of rule r-stdp. */
export type StdpConfig = RuleConfig["stdp"];
/** The training loop. */
export interface TrainConfig extends Infer<typeof train.fields, "classify"> {}
/**
 * Observation of training: how each stage's gradient compares with backprop's, how weights up and down align, what the spikes are like. It goes to the run folder's
 * `observations.jsonl` and changes nothing that is learned; the time it takes counts as training time.
 */
export interface ObserveConfig extends Infer<typeof observe.fields, "classify"> {}

/** A checked configuration of an image experiment with every default filled in. */
export interface ExperimentConfig {
  /** Names the run folder: letters, digits, `.`, `_`, `-`. Default `<data set>-<kind>`, such as mnist-mlp, and `-<rule>` for other rules than bsd. */
  readonly name: string;
  readonly data: ImageDataConfig;
  readonly network: NetworkConfig;
  readonly rule: RuleConfig;
  readonly train: TrainConfig;
  readonly observe: ObserveConfig;
}

/** The text or series, its parts and windows. Exactly one of `text` and `series` is there, as the task needs. */
export interface SequenceDataConfig extends Infer<typeof data.fields, "sequence"> {}
/** The recurrent net. Rules bsd and backprop train a spiking one, the others one of tanh neurons, of which `hidden` alone is read. */
export interface SequenceNetworkConfig extends Infer<typeof network.fields, "sequence"> {}
/**
 * The learning rule and the options of all of them; a rule passes over the others'.
 *
 *     bsd                Bidirectional Spike-Based Distillation        backprop-ann       backprop through time, tanh neurons
 *     backprop           surrogate gradients through time              predictive-coding  temporal predictive coding
 *                                                                      dll                Dendritic Localized Learning
 */
export interface SequenceRuleConfig extends Infer<typeof rule.fields, "sequence"> {}

/** A checked configuration of a sequence experiment with every default filled in. */
export interface SequenceConfig {
  /** Names the run folder. Default `<text or series>-<rule>`, such as alice-bsd. */
  readonly name: string;
  readonly task: Task;
  readonly data: SequenceDataConfig;
  readonly network: SequenceNetworkConfig;
  readonly rule: SequenceRuleConfig;
  /** As for images; an epoch is a pass over the training windows, `batch` counts windows. */
  readonly train: TrainConfig;
}

/** Images without labels. At least one of `name` and `path` is there. */
export interface DataConfig extends Infer<typeof data.fields, "autoencode"> {}
/** Two autoencoders of the same stages, from an image over the latent stage to the image. */
export interface AutoencoderNetworkConfig extends Infer<typeof network.fields, "autoencode"> {}
/**
 * The learning rule and the options of all of them; a rule passes over the others'.
 *
 *     bsd             Bidirectional Spike-Based Distillation: two networks, each stage a loss of its own
 *     backprop        surrogate gradients through the same spiking net, perception alone
 *     backprop-ann    backprop through a net of non-spiking neurons of the same stages
 */
export interface AutoencoderRuleConfig extends Infer<typeof rule.fields, "autoencode"> {}
/** How the stages' losses are split by spatial frequency (of a flat stage: by frequency along its neurons). */
export type FrequencyConfig = AutoencoderRuleConfig["frequency"];

/** A checked configuration of an autoencoder experiment with every default filled in. */
export interface AutoencoderConfig {
  /** Names the run folder. Default `<data set>-autoencoder-<rule>`. */
  readonly name: string;
  readonly task: typeof AUTOENCODE;
  readonly data: DataConfig;
  readonly network: AutoencoderNetworkConfig;
  readonly rule: AutoencoderRuleConfig;
  readonly train: TrainConfig;
}

/** A problem's configuration. */
export interface ConfigOf {
  readonly classify: ExperimentConfig;
  readonly sequence: SequenceConfig;
  readonly autoencode: AutoencoderConfig;
}

/** A problem's defaults, as of no data; those that depend on a choice are of the default one. */
export function defaultsOf<P extends Problem>(problem: P): ConfigOf[P] {
  return fill(SETTINGS, {}, chosenOf(SETTINGS, {}, problem)) as unknown as ConfigOf[P];
}

const { name: _, ...ofImages } = defaultsOf("classify");
/** Every default of an image experiment but the name, which depends on the data; those that depend on a choice (a cnn's `hidden`, r-stdp's learning rate) are of the default one. */
export const defaults: Omit<ExperimentConfig, "name"> = ofImages;

/** Defaults of sequence experiments; those of the data and of `rule.rivals` (masked for characters) depend on the task. */
export const sequenceConfigDefaults: Pick<SequenceConfig, "network" | "rule" | "train"> = (() => {
  const { network, rule, train } = defaultsOf("sequence");
  return { network, rule, train };
})();

/** Every default of an autoencoder experiment but the name; `hidden` is that of a cnn. */
export const autoencoderDefaults: Omit<AutoencoderConfig, "name" | "task"> = (() => {
  const { data, network, rule, train } = defaultsOf("autoencode");
  return { data, network, rule, train };
})();

/**
 * Fills in a problem's defaults and checks the configuration.
 *
 * @param given a raw configuration that overrides have been applied to
 * @param source where it came from, for messages
 * @param told keys that a command line set
 * @throws BispikeError "config", one line a fault
 */
export function complete<P extends Problem>(
  problem: P,
  given: RawSection,
  source?: string,
  told: readonly string[] = [],
): ConfigOf[P] {
  const filled = fill(SETTINGS, given, chosenOf(SETTINGS, given, problem));
  refuseFaults(faultsOf(SETTINGS, filled, problem), source, told);
  const config = filled as unknown as ConfigOf[P];
  refuseFaults(asFaults(impossible[problem](config)), source, told);
  return config;
}

/**
 * Check a raw configuration (parsed YAML, JSON or an object literal), apply overrides and fill in the defaults.
 *
 * @param raw an object shaped like `ExperimentConfig` with any field left out
 * @param overrides strings `--section.key=value`; the value is read as YAML (`--network.hidden=[64, 32]`); the last one wins
 * @param source where `raw` came from (a file name), put in front of every error message
 * @returns a new object; `raw` is left alone
 * @throws BispikeError "config": unknown key (with the nearest known one), wrong type or range, impossible combination;
 *   "usage": an override that is not of the form `--key=value`
 * @example
 * const config = resolveConfig({ data: { name: "mnist" } }, ["--train.epochs=1"]);
 * config.name; // "mnist-mlp"
 */
export function resolveConfig(raw: unknown, overrides: readonly string[] = [], source?: string): ExperimentConfig {
  const given = applyOverrides(copyRaw(raw, source), overrides, source);
  const told = keysToldBy(overrides);
  // Whoever adds the task must not be refused for it.
  assertImageKeys(given, source === undefined ? "" : `${source}: `, told, `, for ${ANY_TASK}`);
  return completeImages(given, source, told);
}

const ANY_TASK = "resolveAnyConfig of bispike/sequence";

/** As `resolveConfig` without overrides: all that a checkpoint needs, or a page without a command line. */
export function checkedConfig(raw: unknown, source?: string): ExperimentConfig {
  return completeImages(copyRaw(raw, source), source);
}

function completeImages(given: RawSection, source?: string, told: readonly string[] = []): ExperimentConfig {
  if (given.task !== undefined)
    throw new BispikeError(
      "config",
      `${source === undefined ? "" : `${source}: `}task: expected none, as of an experiment on images and their classes, got ${describeValue(given.task)}; see ${ANY_TASK}`,
    );
  return complete("classify", given, source, told);
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
  const given = applyOverrides(copyRaw(raw, source), overrides, source);
  return complete("sequence", given, source, keysToldBy(overrides));
}

/**
 * Check a raw configuration of an autoencoder experiment, apply overrides and fill in the defaults.
 *
 * @param raw an object shaped like `AutoencoderConfig` with any field but `task` and the data set left out
 * @param overrides strings `--section.key=value`, as for `resolveConfig`
 * @param source where `raw` came from, put in front of every error message
 * @throws BispikeError "config", "usage": as `resolveConfig`
 * @example
 * const config = resolveAutoencoderConfig({ task: "autoencode", data: { name: "mnist" } }, ["--rule.frequency.on=false"]);
 * config.name; // "mnist-autoencoder-bsd"
 */
export function resolveAutoencoderConfig(
  raw: unknown,
  overrides: readonly string[] = [],
  source?: string,
): AutoencoderConfig {
  const given = applyOverrides(copyRaw(raw, source), overrides, source);
  return complete("autoencode", given, source, keysToldBy(overrides));
}

/** Keys that say as much as a task does, with the task that would go with them. */
const TELLING = [
  ["data.text", "next-character"],
  ["data.series", "regression or forecast"],
  ["network.latent", "autoencode"],
] as const;

/**
 * Without a task an experiment is one on images, and every key of another kind would be wrong: the task is what was forgotten.
 *
 * @param told keys that a command line set
 * @param more what else is to be done
 * @throws BispikeError "config"
 */
export function assertImageKeys(given: RawSection, prefix: string, told: readonly string[], more = ""): void {
  if (given.task !== undefined) return;
  const keys = leavesOf("", given);
  const found = TELLING.find(([key]) => keys.includes(key));
  if (!found) return;
  const [key, task] = found;
  const [where, what] = told.includes(key) ? ["--", "--task"] : [prefix, "task:"];
  throw new BispikeError(
    "config",
    `${where}${key}: expected a task beside it, got none, which makes this an experiment on images; add ${what} ${task}${more}`,
  );
}
