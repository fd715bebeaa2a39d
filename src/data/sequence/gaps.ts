/** Missing values of a series: refused by default, or filled in by a named rule. */
import { BispikeError } from "../../errors.ts";
import { describeCell, MAX_FLOAT32, type RawSeries, type SeriesData } from "./series.ts";

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
