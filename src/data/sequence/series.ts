/** What every reader of series returns: float32 rows of named columns, one row a time step. */
import { BispikeError } from "../../errors.ts";

/** A series as it was read. */
export interface SeriesData {
  readonly name: string;
  /** Names. */
  readonly columns: readonly string[];
  /** Rows. */
  readonly length: number;
  /** [row][column]. */
  readonly values: Float32Array;
  /** The rows' dates or times as the file has them, or null where it has none. */
  readonly times: readonly string[] | null;
}

/** As read from a file: NaN where a value is missing. */
export interface RawSeries extends SeriesData {
  /** Line of each row in its file, from 1, or null where there are no lines. */
  readonly lines: ArrayLike<number> | null;
}

/** Most values of a series: 1 GiB of float32. */
export const MAX_VALUES = 2 ** 28;

/** Most rows: their lines and times are kept too. */
export const MAX_ROWS = 2 ** 24;

/** Most columns: each has a name, and becomes an input. */
const MAX_COLUMNS = 2 ** 16;

/** Largest magnitude of a float32. */
export const MAX_FLOAT32 = 3.4028234663852886e38;

/**
 * Refuses a series of no or too many values, before memory is asked for.
 *
 * @throws BispikeError "data"
 */
export function checkSize(rows: number, columns: number, where: string): void {
  if (rows === 0) throw new BispikeError("data", `${where}: expected rows of values, found none`);
  if (columns === 0) throw new BispikeError("data", `${where}: expected columns of values, found none`);
  if (rows > MAX_ROWS || columns > MAX_COLUMNS || rows * columns > MAX_VALUES) {
    throw new BispikeError(
      "data",
      `${where}: expected at most ${MAX_ROWS} rows, ${MAX_COLUMNS} columns and ${MAX_VALUES} values, found ${rows} rows ` +
        `of ${columns} columns`,
    );
  }
}

/**
 * The chosen columns, in the given order.
 *
 * @param places of columns, each at most once
 */
export function selectColumns(series: RawSeries, places: readonly number[]): RawSeries {
  const { columns, length, values } = series;
  if (places.length === columns.length && places.every((place, index) => place === index)) return series;
  const chosen = new Float32Array(length * places.length);
  let at = 0;
  for (let row = 0; row < length; row++) {
    for (const place of places) chosen[at++] = values[row * columns.length + place]!;
  }
  return { ...series, columns: places.map((place) => columns[place]!), values: chosen };
}

/** The first `rows` rows. */
export function firstRows(series: RawSeries, rows: number): RawSeries {
  if (rows >= series.length) return series;
  const times = series.times?.slice(0, rows) ?? null;
  return { ...series, length: rows, values: series.values.slice(0, rows * series.columns.length), times };
}

/** "row 12 (line 14), column "OT"", rows counted from 0. */
export function describeCell(series: RawSeries, row: number, column: number): string {
  const line = series.lines === null ? "" : ` (line ${series.lines[row]})`;
  return `row ${row}${line}, column ${JSON.stringify(series.columns[column])}`;
}

// Standardised columns and back:
//
// z = (x - mean) / std        x = z std + mean
//
// with the mean and population standard deviation of chosen rows.

/**
 * "train": statistics of the rows trained on. "all": of the whole series, as the paper's protocol has it, which leaks the
 * mean and spread of the test part into training; for comparison only.
 */
export type Standardise = "train" | "all";

/** One entry a column, in the series' own units. */
export interface ColumnStatistics {
  readonly mean: readonly number[];
  /** Population standard deviation; 1 where the column is constant. */
  readonly std: readonly number[];
  /** Places of the columns that are constant in the rows used; they become 0 there. */
  readonly constant: readonly number[];
}

/**
 * Mean and standard deviation of each column over the rows of a range.
 *
 * @throws BispikeError "data" for an empty range
 * @example
 * columnStatistics(series, { from: 0, to: 100 });
 */
export function columnStatistics(series: SeriesData, { from, to }: Range): ColumnStatistics {
  if (to <= from) {
    throw new BispikeError("data", `${series.name}: expected rows to take mean and standard deviation of, got none`);
  }
  const width = series.columns.length;
  const count = to - from;
  const mean = new Float64Array(width);
  const square = new Float64Array(width);
  const constant = new Set(series.columns.keys());
  forEachValue(series, from, to, (value, column) => {
    mean[column]! += value;
    if (value !== series.values[from * width + column]) constant.delete(column);
  });
  for (let column = 0; column < width; column++) mean[column]! /= count;
  // A second pass: the difference of two large sums would lose a small variance.
  forEachValue(series, from, to, (value, column) => {
    square[column]! += (value - mean[column]!) ** 2;
  });
  return {
    mean: [...mean],
    std: Array.from(square, (sum, column) => (constant.has(column) ? 1 : Math.sqrt(sum / count))),
    constant: [...constant],
  };
}

