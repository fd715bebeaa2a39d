/**
 * Configurations of every kind of experiment, told apart by the key `task`:
 *
 *   none                                     images to concepts
 *   next-character, regression, forecast     sequences
 *   autoencode                               images to themselves
 */
import { BispikeError } from "../errors.ts";
import { type AutoencoderConfig, completeAutoencoderConfig } from "./autoencoder/config.ts";
import { AUTOENCODE, autoencoderSchema } from "./autoencoder/config-schema.ts";
import { completeConfig, type ExperimentConfig } from "./config.ts";
import { keysOf, listKeysOf } from "./config-fields.ts";
import { applyOverrides, keysToldBy, leavesOf } from "./config-overrides.ts";
import { copyRaw, isSection, type RawSection, type RawValue } from "./config-raw.ts";
import { experimentSchema } from "./config-schema.ts";
import { describeValue } from "./config-words.ts";
import { completeSequenceConfig, type SequenceConfig } from "./sequence/config.ts";
import { sequenceSchema, TASKS } from "./sequence/config-schema.ts";
import { assertImageKeys } from "./task-hint.ts";

/** A checked configuration of any kind of experiment. */
export type AnyConfig = ExperimentConfig | SequenceConfig | AutoencoderConfig;

/** The kinds of experiments. */
export type ExperimentKind = "images" | "sequences" | "autoencoder";

/** Every value the key `task` may have. */
const KNOWN_TASKS: readonly string[] = [...TASKS, AUTOENCODE];

/**
 * What kind of experiment a configuration describes.
 *
 * @example
 * experimentKind(resolveAnyConfig({ task: "autoencode", data: { name: "mnist" } })); // "autoencoder"
 */
export function experimentKind(config: AnyConfig): ExperimentKind {
  if (!("task" in config)) return "images";
  return config.task === AUTOENCODE ? "autoencoder" : "sequences";
}

/** Whether a configuration is a sequence experiment's. */
export function isSequenceConfig(config: AnyConfig): config is SequenceConfig {
  return experimentKind(config) === "sequences";
}

/** Whether a configuration is an autoencoder experiment's. */
export function isAutoencoderConfig(config: AnyConfig): config is AutoencoderConfig {
  return experimentKind(config) === "autoencoder";
}

/**
 * As `resolveConfig`, `resolveSequenceConfig` or `resolveAutoencoderConfig`, whichever fits.
 *
 * @throws BispikeError "config" for a task that is none, else "config" or "usage" as those do
 * @example
 * const config = resolveAnyConfig({ task: "next-character", data: { text: "alice" } });
 * if (isSequenceConfig(config)) config.data.window; // 32
 */
export function resolveAnyConfig(raw: unknown, overrides: readonly string[] = [], source?: string): AnyConfig {
  const given = applyOverrides(copyRaw(raw, source), overrides, source);
  if (isSection(raw as RawValue)) assertOfTask(copyRaw(raw, source), given.task, source);
  return completeAnyConfig(given, source, keysToldBy(overrides));
}

const OF = { images: "on images", sequences: "on sequences", autoencoder: "of autoencoders" } as const;
const KINDS = {
  images: { schema: experimentSchema, example: "mnist-mlp" },
  sequences: { schema: sequenceSchema, example: "alice" },
  autoencoder: { schema: autoencoderSchema, example: "mnist-autoencoder" },
} as const;

/** Undefined for a task that is none. */
function kindOf(task: RawValue | undefined): ExperimentKind | undefined {
  if (task === undefined) return "images";
  if (task === AUTOENCODE) return "autoencoder";
  return typeof task === "string" && KNOWN_TASKS.includes(task) ? "sequences" : undefined;
}

/**
 * Of a file of one kind and a task of another, every key would be complained about, with guesses that lead nowhere: this says what they have in common.
 *
 * @param file the configuration before overrides
 * @throws BispikeError "config" where an override chose a task that the file's keys are not of
 */
function assertOfTask(file: RawSection, task: RawValue | undefined, source: string | undefined): void {
  const [own, chosen] = [kindOf(file.task), kindOf(task)];
  if (own === undefined || chosen === undefined || own === chosen) return;
  const [known, kept] = [KINDS[chosen].schema, KINDS[own].schema].map((schema) => new Set(keysOf(schema)));
  const foreign = leavesOf("", file).filter((key) => kept!.has(key) && !known!.has(key));
  if (foreign.length === 0) return;
  const shown = foreign.slice(0, 3).join(", ") + (foreign.length > 3 ? ", ..." : "");
  throw new BispikeError(
    "config",
    `--task ${task}: ${source ?? "the configuration"} is an experiment ${OF[own]}, whose keys (${shown}) do not fit task ${task}; start from another file, such as experiments/${KINDS[chosen].example}.yaml`,
  );
}

/**
 * As `resolveAnyConfig`, of a raw configuration that overrides have been applied to.
 *
 * @param told keys that a command line set
 */
export function completeAnyConfig(given: RawSection, source?: string, told: readonly string[] = []): AnyConfig {
  const prefix = source === undefined ? "" : `${source}: `;
  if (given.compare !== undefined)
    throw new BispikeError("config", `${prefix}compare: this section is for bispike compare; one run has no use of it`);
  if (given.sweep !== undefined)
    throw new BispikeError(
      "config",
      `${prefix}sweep: this section is for bispike sweep plan; one run has no use of it`,
    );
  const { task } = given;
  if (task === undefined) {
    assertImageKeys(given, prefix, told);
    return completeConfig(given, source, told);
  }
  if (task === AUTOENCODE) return completeAutoencoderConfig(given, source, told);
  if (typeof task === "string" && KNOWN_TASKS.includes(task)) return completeSequenceConfig(given, source, told);
  throw new BispikeError(
    "config",
    `${told.includes("task") ? "--" : prefix}task: expected one of ${KNOWN_TASKS.join(", ")}, or no task for an image experiment, got ${describeValue(task)}`,
  );
}

/** Dotted names of the keys of any kind of experiment, sections included, each once. */
export function knownKeys(): string[] {
  return [...new Set([experimentSchema, sequenceSchema, autoencoderSchema].flatMap((schema) => keysOf(schema)))];
}

/** Dotted names of the keys whose value is a list, in any kind of experiment. */
export function listKeys(): ReadonlySet<string> {
  return new Set([experimentSchema, sequenceSchema, autoencoderSchema].flatMap((schema) => listKeysOf(schema)));
}
