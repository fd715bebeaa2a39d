/**
 * Setups in the page's address, for people to share and to read: `#data=mnist&rule=bsd&hidden=512,256`, and of a second run what is different there:
 * `&2.rule=backprop`. Keys are those of a configuration's file; the common ones have short names.
 */
import { BispikeError } from "../../../src/errors.ts";
import { checkedConfig, type ExperimentConfig } from "../../../src/training/config.ts";
import { currentKey, fromVersion1 } from "../../../src/training/settings/settings.ts";
import { type Pairs, pairsOf, rawOf } from "./pairs.ts";

/** Short names of keys. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ["data.name", "data"],
  ["rule.name", "rule"],
  ["network.kind", "net"],
  ["network.hidden", "hidden"],
  ["network.steps", "T"],
  ["rule.loss", "loss"],
  ["rule.lambda", "lambda"],
  ["rule.temperature", "temperature"],
  ["rule.features", "features"],
  ["rule.rivals", "rivals"],
  ["network.threshold.perception", "threshold"],
  ["train.learningRate", "rate"],
  ["train.batch", "batch"],
  ["train.epochs", "epochs"],
  ["train.seed", "seed"],
]);
const LONG: ReadonlyMap<string, string> = new Map([
  ...Array.from(SHORT, ([dotted, short]) => [short, dotted] as const),
  // Of links that version 1 made.
  ["rivals", "rule.rivals"],
]);

/** Marks what is the second run's. */
const SECOND = "2.";
/** An address this long was not made here. */
const LONGEST = 16_384;

/**
 * The part of an address after `#`, for one run or two.
 *
 * @example
 * linkOf([config]); // "data=mnist&rule=bsd&hidden=512,256&epochs=5"
 */
export function linkOf(configs: readonly ExperimentConfig[]): string {
  const [first, second] = configs.map(pairsOf);
  if (!first) return "";
  const own = Array.from(first, ([key, text]) => written(key, text));
  if (!second) return own.join("&");
  const keys = new Set([...first.keys(), ...second.keys()]);
  // Its rule is always said: it is what tells that there is a second run.
  const differing = [...keys].filter((key) => key === "rule.name" || first.get(key) !== second.get(key));
  return [...own, ...differing.map((key) => SECOND + written(key, second.get(key) ?? ""))].join("&");
}

function written(dotted: string, text: string): string {
  return `${SHORT.get(dotted) ?? dotted}=${encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%2F", "/")}`;
}

/**
 * The configurations an address describes, one or two; none for an empty one.
 *
 * @param hash with or without `#`
 * @throws BispikeError "config" for what no link of ours says
 * @example
 * readLink("#data=mnist&rule=bsd&2.rule=backprop").length; // 2
 */
export function readLink(hash: string): ExperimentConfig[] {
  const text = hash.replace(/^#/, "");
  if (text === "") return [];
  if (text.length > LONGEST)
    throw new BispikeError("config", `expected at most ${LONGEST} characters in the address, got ${text.length}`);
  const first = new Map<string, string>();
  const changes = new Map<string, string>();
  for (const part of text.split("&")) {
    const { key, value, second } = readPair(part);
    const pairs = second ? changes : first;
    if (pairs.has(key)) throw new BispikeError("config", `${key}: expected once in the address, got twice`);
    pairs.set(key, value);
  }
  const all = changes.size > 0 ? [first, changed(first, changes)] : [first];
  return all.map((pairs) => checkedConfig(fromVersion1(rawOf(pairs))));
}

function readPair(part: string): { key: string; value: string; second: boolean } {
  const equals = part.indexOf("=");
  if (equals <= 0)
    throw new BispikeError("config", `expected key=value in the address, got ${JSON.stringify(part.slice(0, 60))}`);
  const second = part.startsWith(SECOND);
  const key = decoded(part.slice(second ? SECOND.length : 0, equals));
  return { key: currentKey(LONG.get(key) ?? key), value: decoded(part.slice(equals + 1)), second };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BispikeError("config", `${JSON.stringify(text.slice(0, 60))} in the address is damaged`);
  }
}

/** An empty text stands for the default. */
function changed(first: Pairs, changes: Pairs): Pairs {
  const second = new Map(first);
  for (const [key, text] of changes) {
    if (text === "") second.delete(key);
    else second.set(key, text);
  }
  return second;
}
