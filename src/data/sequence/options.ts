/** What a caller may ask of a sequence, checked before anything is read. */
import { BispikeError } from "../../errors.ts";
import type { GapOptions } from "./assemble.ts";
import { type CsvOptions, DELIMITERS } from "./csv.ts";
import type { NpzOptions } from "./npz.ts";
import type { PartOptions, Standardise } from "./series.ts";

import type { SequenceSummary } from "./task.ts";
import type { Newline, Unknown } from "./text.ts";

/** What is learned of a sequence's data. */
export type SequenceTask = "next" | "regression" | "forecast";

/** Options of all tasks, and those of series readers (CSV: `CsvOptions`; .npy, .npz, .h5: `key`, `feature`). */
export interface SequenceOptions extends PartOptions, GapOptions, CsvOptions, NpzOptions {
  /** "next" for text, "regression" or "forecast" for a series. */
  readonly task: SequenceTask;
  /** Positions of a window; default 32. */
  readonly window?: number | undefined;
  /** Positions from one window's start to the next; default `window` for text (no overlap) and 1 for a series. */
  readonly stride?: number | undefined;
  /** At most this many elements, the first ones; default 0, which means all. */
  readonly limit?: number | undefined;
  /** Names or places of the target columns; default the last column. */
  readonly targets?: readonly (string | number)[] | undefined;
  /** Rows ahead of a forecast; default 1. */
  readonly horizon?: number | undefined;
  /** Default "train". */
  readonly standardise?: Standardise | undefined;
  /** Line ends of a text; default "keep". */
  readonly newline?: Newline | undefined;
  /** Characters that the alphabet of `like` lacks; default "error". */
  readonly unknown?: Unknown | undefined;
  /**
   * What a network was trained on: its alphabet, or its columns, targets, horizon, means and deviations are used for
   * these data too.
   */
  readonly like?: SequenceSummary | undefined;
}

/** Defaults of reading a sequence: windows of 32, all elements, a forecast of the next row, statistics of the rows trained on, line ends as they are. */
export const sequenceDefaults = { window: 32, limit: 0, horizon: 1, standardise: "train", newline: "keep" } as const;

type Key = keyof SequenceOptions;

const SHARED: readonly Key[] = ["task", "window", "stride", "limit", "trainPart", "validation", "like"];
const TEXT: readonly Key[] = ["newline", "unknown"];
const SERIES: readonly Key[] = ["targets", "columns", "standardise", "fill", "missing"];
const FORECAST: readonly Key[] = ["horizon"];
/** Of the readers, by the kind of file. */
const READER: readonly Key[] = ["delimiter", "header", "timeColumn", "key", "feature"];
const ALL = [...SHARED, ...TEXT, ...SERIES, ...FORECAST, ...READER];
/** What `like` brings along, so that it cannot be given beside it. */
const OF_LIKE: readonly Key[] = ["newline", "targets", "columns", "horizon", "standardise"];

/**
 * Refuses options that are unknown, out of range, or of another task.
 *
 * @throws BispikeError "config"
 */
export function checkOptions(options: SequenceOptions): void {
  const given = Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [key as Key]));
  for (const key of given)
    if (!ALL.includes(key)) refuse(key, `one of the options ${ALL.join(", ")}`, "an unknown key");
  const { task, like } = options;
  oneOf("task", task, ["next", "regression", "forecast"]);
  const allowed =
    task === "next"
      ? [...SHARED, ...TEXT]
      : [...SHARED, ...SERIES, ...READER, ...(task === "forecast" ? FORECAST : [])];
  for (const key of given) {
    if (!allowed.includes(key)) refuse(key, `an option of task ${task} (${allowed.join(", ")})`, "one of another task");
    if (like !== undefined && OF_LIKE.includes(key)) refuse(key, "no value beside like, which brings it", "one");
  }
  if (like !== undefined && like.task !== task) refuse("like", `a summary of task ${task}`, `one of task ${like.task}`);
  checkValues(options);
}

function checkValues(options: SequenceOptions): void {
  wholeFrom("window", options.window, 1);
  wholeFrom("stride", options.stride, 1);
  wholeFrom("limit", options.limit, 0);
  wholeFrom("horizon", options.horizon, 1);
  wholeFrom("feature", options.feature, 0);
  oneOf("fill", options.fill, ["error", "interpolate", "previous"]);
  oneOf("standardise", options.standardise, ["train", "all"]);
  oneOf("newline", options.newline, ["keep", "lf"]);
  oneOf("delimiter", options.delimiter, DELIMITERS);
  oneOf("header", options.header, [true, false]);
  const { key, missing, unknown, timeColumn } = options;
  if (key !== undefined && typeof key !== "string") refuse("key", "text", key);
  if (missing !== undefined && !Number.isFinite(missing)) refuse("missing", "a number", missing);
  if (unknown !== undefined && typeof unknown !== "string") refuse("unknown", "error, skip or a character", unknown);
  if (timeColumn !== undefined && timeColumn !== false && !isColumn(timeColumn)) {
    refuse("timeColumn", "a column's name or place, or false", timeColumn);
  }
  for (const name of ["columns", "targets"] as const) {
    const list = options[name];
    if (list !== undefined && !(Array.isArray(list) && list.every(isColumn))) {
      refuse(name, "a list of columns' names or places", list);
    }
  }
}

function isColumn(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

function wholeFrom(name: Key, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    refuse(name, `a whole number from ${least}`, value);
  }
}

function oneOf(name: Key, value: unknown, choices: readonly unknown[]): void {
  if ((value === undefined && name !== "task") || choices.includes(value)) return;
  refuse(name, `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`, value);
}

function refuse(name: string, expected: string, got: unknown): never {
  const shown = typeof got === "string" ? got : (JSON.stringify(got) ?? "nothing");
  throw new BispikeError("config", `${name}: expected ${expected}, got ${shown.slice(0, 60)}`);
}
