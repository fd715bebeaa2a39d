/** Statistics where the answer has a formula, or can be counted out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import {
  holm,
  incompleteBeta,
  leastSignedRankP,
  pairedT,
  signedRank,
  spreadOf,
  studentT,
  twoSidedT,
} from "../../src/measure/statistics.ts";

const share = () => fc.double({ min: 0, max: 1, noNaN: true });

describe("incomplete beta", () => {
  it("is x^a for b = 1, and for whole parameters a binomial's tail", () => {
    fc.assert(
      fc.property(share(), fc.double({ min: 0.05, max: 80, noNaN: true }), (x, a) => {
        expect(Math.abs(incompleteBeta(a, 1, x) - x ** a)).toBeLessThan(1e-12);
      }),
    );
    fc.assert(
      fc.property(share(), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (x, a, b) => {
        const trials = a + b - 1;
        let [tail, choices] = [0, 1];
        for (let hits = 0; hits <= trials; hits++) {
          if (hits >= a) tail += choices * x ** hits * (1 - x) ** (trials - hits);
          choices *= (trials - hits) / (hits + 1);
        }
        expect(Math.abs(incompleteBeta(a, b, x) - tail)).toBeLessThan(1e-12);
      }),
    );
  });
  it("refuses what is no probability", () => {
    for (const [a, b, x] of [
      [0, 1, 0.5],
      [1, -1, 0.5],
      [1, 1, 1.5],
      [1, 1, Number.NaN],
    ] as const)
      expect(() => incompleteBeta(a, b, x)).toThrow(BispikeError);
  });
});

describe("Student's t", () => {
  const t = () => fc.double({ min: -1e4, max: 1e4, noNaN: true });
  it("is Cauchy's for one degree of freedom, and has a formula for two", () => {
    fc.assert(
      fc.property(t(), (t) => {
        expect(Math.abs(studentT(t, 1) - (0.5 + Math.atan(t) / Math.PI))).toBeLessThan(1e-13);
        expect(Math.abs(studentT(t, 2) - (0.5 + t / (2 * Math.sqrt(2 + t * t))))).toBeLessThan(1e-13);
      }),
    );
  });
  it("has all of its probability on both sides of 0", () => {
    for (const degrees of [1, 2.5, 7, 1e5]) {
      expect(twoSidedT(0, degrees)).toBe(1);
      expect(studentT(0, degrees)).toBe(0.5);
      expect(twoSidedT(Number.POSITIVE_INFINITY, degrees)).toBe(0);
      expect(studentT(-1.3, degrees) + studentT(1.3, degrees)).toBeCloseTo(1, 14);
    }
  });
});

it("spread: the sample's deviation; none from one value; exactly 0 of equal values", () => {
  expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ n: 8, mean: 5, std: Math.sqrt(32 / 7), least: 2, most: 9 });
  expect(spreadOf([0.1])).toEqual({ n: 1, mean: 0.1, std: null, least: 0.1, most: 0.1 });
  expect(spreadOf([0.1, 0.1, 0.1])).toMatchObject({ mean: 0.1, std: 0 });
  expect(spreadOf([])).toBeNull();
});

describe("paired t", () => {
  it("differences 1, 2, 3 have t = 2 sqrt 3", () => {
    const found = pairedT([11, 22, 33], [10, 20, 30])!;
    expect(found).toMatchObject({ n: 3, mean: 2, std: 1, degrees: 2 });
    expect(found.t).toBeCloseTo(2 * Math.sqrt(3), 14);
    expect(found.p).toBeCloseTo(1 - Math.sqrt(12 / 14), 14);
  });
  it("says nothing where there is nothing to say", () => {
    expect(pairedT([], [])).toBeNull();
    expect(pairedT([1], [2])).toEqual({ n: 1, mean: -1, std: null, t: null, degrees: 0, p: null });
    expect(pairedT([0.5, 0.7], [0.5, 0.7])).toMatchObject({ mean: 0, std: 0, t: null, p: 1 });
    // 0.3 - 0.2, 0.4 - 0.3 and 0.9 - 0.8 are three different doubles and one difference.
    expect(pairedT([0.3, 0.4, 0.9], [0.2, 0.3, 0.8])).toMatchObject({ std: 0, t: null, p: null });
  });
});

describe("signed rank", () => {
  /** All choices of signs, one by one. */
  const counted = (differences: readonly number[]): number => {
    const sizes = differences.map(Math.abs).filter((size) => size > 0);
    const rank = (size: number) =>
      sizes.filter((other) => other < size).length + (1 + sizes.filter((other) => other === size).length) / 2;
    const ranks = sizes.map(rank);
    const middle = (sizes.length * (sizes.length + 1)) / 4;
    const sumOf = (signs: number) => ranks.reduce((sum, value, k) => sum + ((signs >> k) & 1 ? value : 0), 0);
    const signs = differences.filter((value) => value !== 0);
    const seen = sumOf(signs.reduce((bits, value, k) => bits | (value > 0 ? 1 << k : 0), 0));
    let far = 0;
    for (let choice = 0; choice < 2 ** sizes.length; choice++)
      if (Math.abs(sumOf(choice) - middle) >= Math.abs(seen - middle)) far++;
    return far / 2 ** sizes.length;
  };
  it("is what counting all signs gives, ties and zeros included", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 9 }), (differences) => {
        const base = differences.map((_, k) => k * k);
        expect(
          signedRank(
            differences.map((value, k) => value + base[k]!),
            base,
          )!.p,
        ).toBe(counted(differences));
      }),
    );
  });
  it("three pairs never reach below 0.25, six do below 0.05", () => {
    expect(signedRank([2, 4, 6], [1, 2, 3])).toEqual({ n: 3, plus: 6, p: 0.25, leastP: 0.25 });
    expect([3, 4, 5, 6].map(leastSignedRankP)).toEqual([0.25, 0.125, 0.0625, 0.03125]);
    expect(signedRank([1, 1], [1, 1])).toEqual({ n: 0, plus: 0, p: 1, leastP: 1 });
    expect(signedRank([], [])).toBeNull();
  });
  it("ranks differences as equal that only rounding parts", () => {
    // On paper 0.1 and -0.1: no direction at all.
    expect(signedRank([0.3, 0.2], [0.2, 0.3])!.plus).toBe(1.5);
  });
});

it("Holm: multiples by rank, never falling; tests that were not made do not count", () => {
  expect(holm([0.01, null, 0.04, 0.03])).toEqual([0.03, null, 0.06, 0.06]);
  // 4 x 0.005, 3 x 0.01, 2 x 0.02, and 1 x 0.03, which is below the one before.
  expect(holm([0.01, 0.02, 0.03, 0.005])).toEqual([0.03, 0.04, 0.04, 0.02]);
  expect(holm([0.5, 0.6])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});
