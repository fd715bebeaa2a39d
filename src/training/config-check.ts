/** Checks a filled-in configuration against the schema and the rules between fields; words every complaint. */
import * as z from "zod/mini";
import { BispikeError } from "../errors.ts";
import { keysOf } from "./config-fields.ts";
import { clip, describeValue, nearest } from "./config-words.ts";

/** What a kind of experiment may be configured to. */
export interface ConfigForm<T> {
  readonly schema: z.core.$ZodType<T>;
  /** Combinations of fields that make no sense together, one sentence each. */
  readonly impossible: (config: T) => string[];
}

/** No more complaints than this in one message. */
const shown = 8;

/**
 * @param form schema and rules the configuration is to follow
 * @param filled a configuration with defaults filled in, not yet trusted
 * @param source file name for the message
 * @throws BispikeError "config", one line a fault
 */
export function checkConfig<T>(form: ConfigForm<T>, filled: unknown, source?: string): T {
  const parsed = z.safeParse(form.schema, filled);
  const faults = parsed.success
    ? form.impossible(parsed.data)
    : schemaFaults(parsed.error.issues, filled, keysOf(form.schema));
  if (parsed.success && faults.length === 0) return parsed.data;
  const more = faults.length > shown ? [`and ${faults.length - shown} more`] : [];
  const prefix = source === undefined ? "" : `${source}: `;
  throw new BispikeError("config", [...faults.slice(0, shown), ...more].map((fault) => prefix + fault).join("\n"));
}

function schemaFaults(issues: readonly z.core.$ZodIssue[], filled: unknown, known: readonly string[]): string[] {
  const faults = new Map<string, string>();
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const dotted = [...issue.path, key].join(".");
        faults.set(dotted, unknownKey(dotted, known));
      }
      continue;
    }
    const dotted = dottedPath(issue.path);
    // One value can break two checks of its schema, which carry the same sentence.
    if (!faults.has(dotted)) faults.set(dotted, wrongValue(dotted, issue.message, valueAt(filled, issue.path)));
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
