/** Sets whose every input, target, part and statistic can be written down by hand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnStatistics, divide, restore, type SeriesData, windowStarts } from "../../src/data/sequence/series.ts";

import { forecast, nextSymbol, regression, type SequenceSet } from "../../src/data/sequence/task.ts";
import { textOf } from "../../src/data/sequence/text.ts";
import { BispikeError } from "../../src/errors.ts";

/** Column c of row r: value(r, c). */
function seriesOf(
  rows: number,
  columns: readonly string[],
  value: (row: number, column: number) => number,
): SeriesData {
  const width = columns.length;
  const values = Float32Array.from({ length: rows * width }, (_, at) => value(Math.floor(at / width), at % width));
  return { name: "made", columns, length: rows, values, times: null };
}

const valuesOf = (side: SequenceSet["inputs"]): Float32Array => {
  if (side.kind !== "values") throw new Error("expected values");
  return side.values;
};
const symbolsOf = (side: SequenceSet["inputs"]): Uint16Array => {
  if (side.kind !== "symbols") throw new Error("expected symbols");
  return side.symbols;
};

describe("next symbol", () => {
  it("has each symbol's successor as its target", () => {
    const set = nextSymbol(textOf("greeting", "hello"), { trainPart: 1, validation: 0 });
    expect([...symbolsOf(set.inputs)]).toEqual([1, 0, 2, 2, 3]);
    expect([...symbolsOf(set.targets)]).toEqual([0, 2, 2, 3]);
    expect([set.inputs.width, set.targets.width]).toEqual([4, 4]);
    expect(set.parts).toEqual({ train: { from: 0, to: 4 }, validation: { from: 5, to: 5 }, test: { from: 5, to: 5 } });
  });

  it("trains on the first 72 %, holds out 8 %, tests the rest, by default", () => {
    expect(nextSymbol(textOf("ab", "ab".repeat(50))).parts).toEqual({
      train: { from: 0, to: 71 },
      validation: { from: 72, to: 79 },
      test: { from: 80, to: 99 },
    });
  });
});

describe("regression", () => {
  it("takes the last column from the others in the same row, standardised by the rows trained on", () => {
    // Trained rows 0 to 3: a = 0, 2, 4, 6 has mean 3, std sqrt(5); b = 10, 10, 20, 20 has mean 15, std 5.
    const series = seriesOf(6, ["a", "b"], (row, column) => (column === 0 ? 2 * row : [10, 10, 20, 20, 40, 0][row]!));
    const { set, statistics, inputs, targets } = regression(series, undefined, { trainPart: 4.5 / 6, validation: 0 });
    expect(statistics).toEqual({ mean: [3, 15], std: [Math.sqrt(5), 5], constant: [] });
    expect([inputs, targets]).toEqual([["a"], ["b"]]);
    expect([...valuesOf(set.targets)]).toEqual([-1, -1, 1, 1, 5, -3]);
    expect([...valuesOf(set.inputs)]).toEqual([-3, -1, 1, 3, 5, 7].map((v) => Math.fround(v / Math.sqrt(5))));
    expect(set.parts).toEqual({ train: { from: 0, to: 4 }, validation: { from: 4, to: 4 }, test: { from: 4, to: 6 } });
  });

  it("takes named and numbered targets in the order given", () => {
    const series = seriesOf(10, ["a", "b", "c"], (row, column) => 10 * column + row);
    const { set, inputs, targets } = regression(series, ["c", 0]);
    expect([inputs, targets]).toEqual([["b"], ["c", "a"]]);
    expect([set.inputs.width, set.targets.width]).toEqual([1, 2]);
  });

  it.each([
    [["a", "b"], /regression: expected a column beside the targets/],
    [["z"], /made: targets: there is no column "z"; there are "a", "b"/],
    [[2], /targets: expected a column's place from 0 to 1, got 2/],
    [[1.5], /targets: expected a column's place from 0 to 1, got 1.5/],
    [["a", 0], /targets: column "a" is given twice/],
    [[], /targets: expected a column, got an empty list/],
  ])("refuses targets %j", (targets, message) => {
    const series = seriesOf(10, ["a", "b"], (row) => row);
    expect(() => regression(series, targets)).toThrow(message);
    expect(() => regression(series, targets)).toThrow(BispikeError);
  });
});

describe("forecast", () => {
  it("has the target column `horizon` rows later, and all columns as input", () => {
    const series = seriesOf(20, ["a", "b"], (row, column) => (column === 0 ? row : 100 + row));
    const { set, statistics } = forecast(series, ["b"], 3);
    const inB = restore(valuesOf(set.inputs), statistics.mean, statistics.std);
    const outB = restore(valuesOf(set.targets), [statistics.mean[1]!], [statistics.std[1]!]);
    expect(inB.length).toBe(40);
    expect(outB.length).toBe(17);
    outB.forEach((value, n) => {
      expect(value).toBeCloseTo(100 + n + 3, 4);
      expect(inB[2 * n]).toBeCloseTo(n, 4);
      expect(inB[2 * n + 1]).toBeCloseTo(100 + n, 4);
    });
    // 16 rows to train on and hold out, of which 1; each part loses the 3 positions whose targets are beyond it.
    expect(set.parts).toEqual({
      train: { from: 0, to: 12 },
      validation: { from: 15, to: 15 },
      test: { from: 16, to: 17 },
    });
  });

  it("works on one column, and refuses a horizon of 0", () => {
    const series = seriesOf(20, ["a"], (row) => row % 3);
    expect(forecast(series, undefined, 1).set.inputs.width).toBe(1);
    expect(() => forecast(series, undefined, 0)).toThrow(/expected a horizon of 1 row or more, got 0/);
  });
});

describe("leaks", () => {
  it("changes nothing that training sees when later rows change, unless asked to standardise over all", () => {
    const value = (row: number, column: number): number => Math.sin(3 * row + column);
    const one = seriesOf(100, ["a", "b"], value);
    const other = seriesOf(100, ["a", "b"], (row, column) => (row < 72 ? value(row, column) : 1e6));
    const seen = (series: SeriesData, standardise: "train" | "all"): number[] => {
      const { set } = forecast(series, undefined, 5, { standardise });
      const { to } = set.parts.train;
      return [...valuesOf(set.inputs).subarray(0, 2 * to), ...valuesOf(set.targets).subarray(0, to)];
    };
    expect(seen(one, "train")).toEqual(seen(other, "train"));
    expect(seen(one, "all")).not.toEqual(seen(other, "all"));
  });

  it("keeps every window's positions and targets inside its part", () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.nat(20),
        fraction,
        fraction.filter((part) => part < 1),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (length, horizon, trainPart, validation, window, stride) => {
          const { parts, trained } = divide(length, horizon, { trainPart, validation });
          const seen = Math.floor(length * trainPart);
          const bounds = { train: [0, trained.to], validation: [trained.to, seen], test: [seen, length] } as const;
          for (const part of ["train", "validation", "test"] as const) {
            const [from, to] = bounds[part];
            for (const start of windowStarts(parts[part], window, stride)) {
              expect(start).toBeGreaterThanOrEqual(from);
              expect(start + window - 1 + horizon).toBeLessThan(to);
            }
          }
        },
      ),
    );
  });
});

