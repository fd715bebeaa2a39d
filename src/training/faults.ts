/** What is wrong with a configuration, as one error that blames the file or the command line, a line a fault. */
import { BispikeError } from "../errors.ts";

/** What is wrong, and with which key; "" for more than one. */
export interface Fault {
  readonly key: string;
  /** A sentence that begins with the key. */
  readonly text: string;
  /** Whether it is the key that is wrong, rather than its value. */
  readonly unknown: boolean;
}

/** No more complaints than this in one message. */
const shown = 8;

/**
 * Faults by the sentences of a rule between settings, which begin "key: expected VALUE with ..." where one value would do.
 *
 * @example
 * asFaults(["rule.pool: expected 0, got 2"])[0]?.key; // "rule.pool"
 */
export function asFaults(sentences: readonly string[]): Fault[] {
  return sentences.map((text) => ({ key: /^([\w.-]+): /.exec(text)?.[1] ?? "", text, unknown: false }));
}

/**
 * @param source file name for the message
 * @param told keys that a command line set: what is wrong with them is blamed on their options, not on the file
 * @throws BispikeError "config" where there are faults
 */
export function refuseFaults(faults: readonly Fault[], source?: string, told: readonly string[] = []): void {
  if (faults.length === 0) return;
  const prefix = source === undefined ? "" : `${source}: `;
  const more = faults.length > shown ? [`${prefix}and ${faults.length - shown} more`] : [];
  const lines = faults
    .slice(0, shown)
    .map((fault) => (isTold(fault, told) ? ofLine(fault) : prefix + fault.text + remedy(fault, told)));
  throw new BispikeError("config", [...lines, ...more].join("\n"));
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
 * remedy({ key: "rule.recallFeatures", text: "rule.recallFeatures: expected same with rule.name bsd-ann, got drive", unknown: false }, ["rule.name"]); // "; add --rule.recallFeatures=same"
 */
function remedy({ key, text }: Fault, told: readonly string[]): string {
  const [, value] = /: expected ([\w-]+) with [^;]*$/.exec(text) ?? [];
  return key === "" || told.length === 0 || value === undefined || value === "nothing" ? "" : `; add --${key}=${value}`;
}
