/** From the bytes of a text or series to a set to train on. Runs anywhere; `load.ts` adds the reading of files. */
import { BispikeError } from "../../errors.ts";
import type { FileRecord } from "../dataset.ts";
import { gunzipBounded } from "../inflate.ts";
import { COLUMNS_TRAINED, columnsOf } from "./columns.ts";

import type { SequenceRequest } from "./load.ts";
import { checkOptions, type SequenceOptions, sequenceDefaults } from "./options.ts";
import { parseSeries } from "./read-series.ts";
import {
  type ColumnStatistics,
  describeCell,
  firstRows,
  MAX_FLOAT32,
  type RawSeries,
  type SeriesData,
  selectColumns,
  windowStarts,
} from "./series.ts";

import {
  forecast,
  nextSymbol,
  regression,
  type SequenceSet,
  type SequenceSummary,
  type SeriesSummary,
  type TextSummary,
} from "./task.ts";

import { encode, MAX_TEXT_BYTES, readText, type TextData, textOf } from "./text.ts";

// Missing values of a series: refused by default, or filled in by a named rule.

/**
 * "error" refuses. "interpolate" lays a straight line between the values before and after a gap, which looks ahead, at
 * most across one gap at the border of two parts. "previous" repeats the value before it, which looks back only. Both
 * give a gap at the start or the end of a column the nearest value.
 */
export type Fill = "error" | "interpolate" | "previous";

export interface GapOptions {
  /** Default "error". */
  readonly fill?: Fill | undefined;
  /** A value that stands for "missing" too, such as METR-LA's 0. */
  readonly missing?: number | undefined;
}

export interface FilledSeries {
  readonly series: SeriesData;
  /** Values that were missing. */
  readonly filled: number;
}

/**
 * A series without missing or infinite values.
 *
 * @throws BispikeError "data" for an infinite value, a missing one without a rule to fill it, or a column of nothing else
 * @example
 * const { series, filled } = fillGaps(raw, { missing: 0, fill: "interpolate" });
 */
export function fillGaps(raw: RawSeries, { fill = "error", missing }: GapOptions = {}): FilledSeries {
  const width = raw.columns.length;
  const values = raw.values.slice();
  const declared = missing === undefined ? Number.NaN : Math.fround(missing);
  let first = -1;
  let gaps = 0;
  values.forEach((value, at) => {
    if (value === declared) values[at] = Number.NaN;
    else if (!Number.isNaN(value)) {
      if (Number.isFinite(value)) return;
      const cell = describeCell(raw, Math.floor(at / width), at % width);
      throw new BispikeError(
        "data",
        `${raw.name}: ${cell}: expected a number up to ${MAX_FLOAT32}, found an infinite or larger one`,
      );
    }
    if (gaps++ === 0) first = at;
  });
  if (gaps > 0 && fill === "error") {
    const cell = describeCell(raw, Math.floor(first / width), first % width);
    throw new BispikeError(
      "data",
      `${raw.name}: ${cell}: the value is missing, the first of ${gaps}; fill them with fill: interpolate or previous`,
    );
  }
  if (gaps > 0) for (let column = 0; column < width; column++) fillColumn(raw, values, column, fill);
  const { name, columns, length, times } = raw;
  return { series: { name, columns, length, values, times }, filled: gaps };
}

function fillColumn(raw: RawSeries, values: Float32Array, column: number, fill: Fill): void {
  const width = raw.columns.length;
  let before = -1;
  for (let row = 0; row < raw.length; row++) {
    if (Number.isNaN(values[row * width + column]!)) continue;
    if (row - before > 1) fillGap(values, width, column, before, row, fill);
    before = row;
  }
  if (before < 0) {
    throw new BispikeError(
      "data",
      `${raw.name}: column ${JSON.stringify(raw.columns[column])}: expected values, all ${raw.length} are missing; ` +
        "leave it out with data.columns",
    );
  }
  for (let row = before + 1; row < raw.length; row++) {
    values[row * width + column] = values[before * width + column]!;
  }
}

