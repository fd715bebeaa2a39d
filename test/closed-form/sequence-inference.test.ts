/** Drawing symbols, chance levels, fits and tables, by hand. */
import { describe, expect, it } from "vitest";
import { parseCsv, roundRestored, writeCsv } from "../../src/data/sequence/csv.ts";
import { shareRight } from "../../src/measure/reconstruction.ts";
import { Moments } from "../../src/problems/sequence-reconstruct.ts";
import type { Stepper } from "../../src/problems/sequence-stepper.ts";
import { drawSymbol, firstSymbol, generateSymbols, predictSeries } from "../../src/problems/sequence-stepper.ts";

describe("drawing a symbol", () => {
  const logits = [Math.log(0.2), Math.log(0.5), Math.log(0.3)];

  it("takes the first whose cumulative probability passes the chance", () => {
    const drawn = [0, 0.19, 0.21, 0.69, 0.71, 0.999999].map((chance) => drawSymbol(logits, 1, chance));
    expect(drawn).toEqual([0, 0, 1, 1, 2, 2]);
  });

  it("squares probabilities at half the temperature: 4, 25 and 9 of 38", () => {
    const edges = [4 / 38 - 0.001, 4 / 38 + 0.001, 29 / 38 - 0.001, 29 / 38 + 0.001];
    expect(edges.map((chance) => drawSymbol(logits, 0.5, chance))).toEqual([0, 1, 1, 2]);
  });

  it("never draws what has no probability, and stands any logits", () => {
    expect(drawSymbol([-1e30, 5, -1e30], 1, 0)).toBe(1);
    expect(drawSymbol([1e30, 5, 1e30], 0.001, 0.9999999)).toBe(2);
  });
});

describe("generating", () => {
  /** Says that the next symbol is the one after this, of 5. */
  class Counting implements Stepper {
    heard: number[] = [];
    reset(): void {
      this.heard = [];
    }
    next(element: unknown): Float32Array {
      this.heard.push(element as number);
      return Float32Array.from({ length: 5 }, (_, c) => (c === ((element as number) + 1) % 5 ? 40 : 0));
    }
  }

  it("shows the prompt, then each drawn symbol but the last", () => {
    const stepper = new Counting();
    stepper.next(4);
    expect([...generateSymbols(stepper, [1, 2], { length: 4 })]).toEqual([3, 4, 0, 1]);
    expect(stepper.heard).toEqual([1, 2, 3, 4, 0]);
    expect([...generateSymbols(stepper, [0], { length: 3, greedy: true })]).toEqual([1, 2, 3]);
  });

  it("refuses an empty prompt and temperatures that are not above 0", () => {
    for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => generateSymbols(new Counting(), [0], { length: 1, temperature })).toThrow(/temperature: expected/);
    expect(() => generateSymbols(new Counting(), [], { length: 1 })).toThrow(/prompt: expected a symbol/);
  });

  it("starts from a line's end, else a space, else the first character", () => {
    expect(firstSymbol(["\t", "\n", " ", "a"])).toBe(1);
    expect(firstSymbol(["!", " ", "a"].sort())).toBe(0);
    expect(firstSymbol(["a", "b"])).toBe(0);
  });
});

describe("reconstructed symbols against chance", () => {
  it("counts what is right, and what all orders give on average", () => {
    // aabb against abbb: 3 of 4; in random order each b of 3 meets a b half the time, the a meets an a half the time.
    expect(shareRight(Uint16Array.of(0, 1, 1, 1), Uint16Array.of(0, 0, 1, 1), 2)).toEqual({
      ...{ positions: 4, right: 0.75, shuffled: 0.5 },
    });
    expect(shareRight(Uint16Array.of(2, 2), Uint16Array.of(0, 1), 3)).toMatchObject({ right: 0, shuffled: 0 });
  });
});

