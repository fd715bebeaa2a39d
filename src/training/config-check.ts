/** Checks a filled-in configuration against the schema and the rules between fields; words every complaint. */
import type { z } from "zod";
import { BispikeError } from "../errors.ts";
import type { ExperimentConfig } from "./config.ts";
import { experimentSchema, knownKeys } from "./config-schema.ts";
import { clip, describeValue, nearest } from "./config-words.ts";

/** No more complaints than this in one message. */
const shown = 8;

/**
 * @param filled a configuration with defaults filled in, not yet trusted
 * @param source file name for the message
 * @throws BispikeError "config", one line a fault
 */
export function checkConfig(filled: unknown, source?: string): ExperimentConfig {
  const parsed = experimentSchema.safeParse(filled);
  const faults = parsed.success ? impossible(parsed.data) : schemaFaults(parsed.error.issues, filled);
  if (parsed.success && faults.length === 0) return parsed.data;
  const more = faults.length > shown ? [`and ${faults.length - shown} more`] : [];
  const prefix = source === undefined ? "" : `${source}: `;
  throw new BispikeError("config", [...faults.slice(0, shown), ...more].map((fault) => prefix + fault).join("\n"));
}

function schemaFaults(issues: readonly z.core.$ZodIssue[], filled: unknown): string[] {
  const faults = new Map<string, string>();
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) {
        const dotted = [...issue.path, key].join(".");
        faults.set(dotted, unknownKey(dotted));
      }
      continue;
    }
    const dotted = dottedPath(issue.path);
    // One value can break two checks of its schema, which carry the same sentence.
    if (!faults.has(dotted)) faults.set(dotted, wrongValue(dotted, issue.message, valueAt(filled, issue.path)));
  }
  return [...faults.values()];
}

/** @example unknownKey("train.epoch") // "unknown key train.epoch (did you mean train.epochs?)" */
function unknownKey(dotted: string): string {
  const known = knownKeys();
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

/** Combinations that are each valid alone and make no sense together. */
function impossible({ data, network, rule, train }: ExperimentConfig): string[] {
  const faults: string[] = [];
  if (data.name === undefined && data.path === undefined)
    faults.push("data: expected a name (a known data set), a path (a folder of files) or both, got neither");
  if (network.target === "one-hot" && network.targetSize !== 0)
    faults.push(
      `network.targetSize: expected 0 with network.target one-hot (its width is the number of classes), got ${network.targetSize}; use target: random for a wider code`,
    );
  if (network.kind !== "cnn" && rule.pool !== 0)
    faults.push(
      `rule.pool: expected 0 with network.kind ${network.kind} (only a cnn has space to pool over), got ${rule.pool}`,
    );
  if (train.batch * network.steps > 65536)
    faults.push(
      `train.batch x network.steps: expected at most 65536 rows, got ${train.batch} x ${network.steps} = ${train.batch * network.steps}; make one of them smaller`,
    );
  const needsOthers = rule.centred || (rule.negatives !== "prototypes" && rule.loss !== "mse");
  if (train.batch === 1 && needsOthers)
    faults.push(
      "train.batch: expected at least 2, got 1: rule.centred and batch negatives compare a sample with others; use centred: false and negatives: prototypes",
    );
  return faults;
}
