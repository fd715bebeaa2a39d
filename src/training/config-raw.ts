/** A raw, untrusted configuration before it is checked, and its values in words. */
import { BispikeError } from "../errors.ts";

/** A section of a raw configuration. Has no prototype, so a key can never reach one. */
export interface RawSection {
  [key: string]: RawValue;
}
export type RawValue = string | number | boolean | null | RawValue[] | RawSection;

/** The deepest sensible nesting is 3 (`rule.homeostasis.rate`); beyond this a value is an attack or a cycle. */
const deepest = 8;
const longestList = 4096;
/** Keys that would reach an object's prototype. */
export const refused: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * A deep copy of own plain data. Undefined fields are left out.
 *
 * @throws BispikeError "config" unless `raw` is an object of plain data, or when a key is `__proto__`, `constructor` or `prototype`
 */
export function copyRaw(raw: unknown, source?: string): RawSection {
  const prefix = source === undefined ? "" : `${source}: `;
  const copy = copyValue(raw ?? null, "", prefix, 0);
  if (isSection(copy)) return copy;
  throw new BispikeError(
    "config",
    `${prefix}expected a configuration with sections such as data and train, got ${describeValue(raw)}`,
  );
}

/** A deep copy of a value at `dotted`, `depth` sections deep; see `copyRaw`. */
export function copyValue(value: unknown, dotted: string, prefix: string, depth: number): RawValue {
  const fail = (what: string) =>
    new BispikeError("config", `${prefix}${dotted === "" ? "" : `${clip(dotted)}: `}${what}`);
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (typeof value !== "object")
    throw fail(`expected text, a number, true or false, a list or a section, got ${describeValue(value)}`);
  if (depth >= deepest)
    throw fail(`nested more than ${deepest} deep; expected sections such as rule.homeostasis.rate at most`);
  if (Array.isArray(value)) {
    if (value.length > longestList) throw fail(`expected a list of at most ${longestList}, got ${value.length}`);
    return Array.from(value, (item, index) => copyValue(item, `${dotted}[${index}]`, prefix, depth + 1));
  }
  const section: RawSection = Object.create(null);
  for (const [key, child] of Object.entries(value)) {
    const childName = dotted === "" ? key : `${dotted}.${key}`;
    if (refused.has(key)) throw new BispikeError("config", `${prefix}unknown key ${childName} (this name is refused)`);
    if (child !== undefined) section[key] = copyValue(child, childName, prefix, depth + 1);
  }
  return section;
}

export const isSection = (value: RawValue | undefined): value is RawSection =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A section of a raw configuration by its key; an empty one where the value is something else. */
export function sectionOf(raw: RawSection, key: string): RawSection {
  const value = raw[key];
  return isSection(value) ? value : {};
}

/**
 * A name for an experiment from its parts, reduced to characters a folder name may have.
 *
 * @example joinName("my data", "cnn") // "my-data-cnn"
 */
export function joinName(...parts: readonly string[]): string {
  const clean = parts
    .join("-")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "");
  return clean.slice(0, 100);
}

/** The last name of a path; nothing for a value that is not text. @example lastName("data/ETTh1.csv") // "ETTh1.csv" */
export function lastName(path: RawValue | undefined): string {
  return typeof path === "string" ? (path.split(/[\\/]/).filter(Boolean).at(-1) ?? "") : "";
}

/** Wording of configuration errors: what a value is, and which known name a misspelt one is nearest to. */

/** A short account of a value for an error message. @example describeValue("4") // 'the text "4"' */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return `the text ${JSON.stringify(clip(value))}`;
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object") return `a section with ${Object.keys(value).length} keys`;
  return `a ${typeof value}`;
}

/** Text cut to 60 characters. */
export function clip(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/**
 * The known dotted key nearest to a misspelt one, or undefined if none is near. A key written in the wrong
 * section counts as near: its last part alone is compared too.
 *
 * @example nearest("epoch", ["train.epochs", "data"]) // "train.epochs"
 */
export function nearest(dotted: string, known: readonly string[]): string | undefined {
  if (dotted.length > 80) return undefined;
  let best: { key: string; distance: number } | undefined;
  for (const key of known) {
    // The whole key wins a tie with the last part, so that a slip within a section stays in it.
    const whole = editDistance(fold(dotted), fold(key));
    const distance = Math.min(whole, editDistance(fold(lastPart(dotted)), fold(lastPart(key))) + 0.5);
    if (best === undefined || distance < best.distance) best = { key, distance };
  }
  const allowed = Math.max(1.5, Math.min(3.5, lastPart(dotted).length / 2));
  return best !== undefined && best.distance <= allowed ? best.key : undefined;
}

const lastPart = (dotted: string) => dotted.slice(dotted.lastIndexOf(".") + 1);
/** learning_rate, learning-rate and learningRate are one spelling. */
const fold = (text: string) => text.toLowerCase().replace(/[_-]/g, "");

/** Levenshtein distance: insertions, deletions and replacements of one character each. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