describe("the fit of a reconstructed column", () => {
  it("finds scale and offset, whatever the mean", () => {
    const moments = new Moments();
    for (const x of [1e6, 1e6 + 1, 1e6 + 2]) moments.add(x, 3 * (x - 1e6) - 7);
    expect(moments.fit().scale).toBeCloseTo(3, 6);
    expect(moments.fit().scale * (1e6 + 1) + moments.fit().offset).toBeCloseTo(-4, 6);
    expect(moments.correlation()).toBeCloseTo(1, 9);
  });

  it("is the mean alone where nothing was reconstructed", () => {
    const moments = new Moments();
    for (const y of [1, 2, 6]) moments.add(0, y);
    expect(moments.fit()).toEqual({ scale: 0, offset: 3 });
    expect(moments.correlation()).toBe(0);
  });
});

describe("tables", () => {
  it("quote what must be quoted, and are read back", () => {
    const text = writeCsv(
      ["row", 'a "b", c'],
      [
        [0, 1.5],
        [1, -2],
      ],
    );
    expect(text).toBe('row,"a ""b"", c"\n0,1.5\n1,-2\n');
    const { columns, values } = parseCsv(new TextEncoder().encode(text), "x.csv", { timeColumn: false });
    expect([columns, [...values]]).toEqual([
      ["row", 'a "b", c'],
      [0, 1.5, 1, -2],
    ]);
    expect(writeCsv(["a", "b"], [[null, 1]])).toBe("a,b\n,1\n");
  });

  it("show the decimals that a float32 of the column's size has", () => {
    expect(roundRestored(Math.fround(13.3), 13.3, 8.6)).toBe(13.3);
    expect(roundRestored(3.2e-8, 2.1, 1.4)).toBe(0);
    expect(Object.is(roundRestored(-3.2e-8, 2.1, 1.4), 0)).toBe(true);
    expect(roundRestored(Math.fround(1.234567e-9), 0, 2e-9)).toBe(1.234567e-9);
    expect(roundRestored(123456792.4, 123456000, 1)).toBe(123456792);
  });
});

describe("predicting a series", () => {
  /** Says how many rows it has heard since it was reset, and the newest. */
  class Hearing implements Stepper {
    heard = 0;
    reset(): void {
      this.heard = 0;
    }
    next(row: unknown): Float32Array {
      this.heard++;
      return Float32Array.of(this.heard, (row as ArrayLike<number>)[0]!);
    }
  }

  /** Ten rows n, whose targets are known up to those of row 7. */
  const values = (count: number, width: number) => Float32Array.from({ length: count * width }, (_, i) => i);
  const part = { from: 0, to: 0 };
  const set = {
    name: "given",
    inputs: { kind: "values", width: 1, values: values(10, 1) },
    targets: { kind: "values", width: 2, values: values(8, 2) },
    parts: { train: part, validation: part, test: part },
  } as const;
  const predicted = (from: number, to: number, past: number) => {
    const { rows, predicted, truth } = predictSeries(new Hearing(), set, { from, to }, { horizon: 2, past });
    return { rows: [...rows], predicted: [...predicted], truth: [...truth] };
  };

  it("shows the rows before first, and predicts each of the range from all that came before", () => {
    expect(predicted(4, 6, 3)).toEqual({ rows: [6, 7], predicted: [4, 4, 5, 5], truth: [8, 9, 10, 11] });
    expect(predicted(4, 6, 0)).toEqual({ rows: [6, 7], predicted: [1, 4, 2, 5], truth: [8, 9, 10, 11] });
    // Fewer come before than were asked for.
    expect(predicted(1, 2, 5)).toEqual({ rows: [3], predicted: [2, 1], truth: [2, 3] });
  });

  it("goes on beyond what is known where the range ends there", () => {
    expect(predicted(7, 8, 1)).toEqual({ rows: [9, 10, 11], predicted: [2, 7, 3, 8, 4, 9], truth: [14, 15] });
  });

  it("refuses a range that is not there", () => {
    for (const [from, to] of [
      [-1, 2],
      [3, 9],
      [5, 5],
    ] as const)
      expect(() => predicted(from, to, 0)).toThrow(`given: expected positions of 0 to 8, got ${from} to ${to}`);
  });
});
