/**
 * Standardised columns and back:
 *
 *     z = (x - mean) / std        x = z std + mean
 *
 * with the mean and population standard deviation of chosen rows.
 */
import { BispikeError } from "../../errors.ts";
import type { Range } from "./parts.ts";
import type { SeriesData } from "./series.ts";

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
