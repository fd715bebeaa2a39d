/** Random search: what holds of its draws whatever the space and the seed, and the very draws of one, which must never change. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Range } from "../../src/cluster/sweep.ts";
import { drawPoints } from "../../src/cluster/sweep.ts";

const range: fc.Arbitrary<Range> = fc.oneof(
  fc.record({
    kind: fc.constant("uniform" as const),
    least: fc.double({ min: -10, max: 0 }),
    most: fc.double({ min: 1, max: 9 }),
  }),
  fc.record({
    kind: fc.constant("logUniform" as const),
    least: fc.double({ min: 1e-6, max: 0.1 }),
    most: fc.double({ min: 1, max: 1e4 }),
  }),
  fc.record({
    kind: fc.constant("integer" as const),
    least: fc.integer({ min: -50, max: 0 }),
    most: fc.integer({ min: 99, max: 999 }),
  }),
);
const space = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,6}\.[a-z]{1,6}$/), range), {
  ...{ minLength: 1, maxLength: 4, selector: ([key]: readonly [string, Range]) => key },
});
const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

describe("random search", () => {
  it("draws within the ranges, different points, and the same again", () => {
    fc.assert(
      fc.property(space, seed, fc.integer({ min: 1, max: 12 }), (space, seed, samples) => {
        const points = drawPoints(space, samples, seed, "test");
        expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(samples);
        expect(drawPoints(space, samples, seed, "test")).toEqual(points);
        for (const point of points)
          for (const [key, range] of space) {
            const value = point[key] as number;
            if (range.kind === "choice") throw new Error("none is drawn here");
            expect(value).toBeGreaterThanOrEqual(range.least);
            expect(value).toBeLessThanOrEqual(range.most);
            if (range.kind === "integer") expect(Number.isInteger(value)).toBe(true);
          }
      }),
    );
  });

  it("keeps the earlier draws when there are to be more, and a key's when others join it", () => {
    fc.assert(
      fc.property(space, seed, (space, seed) => {
        const many = drawPoints(space, 12, seed, "test");
        expect(drawPoints(space, 5, seed, "test")).toEqual(many.slice(0, 5));
        const [[key] = [""]] = space;
        const alone = drawPoints(space.slice(0, 1), 1, seed, "test");
        expect(alone[0]![key]).toBe(many[0]![key]);
      }),
    );
  });

  it("spreads a log-uniform range evenly over its decades", () => {
    const points = drawPoints([["a.b", { kind: "logUniform", least: 0.001, most: 10 }]], 4000, 1, "test");
    const decades = [0, 0, 0, 0];
    for (const { "a.b": value } of points) decades[Math.min(3, Math.floor(Math.log10(value as number) + 3))]!++;
    // Each holds 1000 of 4000, with a deviation of sqrt(4000 / 4 * 3 / 4) = 27.4: five of them.
    for (const count of decades) expect(Math.abs(count - 1000)).toBeLessThan(137);
  });

  it("draws what it always drew", () => {
    const fixed: [string, Range][] = [
      ["a", { kind: "logUniform", least: 0.001, most: 0.1 }],
      ["b", { kind: "choice", values: ["x", "y"] }],
      ["c", { kind: "integer", least: 1, most: 8 }],
      ["d", { kind: "uniform", least: -1, most: 1 }],
    ];
    expect(drawPoints(fixed, 3, 7, "test")).toEqual([
      { a: 0.0043437, b: "y", c: 6, d: 0.0944313 },
      { a: 0.0373515, b: "y", c: 6, d: -0.291195 },
      { a: 0.0015011, b: "x", c: 3, d: 0.627092 },
    ]);
  });

  it("says so when the space holds too few points", () => {
    const few: [string, Range][] = [["a", { kind: "choice", values: [1, 2, 1] }]];
    expect(drawPoints(few, 2, 0, "test")).toHaveLength(2);
    expect(() => drawPoints(few, 3, 0, "few.yaml")).toThrow(/few\.yaml: sweep\.samples.*got 3 for 2 different points/);
  });
});