/** Fills the rows between `before` (-1: none) and `after`, which have values. */
function fillGap(values: Float32Array, width: number, column: number, before: number, after: number, fill: Fill): void {
  const right = values[after * width + column]!;
  const left = before < 0 ? right : values[before * width + column]!;
  for (let row = before + 1; row < after; row++) {
    const part = fill === "previous" ? 0 : (row - before) / (after - before);
    values[row * width + column] = left + (right - left) * part;
  }
}

/** A set, the windows of its parts, and what is to be remembered of it. */
export interface Sequence {
  readonly set: SequenceSet;
  /** First positions of the windows of each part. */
  readonly windows: { readonly train: Int32Array; readonly validation: Int32Array; readonly test: Int32Array };
  readonly about: SequenceSummary;
  /** Dates or times of a series' rows, if it has any. */
  readonly times: readonly string[] | null;
}

/**
 * A set from the bytes of one file, or from a series in memory.
 *
 * @param file its name: the ending tells the format of a series
 * @param request options, as `sequenceRequest` gives them; `text` and `series`, which name a file, are passed over
 * @param provenance to be put into the summary
 * @param saysUnknown what a person says `request.unknown` by, for messages; "" where there is no such option
 * @throws BispikeError "config" for options that are unknown or do not fit, "data" for anything wrong with the bytes, or
 *   too few of them for a window in each part
 * @example
 * const { set, windows, about } = await assembleSequence(bytes, "ETTh1.csv", { task: "forecast", horizon: 24 });
 * // A program's own text, and its own numbers, of 2 columns (encodeNpy is in bispike/formats):
 * await assembleSequence(new TextEncoder().encode("abc abc abc abc"), "own.txt", { task: "next", window: 2, trainPart: 1, validation: 0 });
 * await assembleSequence(encodeNpy({ shape: [500, 2], data: values }), "own.npy", { task: "forecast", window: 16 });
 */
export async function assembleSequence(
  content: Uint8Array | RawSeries,
  file: string,
  request: SequenceRequest,
  provenance: readonly FileRecord[] = [],
  saysUnknown = "unknown",
): Promise<Sequence> {
  const { text: _, series: __, ...options } = request;
  checkOptions(options);
  const made =
    options.task === "next"
      ? fromText(content as Uint8Array, file, options, saysUnknown)
      : await fromSeries(content, file, options);
  const { set, details, length, times } = made;
  const window = options.window ?? sequenceDefaults.window;
  const stride = options.stride ?? (options.task === "next" ? window : 1);
  const horizon = details.kind === "series" ? details.horizon : 0;
  const windows = windowsOf(set, file, { window, stride, horizon }, options);
  const { name, parts } = set;
  return { set, windows, times, about: { name, length, parts, window, stride, provenance, ...details } };
}

type Details<Summary> = Omit<Summary, "name" | "length" | "parts" | "window" | "stride" | "provenance">;

interface Made {
  readonly set: SequenceSet;
  readonly details: Details<TextSummary> | Details<SeriesSummary>;
  readonly length: number;
  readonly times: readonly string[] | null;
}

function fromText(bytes: Uint8Array, file: string, options: SequenceOptions, saysUnknown: string): Made {
  const like = options.like as TextSummary | undefined;
  const newline = like?.newline ?? options.newline ?? sequenceDefaults.newline;
  const content = /\.gz$/i.test(file) ? gunzipBounded(bytes, MAX_TEXT_BYTES, file) : bytes;
  const all = readText(content, file, newline);
  const text = options.limit ? firstCharacters(all, options.limit) : all;
  const name = nameOf(file);
  const data: TextData =
    like === undefined
      ? { ...textOf(file, text), name }
      : { name, alphabet: like.alphabet, symbols: encode(text, like.alphabet, options.unknown, file, saysUnknown) };
  const details = { kind: "text", task: "next", alphabet: data.alphabet, newline } as const;
  return { set: nextSymbol(data, options), details, length: data.symbols.length, times: null };
}