function forEachValue(series: SeriesData, from: number, to: number, visit: (value: number, column: number) => void) {
  const width = series.columns.length;
  for (let row = from; row < to; row++) {
    for (let column = 0; column < width; column++) visit(series.values[row * width + column]!, column);
  }
}

/**
 * Chosen columns of chosen rows, standardised: [row][chosen column].
 *
 * @throws BispikeError "data" when a value is so far from the mean that float32 cannot hold it
 */
export function standardise(
  series: SeriesData,
  columns: readonly number[],
  rows: Range,
  { mean, std }: ColumnStatistics,
): Float32Array {
  const width = series.columns.length;
  const out = new Float32Array(Math.max(0, rows.to - rows.from) * columns.length);
  let at = 0;
  for (let row = rows.from; row < rows.to; row++) {
    for (const column of columns) {
      out[at] = (series.values[row * width + column]! - mean[column]!) / std[column]!;
      if (!Number.isFinite(out[at])) {
        throw new BispikeError(
          "data",
          `${series.name}: row ${row}, column ${JSON.stringify(series.columns[column])}: value ` +
            `${series.values[row * width + column]} cannot be standardised by mean ${mean[column]} and standard ` +
            `deviation ${std[column]}`,
        );
      }
      at++;
    }
  }
  return out;
}

/**
 * Standardised values in original units again: [position][column] with one mean and std a column.
 *
 * @returns a new array
 * @throws BispikeError "shape" when the values are no whole rows
 * @example
 * restore(predicted, [13.3], [8.6]); // degrees
 */
export function restore(values: ArrayLike<number>, mean: readonly number[], std: readonly number[]): Float32Array {
  const width = mean.length;
  if (width === 0 || std.length !== width || values.length % width !== 0) {
    throw new BispikeError(
      "shape",
      `restore: expected rows of as many values as there are means and deviations, got ${values.length} values, ` +
        `${width} means and ${std.length} deviations`,
    );
  }
  return Float32Array.from(values, (value, index) => value * std[index % width]! + mean[index % width]!);
}

// Which positions of a sequence are trained on, held out and tested: one after the other in time, as a random choice
// would put a position's neighbours on the other side.

/** Positions `from` (inclusive) to `to` (exclusive). */
export interface Range {
  /** First position. */
  readonly from: number;
  /** The one after the last. */
  readonly to: number;
}

/** Which elements are trained on, held out and tested, in the order of time. */
export interface PartOptions {
  /** Fraction of the elements, the first ones, to train on and hold out; 0 to 1, default 0.8. The rest is tested. */
  readonly trainPart?: number | undefined;
  /** Fraction of those, their last ones, to hold out; 0 to below 1, default 0.1. */
  readonly validation?: number | undefined;
}

/** Defaults of the division into parts. */
export const partDefaults = { trainPart: 0.8, validation: 0.1 } as const;

export interface Division {
  readonly parts: { readonly train: Range; readonly validation: Range; readonly test: Range };
  /** Elements that training may see, as input or as target. */
  readonly trained: Range;
}

/**
 * Divides `length` elements; counts are rounded down. A position belongs to the part of its element, and is left out
 * where its target, `horizon` elements later, lies in the next part or beyond the end.
 *
 * @throws BispikeError "config" for a fraction out of range
 * @example
 * divide(100, 1, {}).parts; // train 0 to 71, validation 72 to 79, test 80 to 99 (exclusive)
 */
export function divide(length: number, horizon: number, options: PartOptions): Division {
  const { trainPart = partDefaults.trainPart, validation = partDefaults.validation } = options;
  if (!(trainPart >= 0 && trainPart <= 1)) {
    throw new BispikeError("config", `trainPart: expected a fraction from 0 to 1, got ${trainPart}`);
  }
  if (!(validation >= 0 && validation < 1)) {
    throw new BispikeError("config", `validation: expected a fraction from 0 to below 1, got ${validation}`);
  }
  const seen = Math.floor(length * trainPart);
  const trained = seen - Math.floor(seen * validation);
  const part = (from: number, to: number): Range => ({ from, to: Math.max(from, to - horizon) });
  return {
    parts: { train: part(0, trained), validation: part(trained, seen), test: part(seen, length) },
    trained: { from: 0, to: trained },
  };
}

/**
 * First positions of the windows of `window` positions that fit in a range, `stride` apart; empty when none fits.
 *
 * @throws BispikeError "config" unless window and stride are whole numbers from 1
 * @example
 * windowStarts({ from: 10, to: 20 }, 4, 4); // 10, 14
 */
export function windowStarts(range: Range, window: number, stride: number): Int32Array {
  for (const [name, value] of [
    ["window", window],
    ["stride", stride],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) {
      throw new BispikeError("config", `${name}: expected a whole number of positions from 1, got ${value}`);
    }
  }
  const room = range.to - range.from - window;
  const count = room < 0 ? 0 : Math.floor(room / stride) + 1;
  return Int32Array.from({ length: count }, (_, index) => range.from + index * stride);
}
