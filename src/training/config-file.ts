/** Reads an experiment's YAML file. Node only; the text itself is handled by `config-text.ts`. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { BispikeError } from "../errors.ts";
import type { AnyConfig } from "./any-config.ts";
import type { ExperimentConfig } from "./config.ts";
import { parseAnyConfig, parseConfig, readRaw } from "./config-text.ts";

export { renderConfig } from "./config-text.ts";

/** Largest configuration file read: 1 MB. */
const largestFile = 1_000_000;

/**
 * Read, override and check an experiment file.
 *
 * @param path a YAML file of at most 1 MB, UTF-8
 * @param overrides strings `--section.key=value`, as for `resolveConfig`
 * @throws BispikeError "config": no such file, too large, not UTF-8, not YAML (with line and column), or a bad field
 * @example
 * const config = readExperiment("experiments/mnist-mlp.yaml", ["--train.seed=2"]);
 */
export function readExperiment(path: string, overrides: readonly string[] = []): ExperimentConfig {
  return parseConfig(readText(path), overrides, path);
}

/**
 * As `readExperiment`, for any kind of experiment; without the key `task` it is one of images.
 *
 * @throws BispikeError as `readExperiment`
 * @example
 * const config = readAnyExperiment("experiments/alice.yaml");
 * if (isSequenceConfig(config)) config.data.text; // "alice"
 */
export function readAnyExperiment(path: string, overrides: readonly string[] = []): AnyConfig {
  return parseAnyConfig(readText(path), overrides, path);
}

/**
 * The content of an experiment's file, with nothing checked but that it is YAML.
 *
 * @throws BispikeError "config", as `readExperiment` where the file itself is at fault
 */
export function readRawExperiment(path: string): unknown {
  return readRaw(readText(path), path);
}

function readText(path: string): string {
  const bytes = readBounded(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new BispikeError("config", `${path}: expected YAML in UTF-8, got bytes that are not UTF-8 text`, {
      cause: error,
    });
  }
}

function readBounded(path: string): Uint8Array {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const why = code === "ENOENT" ? "no such file" : `cannot be opened (${code})`;
    throw new BispikeError("config", `${path}: ${why}; expected an experiment's YAML file`, { cause: error });
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile())
      throw new BispikeError("config", `${path}: expected an experiment's YAML file, got a folder or device`);
    if (stat.size > largestFile)
      throw new BispikeError("config", `${path}: expected at most ${largestFile} bytes of YAML, got ${stat.size}`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
