/** Configurations of either kind of experiment: one with the key `task` is a sequence experiment, any other one of images. */
import { completeConfig, type ExperimentConfig } from "./config.ts";
import { applyOverrides, copyRaw } from "./config-raw.ts";
import { completeSequenceConfig, type SequenceConfig } from "./sequence/config.ts";

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
  return given.task === undefined ? completeConfig(given, source) : completeSequenceConfig(given, source);
}