describe("windows", () => {
  it("fill a range from its start", () => {
    expect([...windowStarts({ from: 10, to: 20 }, 4, 4)]).toEqual([10, 14]);
    expect([...windowStarts({ from: 10, to: 20 }, 4, 1)]).toEqual([10, 11, 12, 13, 14, 15, 16]);
    expect([...windowStarts({ from: 10, to: 14 }, 4, 9)]).toEqual([10]);
    expect([...windowStarts({ from: 10, to: 13 }, 4, 1)]).toEqual([]);
  });

  it.each([
    [0, 1],
    [1, 0],
    [1.5, 1],
    [1, Number.NaN],
  ])("refuses window %d, stride %d", (window, stride) => {
    expect(() => windowStarts({ from: 0, to: 9 }, window, stride)).toThrow(
      /expected a whole number of positions from 1/,
    );
  });
});

describe("parts", () => {
  it.each([
    [{ trainPart: 1.1 }, /trainPart: expected a fraction from 0 to 1, got 1.1/],
    [{ trainPart: Number.NaN }, /trainPart/],
    [{ validation: 1 }, /validation: expected a fraction from 0 to below 1, got 1/],
  ])("refuses %j", (options, message) => {
    expect(() => divide(10, 0, options)).toThrow(message);
  });
});

describe("standardise", () => {
  it("reports a constant column and leaves its scale alone", () => {
    const series = seriesOf(10, ["a", "b"], (row, column) => (column === 0 ? 0.1 + (row < 7 ? 0 : 3) : row));
    const { statistics, set } = regression(series, ["b"], { validation: 0, trainPart: 0.7 });
    expect(statistics.constant).toEqual([0]);
    expect(statistics.std[0]).toBe(1);
    expect(valuesOf(set.inputs)[0]).toBeCloseTo(0, 6);
    expect(valuesOf(set.inputs)[9]).toBeCloseTo(3, 6);
  });

  it("loses no small variance beside a large mean", () => {
    const series = seriesOf(4, ["a"], (row) => 1_000_000 + 0.5 * (row % 2));
    expect(columnStatistics(series, { from: 0, to: 4 })).toEqual({ mean: [1_000_000.25], std: [0.25], constant: [] });
  });

  it("refuses no rows, and values that overflow", () => {
    const series = seriesOf(4, ["a"], (row) => (row < 3 ? row * 1e-38 : 3e38));
    expect(() => columnStatistics(series, { from: 2, to: 2 })).toThrow(/expected rows to take mean/);
    expect(() => forecast(series, undefined, 1, { trainPart: 0.75, validation: 0 })).toThrow(
      /row 3, column "a": value .* cannot be standardised/,
    );
  });

  it("goes back to original units", () => {
    expect([...restore([0, 1, -1, 2], [10, 100], [2, 30])]).toEqual([10, 130, 8, 160]);
    expect(() => restore([1, 2, 3], [1, 2], [1, 2])).toThrow(/3 values, 2 means and 2 deviations/);
  });
});