async function fromSeries(content: Uint8Array | RawSeries, file: string, options: SequenceOptions): Promise<Made> {
  const { task } = options;
  const like = options.like as SeriesSummary | undefined;
  const { delimiter, header, timeColumn, key, feature } = options;
  const columns = like?.columns ?? options.columns;
  const trained = like !== undefined;
  const table = { delimiter, header, timeColumn, key, feature, columns, trained };
  const read = content instanceof Uint8Array ? await parseSeries(content, file, table) : content;
  // Tables have only the chosen columns already, in the same order.
  const places =
    columns === undefined || read.lines !== null
      ? undefined
      : columnsOf(read.columns, columns, `${file}: ${trained ? COLUMNS_TRAINED : "columns"}`);
  const chosen = places === undefined ? read : selectColumns(read, places);
  const raw = options.limit ? firstRows(chosen, options.limit) : chosen;
  const { fill = "error" } = options;
  const { series, filled } = fillGaps(raw, options);
  const named = { ...series, name: nameOf(file) };
  const statistics = like === undefined ? undefined : statisticsOf(like);
  const settings = { ...options, statistics };
  const targets = like?.targets ?? options.targets;
  const horizon = task === "forecast" ? (like?.horizon ?? options.horizon ?? sequenceDefaults.horizon) : 0;
  const made = task === "forecast" ? forecast(named, targets, horizon, settings) : regression(named, targets, settings);
  const { mean, std, constant } = made.statistics;
  const { times } = series;
  const details: Details<SeriesSummary> = {
    kind: "series",
    task: task === "forecast" ? "forecast" : "regression",
    columns: series.columns,
    inputs: made.inputs,
    targets: made.targets,
    horizon,
    standardise: like?.standardise ?? options.standardise ?? sequenceDefaults.standardise,
    mean,
    std,
    constant: constant.map((column) => series.columns[column]!),
    filled,
    fill,
    span: times === null ? null : [times[0]!, times[times.length - 1]!],
  };
  return { set: made.set, details, length: series.length, times };
}

function statisticsOf({ columns, mean, std, constant }: SeriesSummary): ColumnStatistics {
  return { mean, std, constant: constant.map((name) => columns.indexOf(name)) };
}

function windowsOf(
  set: SequenceSet,
  file: string,
  { window, stride, horizon }: { readonly window: number; readonly stride: number; readonly horizon: number },
  options: SequenceOptions,
): Sequence["windows"] {
  const { trainPart, validation, limit, like } = options;
  const { train, validation: held, test } = set.parts;
  const starts = {
    train: windowStarts(train, window, stride),
    validation: windowStarts(held, window, stride),
    test: windowStarts(test, window, stride),
  };
  // A part that was asked to be empty may be.
  const wanted = { train: trainPart !== 0, validation: trainPart !== 0 && validation !== 0, test: trainPart !== 1 };
  for (const part of ["train", "validation", "test"] as const) {
    if (!wanted[part] || starts[part].length > 0) continue;
    const { from, to } = set.parts[part];
    // Of a net that is trained, window and horizon are settled; and one part may be all there is.
    const smaller = like ? "" : `, or choose a smaller ${horizon > 1 ? "horizon or window" : "window"}`;
    const remedy = (limit ? "raise limit" : "give more data") + smaller;
    const after = horizon > 0 ? ` (a position has its target ${horizon} row${horizon > 1 ? "s" : ""} later)` : "";
    throw new BispikeError(
      "data",
      `${file}: ${trainPart === 0 ? "" : `part ${part}: `}expected ${window} positions or more for a window, found ${to - from}${after}; ${remedy}`,
    );
  }
  return starts;
}

function firstCharacters(text: string, limit: number): string {
  let at = 0;
  for (let count = 0; count < limit && at < text.length; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return text.slice(0, at);
}

/** "ETTh1" of "data/ETTh1.csv.gz". */
function nameOf(file: string): string {
  const base = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
  return base.replace(/\.gz$/i, "").replace(/(.)\.[^.]+$/, "$1");
}
