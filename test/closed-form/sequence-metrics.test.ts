/** Figures of predicted sequences that can be worked out by hand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SequenceSet, SeriesSummary, TextSummary } from "../../src/data/sequence/task.ts";

import { coverOnce, ErrorSums, evaluateSequence, naiveForecasts, scoreOf } from "../../src/measure/sequence.ts";

import type { SequenceLearner } from "../../src/rules/rule.ts";

/** A net that says of position n what `say` does, with rows of 16 floats as the engine has them. */
function saying(window: number, maxRows: number, say: (position: number) => readonly number[]): SequenceLearner {
  let starts: number[] = [];
  return {
    window,
    maxRows,
    load: (_set: SequenceSet, all: Int32Array, from: number, count: number) => {
      starts = [...all.subarray(from, from + count)];
    },
    predict: () => {
      const view = new Float32Array(window * starts.length * 16);
      for (let n = 0; n < window; n++)
        for (const [row, start] of starts.entries()) view.set(say(start + n), (n * starts.length + row) * 16);
      return { view, stride: 16 };
    },
  } as unknown as SequenceLearner;
}

describe("coverOnce", () => {
  it("lays windows side by side, the last one back from the end", () => {
    expect(coverOnce({ from: 10, to: 20 }, 4)).toEqual({
      starts: Int32Array.of(10, 14, 16),
      skip: Int32Array.of(0, 0, 2),
    });
    expect(coverOnce({ from: 0, to: 8 }, 4)).toEqual({ starts: Int32Array.of(0, 4), skip: Int32Array.of(0, 0) });
    expect(coverOnce({ from: 0, to: 3 }, 4).starts).toHaveLength(0);
  });

  it("shows every position once, and none beyond the range", () => {
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (from, length, window) => {
          fc.pre(length >= window);
          const { starts, skip } = coverOnce({ from, to: from + length }, window);
          const seen: number[] = [];
          starts.forEach((start, k) => {
            expect(start + window).toBeLessThanOrEqual(from + length);
            for (let n = skip[k]!; n < window; n++) seen.push(start + n);
          });
          expect(seen).toEqual(Array.from({ length }, (_, n) => from + n));
        },
      ),
    );
  });
});

describe("errors of values", () => {
  it("of each target and over all, standardised and in own units", () => {
    const sums = new ErrorSums(2);
    sums.add([9, 1, 2], 1, [0, 0, 0, 5], 2);
    sums.add([9, -1, 2], 1, [0, 0, 2, 2], 2);
    // Errors: 1 and -3 of the first, -3 and 0 of the second.
    const figures = sums.figures(["a", "b"], [10, 0.5]);
    const a = { mse: 5, mae: 2, rmse: Math.sqrt(5) };
    const b = { mse: 4.5, mae: 1.5, rmse: Math.sqrt(4.5) };
    expect(figures.targets).toEqual([
      { name: "a", ...a, original: { mse: 500, mae: 20, rmse: Math.sqrt(500) } },
      { name: "b", ...b, original: { mse: 1.125, mae: 0.75, rmse: Math.sqrt(1.125) } },
    ]);
    expect(figures).toMatchObject({ mse: 4.75, mae: 1.75, rmse: Math.sqrt(4.75) });
    expect(figures.original).toEqual({ mse: 250.5625, mae: 10.375, rmse: Math.sqrt(250.5625) });
  });
});

describe("characters", () => {
  const symbols = Uint16Array.of(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1);
  const whole = { from: 0, to: 11 };
  const set: SequenceSet = {
    name: "abc",
    inputs: { kind: "symbols", width: 3, symbols },
    targets: { kind: "symbols", width: 3, symbols },
    parts: { train: whole, validation: whole, test: whole },
  };
  const about = { kind: "text", alphabet: ["a", "b", "c"] } as unknown as TextSummary;

  it("all alike: one third of log2 3 bits each, and the first symbol is taken", async () => {
    const measured = await evaluateSequence(
      saying(4, 2, () => [7, 7, 7]),
      set,
      about,
      whole,
    );
    expect(measured).toMatchObject({ kind: "characters", positions: 11, accuracy: 4 / 11, rates: [] });
    expect(measured.kind === "characters" && measured.bits).toBeCloseTo(Math.log2(3), 12);
    expect(scoreOf(measured)).toBe(4 / 11);
  });

  it("each position is judged once and by its own output", async () => {
    // Sure and right but at position 8, where all weight but e^-5 each is on the first symbol; columns past the alphabet do not count.
    const say = (position: number) => {
      const logits = [0, 0, 0, 99];
      logits[position === 8 ? 0 : symbols[position]!] = position === 8 ? 5 : 800;
      return logits;
    };
    const measured = await evaluateSequence(saying(4, 2, say), set, about, whole);
    expect(measured).toMatchObject({ accuracy: 10 / 11 });
    const missed = Math.log2((Math.exp(5) + 2) / 1);
    expect(measured.kind === "characters" && measured.bits).toBeCloseTo(missed / 11, 12);
  });

  it("a range, and not what is outside it", async () => {
    const seen = new Set<number>();
    const say = (position: number) => {
      seen.add(position);
      return [1, 0, 0];
    };
    expect(await evaluateSequence(saying(2, 8, say), set, about, { from: 3, to: 8 })).toMatchObject({
      positions: 5,
      accuracy: 2 / 5,
    });
    expect([...seen].sort()).toEqual([3, 4, 5, 6, 7]);
  });
});

describe("values", () => {
  const about = {
    kind: "series",
    columns: ["a", "OT"],
    inputs: ["a", "OT"],
    targets: ["OT"],
    mean: [0, 100],
    std: [1, 4],
  } as unknown as SeriesSummary;
  // OT doubles; its target is the next one.
  const set: SequenceSet = {
    name: "powers",
    inputs: { kind: "values", width: 2, values: Float32Array.of(0, 1, 0, 2, 0, 4, 0, 8) },
    targets: { kind: "values", width: 1, values: Float32Array.of(2, 4, 8, 16) },
    parts: { train: { from: 0, to: 2 }, validation: { from: 2, to: 2 }, test: { from: 2, to: 4 } },
  };

  it("of a net", async () => {
    const measured = await evaluateSequence(
      saying(2, 8, (n) => [2 ** n, 50]),
      set,
      about,
      { from: 0, to: 4 },
    );
    // Errors 1, 2, 4, 8.
    expect(measured).toMatchObject({ kind: "values", positions: 4, mse: 85 / 4, mae: 15 / 4 });
    expect(measured).toMatchObject({ original: { mse: (16 * 85) / 4, mae: 15 } });
    expect(scoreOf(measured)).toBe(-85 / 4);
  });

  it("of naive forecasts: the mean of the targets trained on, and no change", () => {
    const { mean, persistence } = naiveForecasts(set, about, set.parts.test);
    expect(mean).toMatchObject({ mse: (25 + 169) / 2, mae: 9 });
    expect(persistence).toMatchObject({ mse: (16 + 64) / 2, mae: 6, original: { mae: 24 } });
    expect(naiveForecasts(set, { ...about, inputs: ["a", "b"] }, set.parts.test).persistence).toBeNull();
    const symbols = { kind: "symbols", width: 3, symbols: Uint16Array.of(0, 1, 2, 0) } as const;
    const text = { ...set, inputs: symbols, targets: symbols };
    expect(() => naiveForecasts(text, about, set.parts.test)).toThrow(/expected a set of values, got powers/);
  });
});
