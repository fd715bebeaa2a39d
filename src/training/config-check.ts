/** Checks the sections `compare` and `sweep` by schemas of zod, and words complaints as those of settings are. */
import * as z from "zod/mini";
import { clip, describeValue, nearest } from "./config-raw.ts";
import { asFaults, type Fault, refuseFaults } from "./faults.ts";

// Building blocks. Each field's `error` is the sentence after "expected": the checker adds the key and what came.
export const whole = (min: number, max: number) => {
  const error = `an integer from ${min} to ${max}`;
  const within = (value: number) => Number.isSafeInteger(value) && value >= min && value <= max;
  return z.number({ error }).check(z.refine(within, { error }));
};
export const choice = <const T extends readonly [string, ...string[]]>(options: T) =>
  z.enum(options, { error: options.length === 1 ? options[0] : `one of ${options.join(", ")}` });
/** A field that may be left out; undefined is no value of it. */
export const optional = z.exactOptional;
export const section = <T extends z.core.$ZodShape>(shape: T) =>
  z.strictObject(shape, {
    // Unknown keys are reported by their own issue, which the checker words itself.
    error: (issue) => (issue.code === "invalid_type" ? `a section with the keys ${Object.keys(shape).join(", ")}` : ""),
  });

/** What a section may be. */
export interface ConfigForm<T> {
  readonly schema: z.core.$ZodType<T>;
  /** Combinations of fields that make no sense together, one sentence each. */
  readonly impossible: (config: T) => string[];
}

/**
 * @param form schema and rules the section is to follow
 * @param filled a section with defaults filled in, not yet trusted
 * @param source file name for the message
 * @param told keys that a command line set
 * @throws BispikeError "config", one line a fault
 */
export function checkConfig<T>(form: ConfigForm<T>, filled: unknown, source?: string, told?: readonly string[]): T {
  const parsed = z.safeParse(form.schema, filled);
  if (!parsed.success) refuseFaults(schemaFaults(parsed.error.issues, filled, keysOf(form.schema)), source, told);
  const config = parsed.data as T;
  refuseFaults(asFaults(form.impossible(config)), source, told);
  return config;
}

/** Dotted names of every key of a schema, sections included, in file order: `train`, `train.seed`, ... */
function keysOf(schema: z.core.$ZodType, prefix = ""): string[] {
  if (schema instanceof z.core.$ZodExactOptional) return keysOf(schema._zod.def.innerType, prefix);
  if (!(schema instanceof z.core.$ZodObject)) return [];
  return Object.entries(schema._zod.def.shape).flatMap(([key, child]) => {
    const dotted = prefix + key;
    return [dotted, ...keysOf(child, `${dotted}.`)];
  });
}

function schemaFaults(issues: readonly z.core.$ZodIssue[], filled: unknown, known: readonly string[]): Fault[] {
  const faults = new Map<string, Fault>();
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const dotted = [...issue.path, key].join(".");
        faults.set(dotted, { key: dotted, text: unknownKey(dotted, known), unknown: true });
      }
      continue;
    }
    const dotted = dottedPath(issue.path);
    // One value can break two checks of its schema, which carry the same sentence.
    if (faults.has(dotted)) continue;
    const text = wrongValue(dotted, issue.message, valueAt(filled, issue.path));
    faults.set(dotted, { key: dotted, text, unknown: false });
  }
  return [...faults.values()];
}

/** @example unknownKey("train.epoch", ["train", "train.epochs"]) // "unknown key train.epoch (did you mean train.epochs?)" */
function unknownKey(dotted: string, known: readonly string[]): string {
  const guess = nearest(dotted, known);
  if (guess !== undefined) return `unknown key ${clip(dotted)} (did you mean ${guess}?)`;
  const section = dotted.slice(0, dotted.lastIndexOf(".") + 1);
  const siblings = known.filter((key) => key.startsWith(section) && !key.slice(section.length).includes("."));
  return `unknown key ${clip(dotted)} (known here: ${siblings.join(", ")})`;
}

function wrongValue(dotted: string, expected: string, value: unknown): string {
  const where = dotted === "" ? "" : `${dotted}: `;
  const quoteIt =
    ["number", "boolean"].includes(typeof value) && /name$|path$/.test(dotted) ? "; put quotes around text" : "";
  return `${where}expected ${expected}, got ${describeValue(value)}${quoteIt}`;
}

/** @example dottedPath(["network", "hidden", 1]) // "network.hidden[1]" */
function dottedPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
