/** How rows that recall reconstructs become symbols and values, where the rows are given: means, shares, the likeliest scale and least squares by hand. */
import { describe, expect, test } from "vitest";
import type { SequenceSet } from "../../src/data/sequence/task.ts";
import type { SequenceBsd } from "../../src/problems/sequence.ts";
import {
  fitColumns,
  fitSymbols,
  reconstructSymbols,
  reconstructValues,
} from "../../src/problems/sequence-reconstruct.ts";

const STRIDE = 16;

/** Reconstructs `rows[n]` at element n, two windows of `window` elements at once, and notes which it was shown. */
function reconstructing(rows: readonly (readonly number[])[], window: number) {
  const shown: number[] = [];
  let loaded: number[] = [];
  const learner = {
    ...{ window, maxRows: 2 },
    load: (_set: SequenceSet, starts: Int32Array, from: number, count: number) => {
      loaded = [...starts.subarray(from, from + count)];
      shown.push(...loaded);
    },
    reconstruct: () => {
      const view = new Float32Array(window * loaded.length * STRIDE).fill(99);
      for (let n = 0; n < window; n++)
        for (const [b, start] of loaded.entries()) view.set(rows[start + n]!, (n * loaded.length + b) * STRIDE);
      return { view, stride: STRIDE };
    },
  };
  return { learner: learner as unknown as SequenceBsd, shown };
}

const setOf = (inputs: SequenceSet["inputs"]) =>
  ({ name: "given", inputs, targets: {}, parts: {} }) as unknown as SequenceSet;
const symbolsOf = (width: number, symbols: readonly number[]) =>
  setOf({ kind: "symbols", width, symbols: Uint16Array.from(symbols) });

describe("symbols", () => {
  const [a, b] = [
    [1, 0],
    [0, 1],
  ];
  // Of four rows of each kind three are right.
  const rows = [a, b, a, b, b, a, a, b] as number[][];
  const truth = [0, 1, 0, 1, 0, 1, 0, 1];
  const starts = Int32Array.of(0, 2, 4, 6);

  test("the likeliest scale says what share of the rows is right", () => {
    const { learner } = reconstructing(rows, 2);
    const fit = fitSymbols(learner, symbolsOf(2, truth), starts, true)!;
    expect([...fit.mean]).toEqual([0.5, 0.5]);
    for (const share of fit.logShares) expect(share).toBeCloseTo(Math.log(0.5), 12);
    // softmax of +-scale / sqrt(2) is 3/4.
    expect(fit.scale).toBeCloseTo(Math.log(3) / Math.SQRT2, 6);
  });

  test("rows that say nothing have a scale of 0, and those that are always right the largest", () => {
    const scaleOf = (symbols: readonly number[]) =>
      fitSymbols(reconstructing(rows, 2).learner, symbolsOf(2, symbols), starts, true)!.scale;
    expect(scaleOf([0, 1, 1, 0, 0, 1, 0, 1])).toBeCloseTo(0, 6);
    expect(scaleOf(rows.map(([first]) => 1 - first!))).toBeGreaterThan(10);
  });

  test("shares are of all windows, and a symbol that does not occur counts once", () => {
    const fit = fitSymbols(
      reconstructing(
        rows.map((row) => [...row, 0]),
        2,
      ).learner,
      symbolsOf(3, [0, 0, 0, 1, 0, 1, 0, 0]),
      starts,
      true,
    )!;
    const wanted = [6, 2, 1].map((count) => Math.log(count / 8));
    for (const [c, share] of fit.logShares.entries()) expect(share).toBeCloseTo(wanted[c]!, 12);
  });

  test("rows that are not centred while learning are taken as they are", () => {
    const { learner } = reconstructing(rows, 2);
    const set = symbolsOf(2, truth);
    expect(fitSymbols(learner, set, starts, false)).toBeUndefined();
    expect([...reconstructSymbols(learner, set, starts, undefined)]).toEqual(rows.map(([first]) => 1 - first!));
  });

  test("a row counts by its direction from the mean, beside how common each symbol is", () => {
    const drawn = [
      [3, 4.1],
      [30, 21],
      [3, 14],
      [4, 4],
    ];
    const { learner } = reconstructing(drawn, 2);
    const fit = { mean: Float64Array.of(2, 3), scale: 2, logShares: Float64Array.of(0, -1) };
    // (1, 1.1): 2 (0.67 - 0.74) + 1 > 0; (28, 18); (1, 11): 2 (0.09 - 1) + 1 < 0; (2, 1).
    expect([...reconstructSymbols(learner, symbolsOf(2, truth), Int32Array.of(0, 2), fit)]).toEqual([0, 0, 1, 0]);
  });

  test("of many windows every so many are looked at, evenly; shares are still of all", () => {
    const many = Array.from({ length: 600 }, (_, n) => [n % 2, 1 - (n % 2)]);
    const { learner, shown } = reconstructing(many, 1);
    // Those looked at are all of the first symbol.
    const symbols = many.map((_, n) => Math.min(1, n % 3));
    const starts = Int32Array.from({ length: 600 }, (_, n) => n);
    const fit = fitSymbols(learner, symbolsOf(2, symbols), starts, true)!;
    expect(shown).toEqual(Array.from({ length: 200 }, (_, k) => 3 * k));
    for (const value of fit.mean) expect(value).toBeCloseTo(0.5, 12);
    for (const [c, share] of fit.logShares.entries()) expect(share).toBeCloseTo(Math.log((c + 1) / 3), 12);
  });
});

test("values: each column by its own least squares, one that is always drawn alike by its mean", () => {
  const drawn = [1, 4, -2, 0.5, 3, 7].map((x) => [x, 5]);
  const truth = drawn.flatMap(([x], n) => [2 * x! - 1, n]);
  const set = setOf({ kind: "values", width: 2, values: Float32Array.from(truth) });
  const starts = Int32Array.of(0, 2, 4);
  const fits = fitColumns(reconstructing(drawn, 2).learner, set, starts);
  expect(fits[0]!.scale).toBeCloseTo(2, 6);
  expect(fits[0]!.offset).toBeCloseTo(-1, 6);
  expect(fits[1]).toEqual({ scale: 0, offset: 2.5 });
  const values = reconstructValues(reconstructing(drawn, 2).learner, set, Int32Array.of(4, 0), fits);
  const wanted = [4, 5, 0, 1].flatMap((n) => [truth[2 * n]!, 2.5]);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(wanted[i]!, 5);
});
