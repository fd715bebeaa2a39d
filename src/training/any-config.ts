/**
 * Configurations of every kind of experiment, told apart by the key `task`:
 *
 *   none                                     images to concepts
 *   next-character, regression, forecast     sequences
 *   autoencode                               images to themselves
 */
import { BispikeError } from "../errors.ts";
import {
  type AutoencoderConfig,
  assertImageKeys,
  complete,
  type ExperimentConfig,
  type SequenceConfig,
} from "./config.ts";
import { applyOverrides, keysToldBy, leavesOf } from "./config-overrides.ts";
import { copyRaw, describeValue, isSection, type RawSection, type RawValue } from "./config-raw.ts";
import { keysOf, optionsOf, PROBLEMS, type Problem } from "./options.ts";
import { AUTOENCODE, SETTINGS, TASKS } from "./settings/settings.ts";

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

const OF = { classify: "on images", sequence: "on sequences", autoencode: "of autoencoders" } as const;
const EXAMPLES = { classify: "mnist-mlp", sequence: "alice", autoencode: "mnist-autoencoder" } as const;

/** Undefined for a task that is none. */
function problemOf(task: RawValue | undefined): Problem | undefined {
  if (task === undefined) return "classify";
  if (task === AUTOENCODE) return "autoencode";
  return typeof task === "string" && KNOWN_TASKS.includes(task) ? "sequence" : undefined;
}

/**
 * Of a file of one kind and a task of another, every key would be complained about, with guesses that lead nowhere: this says what they have in common.
 *
 * @param file the configuration before overrides
 * @throws BispikeError "config" where an override chose a task that the file's keys are not of
 */
function assertOfTask(file: RawSection, task: RawValue | undefined, source: string | undefined): void {
  const [own, chosen] = [problemOf(file.task), problemOf(task)];
  if (own === undefined || chosen === undefined || own === chosen) return;
  const [known, kept] = [chosen, own].map((problem) => new Set(keysOf(SETTINGS, problem)));
  const foreign = leavesOf("", file).filter((key) => kept!.has(key) && !known!.has(key));
  if (foreign.length === 0) return;
  const shown = foreign.slice(0, 3).join(", ") + (foreign.length > 3 ? ", ..." : "");
  throw new BispikeError(
    "config",
    `--task ${task}: ${source ?? "the configuration"} is an experiment ${OF[own]}, whose keys (${shown}) do not fit task ${task}; start from another file, such as experiments/${EXAMPLES[chosen]}.yaml`,
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
  if (task === undefined) assertImageKeys(given, prefix, told);
  const problem = problemOf(task);
  if (problem !== undefined) return complete(problem, given, source, told);
  throw new BispikeError(
    "config",
    `${told.includes("task") ? "--" : prefix}task: expected one of ${KNOWN_TASKS.join(", ")}, or no task for an image experiment, got ${describeValue(task)}`,
  );
}

/** Dotted names of the keys of any kind of experiment, sections included, each once. */
export function knownKeys(): string[] {
  return [...new Set(PROBLEMS.flatMap((problem) => keysOf(SETTINGS, problem)))];
}

/** Dotted names of the keys whose value is a list, in any kind of experiment. */
export function listKeys(): ReadonlySet<string> {
  return new Set(Array.from(optionsOf(SETTINGS)).flatMap(([key, { each }]) => (each ? [key] : [])));
}
