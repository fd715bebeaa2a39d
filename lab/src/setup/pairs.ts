/**
 * A setup as pairs of a dotted key and text, of what differs from the defaults: what the form's fields, the page's address and the copied command all
 * are made from, and read back by.
 */
import { BispikeError } from "../../../src/errors.ts";
import { checkedConfig, defaults, type ExperimentConfig } from "../../../src/training/config.ts";

/** In the order of a configuration's file; a key that is absent has its default. */
export type Pairs = ReadonlyMap<string, string>;

/** Configuration values as they are written on one line. */
type Leaf = string | number | boolean | readonly number[];

/** Keys that every setup names, whatever the defaults are. */
const ALWAYS: readonly string[] = ["data.name", "data.path", "rule.name"];

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/**
 * What of a configuration differs from the defaults of its rule and kind of net, and always its data and rule.
 *
 * @example
 * pairsOf(checkedConfig({ data: { name: "mnist" }, network: { hidden: [64] } })); // data.name mnist, network.hidden 64, rule.name bsd
 */
export function pairsOf(config: ExperimentConfig): Pairs {
  return new Map(changes(config).map(([key, value]) => [key, Array.isArray(value) ? value.join(",") : String(value)]));
}

/** As `pairsOf`, with values as they are. */
export function changes(config: ExperimentConfig): readonly (readonly [key: string, value: Leaf])[] {
  const { data, network, rule } = config;
  const { name, path } = data;
  const source = { ...(name === undefined ? {} : { name }), ...(path === undefined ? {} : { path }) };
  const plain = checkedConfig({ data: source, network: { kind: network.kind }, rule: { name: rule.name } });
  const usual = new Map(leaves({ ...plain, network: { ...plain.network, kind: defaults.network.kind } }));
  return leaves(config).filter(
    ([key, value]) => ALWAYS.includes(key) || JSON.stringify(value) !== JSON.stringify(usual.get(key)),
  );
}

/** Dotted keys and values, in order. */
function leaves(section: object, prefix = ""): (readonly [string, Leaf])[] {
  return Object.entries(section).flatMap(([key, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? leaves(value as object, `${prefix}${key}.`)
      : [[prefix + key, value as Leaf] as const],
  );
}

/**
 * A raw configuration of pairs, for `checkedConfig`: text that is a number, a flag or a list where one is expected becomes one, all else stays text, for
 * the checker to name.
 *
 * @throws BispikeError "config" for a key that is a section and a value at once
 * @example
 * rawOf(new Map([["network.hidden", "512, 256"]])); // { network: { hidden: [512, 256] } }
 */
export function rawOf(pairs: Pairs): Record<string, unknown> {
  // Without a prototype, so that no key reaches one.
  const raw: Record<string, unknown> = Object.create(null);
  for (const [dotted, text] of pairs) {
    const path = dotted.split(".");
    const last = path.pop()!;
    let section = raw;
    for (const key of path) {
      section[key] ??= Object.create(null);
      if (typeof section[key] !== "object") throw twice(dotted);
      section = section[key] as Record<string, unknown>;
    }
    if (section[last] !== undefined) throw twice(dotted);
    section[last] = readValue(dotted, text);
  }
  return raw;
}

function twice(dotted: string): BispikeError {
  return new BispikeError("config", `${dotted.slice(0, 60)}: expected a value or a section of values, got both`);
}

function readValue(dotted: string, text: string): unknown {
  const usual = TYPES.get(dotted);
  const plain = text.trim();
  if (Array.isArray(usual))
    return plain
      .replace(/^\[(.*)\]$/, "$1")
      .split(",")
      .map(numberOf);
  if (typeof usual === "number") return numberOf(plain);
  if (typeof usual === "boolean") return plain === "true" ? true : plain === "false" ? false : text;
  return text;
}

function numberOf(text: string): number | string {
  const plain = text.trim();
  return NUMBER.test(plain) ? Number(plain) : plain;
}

/** A value of each key that is no text. */
const TYPES: ReadonlyMap<string, Leaf> = new Map(leaves(defaults));
