/** What is wrong with a setup, said at the field it is wrong with, by the names the form has for things. */
import { BispikeError } from "../../../src/errors.ts";
import { FIELDS } from "./fields.ts";

export interface Faults {
  /** By dotted key of the field. */
  readonly fields: ReadonlyMap<string, string>;
  /** Of no field of the form. */
  readonly others: readonly string[];
}

export const NO_FAULTS: Faults = { fields: new Map(), others: [] };

const LABELS: readonly (readonly [string, string])[] = [
  ["data.name", "Images"],
  ["data.path", "Own files"],
  ["rule.name", "Learning rule"],
  ...FIELDS.map(({ key, label }) => [key, label] as const),
];

/**
 * The lines of a configuration's error, sorted to the form's fields.
 *
 * @throws the error itself, unless it is a BispikeError
 * @example
 * faultsOf(error).fields.get("train.epochs"); // "expected an integer from 1 to 1000000, got the text \"x\""
 */
export function faultsOf(error: unknown): Faults {
  if (!(error instanceof BispikeError)) throw error;
  const fields = new Map<string, string>();
  const others: string[] = [];
  for (const line of error.message.split("\n")) {
    const key = FIELDS.map((field) => field.key).find((known) =>
      new RegExp(`^${escaped(known)}(\\[\\d+\\])?:`).test(line),
    );
    if (key === undefined) others.push(inWords(line));
    else {
      const said = inWords(line.slice(line.indexOf(":") + 1).trim());
      fields.set(key, fields.has(key) ? `${fields.get(key)}; ${said}` : said);
    }
  }
  return { fields, others };
}

/** @example inWords("train.batch: expected ...") // "Images a batch: expected ..." */
export function inWords(message: string): string {
  return LABELS.reduce(
    (text, [key, label]) => text.replace(new RegExp(`(?<![\\w."])${escaped(key)}(?![\\w.])`, "g"), label),
    message,
  );
}

function escaped(key: string): string {
  return key.replaceAll(".", "\\.");
}
