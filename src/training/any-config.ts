/** Configurations of either kind of experiment: one with the key `task` is a sequence experiment, any other one of images. */
import { BispikeError } from "../errors.ts";
import { completeConfig, type ExperimentConfig } from "./config.ts";
import { listKeysOf } from "./config-fields.ts";
import { applyOverrides, copyRaw } from "./config-raw.ts";
import { experimentSchema } from "./config-schema.ts";
import { completeSequenceConfig, type SequenceConfig } from "./sequence/config.ts";
import { sequenceSchema } from "./sequence/config-schema.ts";

export type AnyConfig = ExperimentConfig | SequenceConfig;

/** Whether a configuration is a sequence experiment's. */
export function isSequenceConfig(config: AnyConfig): config is SequenceConfig {
  return "task" in config;
}

/**
 * As `resolveConfig` and `resolveSequenceConfig`, whichever fits.
 *
 * @throws BispikeError "config" or "usage", as those do
 */
export function resolveAnyConfig(raw: unknown, overrides: readonly string[] = [], source?: string): AnyConfig {
  const given = applyOverrides(copyRaw(raw, source), overrides, source);
  if (given.compare !== undefined) {
    const where = source === undefined ? "" : `${source}: `;
    throw new BispikeError("config", `${where}compare: this section is for bispike compare; one run has no use of it`);
  }
  return given.task === undefined ? completeConfig(given, source) : completeSequenceConfig(given, source);
}

/** Dotted names of the keys whose value is a list, in any kind of experiment. */
export function listKeys(): ReadonlySet<string> {
  return new Set([experimentSchema, sequenceSchema].flatMap((schema) => listKeysOf(schema)));
}
