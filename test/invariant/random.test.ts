/** Streams repeat for equal names, differ for unequal ones, and are uniform. All seeds are fixed: no flaky statistics. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { permutation, RandomStream, streamKey } from "../../src/engine/random.ts";
import { BispikeError } from "../../src/errors.ts";

function draw(seed: number, purpose: string, counter: number, count: number): number[] {
  const stream = new RandomStream(seed, purpose, counter);
  return Array.from({ length: count }, () => stream.uniform());
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  a.forEach((value, index) => {
    const [da, db] = [value - meanA, (b[index] ?? 0) - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  });
  return ab / Math.sqrt(aa * bb);
}

describe("streams", () => {
  const seed = fc.maxSafeNat();

  it("repeat for the same seed, purpose and counter", () => {
    fc.assert(
      fc.property(seed, fc.string(), fc.maxSafeNat(), (s, purpose, counter) => {
        expect(draw(s, purpose, counter, 9)).toEqual(draw(s, purpose, counter, 9));
      }),
    );
  });

  it("do not depend on how the draws are grouped", () => {
    const whole = new Float32Array(50);
    new RandomStream(4, "init").fillUniform(whole, -1, 1);
    const parts = new Float32Array(50);
    const stream = new RandomStream(4, "init");
    for (const [from, to] of [
      [0, 3],
      [3, 4],
      [4, 31],
      [31, 50],
    ] as const) {
      stream.fillUniform(parts.subarray(from, to), -1, 1);
    }
    expect(parts).toEqual(whole);
  });

  it("share no number at the same place, nor shifted, across purposes, seeds and counters", () => {
    const names: [number, string, number][] = [
      [0, "init", 0],
      [0, "init", 1],
      [0, "init", 2 ** 32],
      [1, "init", 0],
      [2 ** 32, "init", 0],
      [2 ** 52, "init", 0],
      [0, "shuffle", 0],
      [0, "init/1", 0],
      [0, "init/2", 0],
      [0, "", 0],
      [0, "\u0000", 0],
      [0, "init\u0000", 0],
      [0, "a".repeat(15), 0],
      [0, "a".repeat(16), 0],
      [0, "a".repeat(17), 0],
      [0, "tini", 0],
    ];
    const seen = new Map<number, string>();
    for (const [s, purpose, counter] of names) {
      const stream = new RandomStream(s, purpose, counter);
      let [first, second] = [stream.nextU32(), stream.nextU32()];
      for (let index = 0; index < 64; index++) {
        const pair = first * 2 ** 20 + (second >>> 12); // 52 bits: a chance repeat among 1024 is below 1e-9
        expect(seen.get(pair), `${s} ${purpose} ${counter}`).toBeUndefined();
        seen.set(pair, purpose);
        [first, second] = [second, stream.nextU32()];
      }
    }
  });

  it("are uncorrelated between purposes, seeds and counters", () => {
    const count = 10_000;
    const base = draw(1, "init", 0, count);
    for (const other of [draw(1, "shuffle", 0, count), draw(2, "init", 0, count), draw(1, "init", 1, count)]) {
      expect(Math.abs(correlation(base, other))).toBeLessThan(4 / Math.sqrt(count));
    }
  });

  it("give every bit of the seed and every character of the purpose a say", () => {
    const keys = new Set<string>();
    for (let bit = 0; bit < 53; bit++) keys.add(String(streamKey(2 ** bit, "init")));
    for (let at = 0; at < 40; at++) keys.add(String(streamKey(0, `${"x".repeat(at)}y${"x".repeat(39 - at)}`)));
    expect(keys.size).toBe(93);
  });
});

describe("uniform", () => {
  it("is exact in float32, in [0, 1), with flat bins and the mean of a uniform", () => {
    const values = draw(3, "bins", 0, 64_000);
    const bins = new Array<number>(64).fill(0);
    let sum = 0;
    for (const value of values) {
      if (value < 0 || value >= 1 || Math.fround(value) !== value) expect.fail(`bad value ${value}`);
      const bin = Math.floor(value * 64);
      bins[bin] = (bins[bin] ?? 0) + 1;
      sum += value;
    }
    expect(Math.abs(sum / values.length - 0.5)).toBeLessThan(0.005);
    const chiSquare = bins.reduce((total, count) => total + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(120); // 63 degrees of freedom: mean 63, standard deviation 11
    expect(chiSquare).toBeGreaterThan(25);
  });
});

describe("permutation", () => {
  it("holds every index once and repeats", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(300), (seed, n) => {
        const order = permutation(seed, "shuffle", 2, n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, index) => index));
        expect(permutation(seed, "shuffle", 2, n)).toEqual(order);
      }),
    );
  });

  it("reaches each of the 24 orders of four equally often", () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 24_000; epoch++) {
      const order = permutation(9, "shuffle", epoch, 4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const chiSquare = [...counts.values()].reduce((total, count) => total + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(55); // 23 degrees of freedom: mean 23, standard deviation 6.8
  });

  it("draws bounded integers without the bias of a plain remainder", () => {
    // With bound 3 * 2^30 a remainder would hit the lowest third half of the time.
    const stream = new RandomStream(5, "below");
    const bound = 3 * 2 ** 30;
    let low = 0;
    for (let index = 0; index < 6000; index++) if (stream.below(bound) < 2 ** 30) low++;
    expect(Math.abs(low / 6000 - 1 / 3)).toBeLessThan(0.03);
  });
});

describe("faults", () => {
  it.each([
    ["config", () => streamKey(-1, "x")],
    ["config", () => streamKey(1.5, "x")],
    ["config", () => streamKey(2 ** 53, "x")],
    ["config", () => new RandomStream(Number.NaN, "x")],
    ["usage", () => new RandomStream(0, "x", -1)],
    ["usage", () => new RandomStream(0, "x", 0.5)],
    ["usage", () => permutation(0, "x", 0, -1)],
    ["usage", () => permutation(0, "x", 0, 2 ** 32)],
    ["usage", () => new RandomStream(0, "x").below(0)],
    ["usage", () => new RandomStream(0, "x").fillUniform(new Float32Array(1), 1, 0)],
    ["usage", () => new RandomStream(0, "x").fillUniform(new Float32Array(1), 0, Number.POSITIVE_INFINITY)],
    ["usage", () => new RandomStream(0, "x").fillUniform(new Float32Array(1), Number.NaN, 0)],
  ] as const)("is a typed %s error (%#)", (code, run) => {
    let caught: unknown;
    try {
      run();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(BispikeError);
    expect((caught as BispikeError).code).toBe(code);
  });
});
