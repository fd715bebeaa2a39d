/** Override strings of a command line, put into a raw configuration. Apart from `config-raw.ts` because they are YAML, which a page that has no command line need not load. */
import { BispikeError } from "../errors.ts";
import { clip, copyValue, describeValue, isSection, type RawSection, type RawValue, refused } from "./config-raw.ts";

import { readYaml, YamlFault } from "./config-yaml.ts";

/**
 * Put override strings (`--train.epochs=3`) into a raw configuration, in order. A section given whole
 * (`--rule.homeostasis={weight: 10}`) changes the keys it names and keeps the others.
 */
export function applyOverrides(raw: RawSection, overrides: readonly string[], source?: string): RawSection {
  for (const override of overrides) {
    const { path, value } = parseOverride(override);
    let wrapped: RawValue = value;
    for (const key of path.toReversed()) {
      const outer: RawSection = Object.create(null);
      outer[key] = wrapped;
      wrapped = outer;
    }
    if (isSection(wrapped)) merge(raw, wrapped, "", source);
  }
  return raw;
}

/**
 * Dotted keys that override strings set; of a section given whole, those it names.
 *
 * @example
 * keysToldBy(["--train.epochs=3", "--rule.homeostasis={weight: 10}"]); // ["train.epochs", "rule.homeostasis.weight"]
 */
export function keysToldBy(overrides: readonly string[]): string[] {
  return overrides.flatMap((override) => {
    const { path, value } = parseOverride(override);
    return leavesOf(path.join("."), value);
  });
}

/** Dotted keys of all values below `dotted`; "" for a whole configuration. */
export function leavesOf(dotted: string, value: RawValue): string[] {
  if (!isSection(value)) return [dotted];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(dotted === "" ? key : `${dotted}.${key}`, child));
}

function merge(target: RawSection, changes: RawSection, dotted: string, source: string | undefined): void {
  for (const [key, change] of Object.entries(changes)) {
    const old = target[key];
    if (isSection(old) && isSection(change)) merge(old, change, `${dotted}${key}.`, source);
    else if (old !== undefined && !isSection(old) && isSection(change)) {
      const where = source === undefined ? "" : ` in ${source}`;
      throw new BispikeError(
        "config",
        `cannot set ${dotted}${key}.${Object.keys(change)[0] ?? ""}: ${dotted}${key}${where} is ${describeValue(old)}, not a section`,
      );
    } else target[key] = change;
  }
}

function parseOverride(override: string): { path: string[]; value: RawValue } {
  const match = /^--([^=\s]+)=([\s\S]*)$/.exec(override);
  const dotted = match?.[1];
  const path = dotted?.split(".") ?? [];
  if (dotted === undefined || path.some((key) => key === ""))
    throw new BispikeError(
      "usage",
      `expected an override such as --train.epochs=3, got ${JSON.stringify(clip(override))}`,
    );
  const bad = path.find((key) => refused.has(key));
  if (bad !== undefined) throw new BispikeError("config", `unknown key ${clip(dotted)} (the name ${bad} is refused)`);
  return { path, value: copyValue(parseScalar(match?.[2] ?? "", dotted), dotted, "override: ", path.length) };
}

/** A YAML scalar, list or map on one line. */
function parseScalar(text: string, dotted: string): unknown {
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    throw new BispikeError(
      "config",
      `--${clip(dotted)}: cannot read ${JSON.stringify(clip(text))} as a YAML value (${error.message}); quote text that has special characters`,
      { cause: error },
    );
  }
}
