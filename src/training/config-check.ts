/** Checks a filled-in configuration against the schema and the rules between fields; words every complaint. */
import * as z from "zod/mini";
import { BispikeError } from "../errors.ts";
import { keysOf } from "./config-fields.ts";
import { clip, describeValue, nearest } from "./config-words.ts";

/** What a kind of experiment may be configured to. */
export interface ConfigForm<T> {
  readonly schema: z.core.$ZodType<T>;
  /** Combinations of fields that make no sense together, one sentence each, which begins "key: expected VALUE with ..." where one value would do. */
  readonly impossible: (config: T) => string[];
}

/** No more complaints than this in one message. */
const shown = 8;

/**
 * @param form schema and rules the configuration is to follow
 * @param filled a configuration with defaults filled in, not yet trusted
 * @param source file name for the message
 * @param told keys that a command line set: what is wrong with them is blamed on their options, not on the file
 * @throws BispikeError "config", one line a fault
 */
export function checkConfig<T>(form: ConfigForm<T>, filled: unknown, source?: string, told: readonly string[] = []): T {
  const parsed = z.safeParse(form.schema, filled);
  const faults = parsed.success
    ? form.impossible(parsed.data).map((text) => ({ key: subjectOf(text), text, unknown: false }))
    : schemaFaults(parsed.error.issues, filled, keysOf(form.schema));
  if (parsed.success && faults.length === 0) return parsed.data;
  const prefix = source === undefined ? "" : `${source}: `;
  const more = faults.length > shown ? [`${prefix}and ${faults.length - shown} more`] : [];
  const lines = faults
    .slice(0, shown)
    .map((fault) => (isTold(fault, told) ? ofLine(fault) : prefix + fault.text + remedy(fault, told)));
  throw new BispikeError("config", [...lines, ...more].join("\n"));
}

/** What is wrong, and with which key; "" for more than one. */
interface Fault {
  readonly key: string;
  readonly text: string;
  readonly unknown: boolean;
}

/** The key a sentence begins with. @example subjectOf("rule.pool: expected 0, got 2") // "rule.pool" */
function subjectOf(sentence: string): string {
  return /^([\w.-]+): /.exec(sentence)?.[1] ?? "";
}

function isTold({ key, unknown }: Fault, told: readonly string[]): boolean {
  return told.some((set) => set === key || key.startsWith(`${set}[`) || (unknown && set.startsWith(`${key}.`)));
}

/** As said of the command line: a key's option is named as it was typed. */
function ofLine({ text, unknown }: Fault): string {
  return unknown ? `command line: ${text}` : `--${text}`;
}

/**
 * What to type where a file's value does not fit what the command line chose; nothing where the sentence has advice of its own, or more than one value would do.
 *
 * @example
 * remedy({ key: "rule.recallFeatures", text: "rule.recallFeatures: expected same with rule.name real-bsd, got drive", unknown: false }, ["rule.name"]); // "; add --rule.recallFeatures=same"
 */
function remedy({ key, text }: Fault, told: readonly string[]): string {
  const [, value] = /: expected ([\w-]+) with [^;]*$/.exec(text) ?? [];
  return key === "" || told.length === 0 || value === undefined || value === "nothing" ? "" : `; add --${key}=${value}`;
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
