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
