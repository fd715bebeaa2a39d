/** The configuration as YAML text, both ways. Runs in the browser too. */

import { stringify } from "yaml";
import { BispikeError } from "../errors.ts";
import { type AnyConfig, resolveAnyConfig } from "./any-config.ts";
import { type ExperimentConfig, resolveConfig } from "./config.ts";
import { readYaml, YamlFault } from "./config-yaml.ts";

/** Largest configuration text read, in characters. */
const longestText = 1_000_000;

/**
 * Read a configuration from YAML text.
 *
 * @param source name of the text for error messages
 * @throws BispikeError "config": not YAML (with line and column), or refused by `resolveConfig`
 * @example
 * parseConfig("data: { name: mnist }", ["--train.epochs=1"], "mnist.yaml").train.epochs; // 1
 */
export function parseConfig(
  text: string,
  overrides: readonly string[] = [],
  source = "configuration",
): ExperimentConfig {
  return resolveConfig(readRaw(text, source), overrides, source);
}

/** As `parseConfig`, for either kind of experiment. */
export function parseAnyConfig(text: string, overrides: readonly string[] = [], source = "configuration"): AnyConfig {
  return resolveAnyConfig(readRaw(text, source), overrides, source);
}

/**
 * YAML text as plain data that nothing was checked of yet.
 *
 * @throws BispikeError "config": too long, or not YAML (with line and column)
 */
export function readRaw(text: string, source: string): unknown {
  if (text.length > longestText)
    throw new BispikeError(
      "config",
      `${source}: expected at most ${longestText} characters of YAML, got ${text.length}`,
    );
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    const where = error.line === undefined ? source : `${source}:${error.line}:${error.column}`;
    throw new BispikeError("config", `${where}: not readable as YAML: ${error.message}`, { cause: error });
  }
}

/**
 * YAML text of a configuration, with every field written out; `readAnyExperiment` of such a file gives an equal one.
 *
 * @example
 * writeFileSync("config.yaml", renderConfig(config));
 */
export function renderConfig(config: AnyConfig): string {
  return stringify(config, { lineWidth: 0, flowCollectionPadding: false, aliasDuplicateObjects: false });
}

// YAML text to plain data, safe on hostile text.
//
// The parser is recursive and slow on some nestings (a few kB of "? ? ? ..." take it minutes, deep brackets can abort the
// process), so its linear-time lexer looks at the text first and anything no configuration needs is refused.
