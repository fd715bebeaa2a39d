/** Missing values: refused with their place, or filled by the rule that was asked for. */
import { describe, expect, it } from "vitest";
import { fillGaps, type GapOptions } from "../../src/data/sequence/assemble.ts";
import type { RawSeries } from "../../src/data/sequence/series.ts";

const none = Number.NaN;

function rawOf(columns: readonly (readonly number[])[], lines: readonly number[] | null = null): RawSeries {
  const length = columns[0]!.length;
  const width = columns.length;
  const values = Float32Array.from(
    { length: length * width },
    (_, at) => columns[at % width]![Math.floor(at / width)]!,
  );
  return { name: "x.csv", columns: columns.map((_, index) => `c${index}`), length, values, times: null, lines };
}

const fill = (column: readonly number[], options: GapOptions): readonly [number[], number] => {
  const { series, filled } = fillGaps(rawOf([column]), options);
  return [[...series.values], filled];
};

describe("gaps", () => {
  it("lays a line between neighbours, and takes the nearest value at the ends", () => {
    expect(fill([none, none, 1, none, none, none, 3, 5, none], { fill: "interpolate" })).toEqual([
      [1, 1, 1, 1.5, 2, 2.5, 3, 5, 5],
      6,
    ]);
  });

  it("repeats the value before, and at the start takes the first", () => {
    expect(fill([none, 1, none, none, 3, none], { fill: "previous" })).toEqual([[1, 1, 1, 1, 3, 3], 4]);
  });

  it("takes a declared value as missing, in float32 as the series has it", () => {
    expect(fill([0, 1, 0, 3], { fill: "interpolate", missing: 0 })).toEqual([[1, 1, 2, 3], 2]);
    expect(fill([1, -99.9, 3], { fill: "interpolate", missing: -99.9 })).toEqual([[1, 2, 3], 1]);
    expect(fill([0, 1], {})).toEqual([[0, 1], 0]);
  });

  it("fills each column by itself and leaves the input alone", () => {
    const raw = rawOf([
      [1, none, 3],
      [none, 5, 6],
    ]);
    expect([...fillGaps(raw, { fill: "interpolate" }).series.values]).toEqual([1, 5, 2, 5, 3, 6]);
    expect(raw.values[2]).toBeNaN();
  });

  it("names the first missing value's row, line and column, and how many there are", () => {
    const raw = rawOf(
      [
        [1, 2, 3],
        [4, none, none],
      ],
      [2, 3, 5],
    );
    expect(() => fillGaps(raw)).toThrow(
      'x.csv: row 1 (line 3), column "c1": the value is missing, the first of 2; fill them with fill: interpolate or previous',
    );
    expect(() => fillGaps(rawOf([[1, 0]]), { missing: 0 })).toThrow(/row 1, column "c0": the value is missing/);
  });

  it("refuses infinities and columns without any value", () => {
    expect(() => fillGaps(rawOf([[1, Number.NEGATIVE_INFINITY]]))).toThrow(
      /row 1, column "c0": expected a number up to/,
    );
    expect(() => fillGaps(rawOf([[none, none]]), { fill: "previous" })).toThrow(
      /column "c0": expected values, all 2 are missing; leave it out/,
    );
  });
});
