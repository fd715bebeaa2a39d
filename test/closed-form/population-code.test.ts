/** Real values as spikes of tuned neurons: counts worked out by hand, and how evenly they are spread. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeValue, firesAt, populationCodeDefaults, preferring } from "../../src/nets/population-code.ts";

const countsOf = (size: number, range: number, steps: number, value: number): number[] => {
  const counts = new Uint8Array(size);
  codeValue({ size, range, steps }, value, counts, 0);
  return [...counts];
};

const trainOf = (count: number, steps: number): string =>
  Array.from({ length: steps }, (_, t) => (firesAt(count, t, steps) ? "|" : ".")).join("");

describe("counts", () => {
  // exp(-1/2) = 0.6065, exp(-2) = 0.1353, exp(-9/2) = 0.0111, exp(-1/8) = 0.8825, exp(-9/8) = 0.3247.
  test.each([
    { size: 3, range: 1, steps: 4, value: 0, counts: [2, 4, 2] },
    { size: 3, range: 1, steps: 4, value: -1, counts: [4, 2, 1] },
    { size: 3, range: 1, steps: 10, value: 1, counts: [1, 6, 10] },
    { size: 5, range: 2, steps: 10, value: 0, counts: [1, 6, 10, 6, 1] },
    { size: 5, range: 2, steps: 100, value: 1, counts: [1, 14, 61, 100, 61] },
    // Between two centres, half a spacing from each and one and a half from the others.
    { size: 4, range: 1.5, steps: 100, value: 0, counts: [32, 88, 88, 32] },
    // A spacing of 1/2: the same value lies two centres further off.
    { size: 5, range: 1, steps: 10, value: 0.5, counts: [0, 1, 6, 10, 6] },
    { size: 1, range: 2, steps: 4, value: 1.7, counts: [4] },
  ])("$size neurons over ±$range, $steps steps: $value is $counts", ({ size, range, steps, value, counts }) => {
    expect(countsOf(size, range, steps, value)).toEqual(counts);
  });

  test("values beyond the range have its ends' codes", () => {
    const { size, range } = populationCodeDefaults;
    expect(countsOf(size, range, 4, 40)).toEqual(countsOf(size, range, 4, range));
    expect(countsOf(size, range, 4, -2.6)).toEqual(countsOf(size, range, 4, -range));
    expect(countsOf(size, range, 4, range).at(-1)).toBe(4);
  });

  test("are written from `at` on and nowhere else", () => {
    const counts = new Uint16Array(7).fill(99);
    codeValue({ size: 3, range: 1, steps: 4 }, 0, counts, 2);
    expect([...counts]).toEqual([99, 99, 2, 4, 2, 99, 99]);
  });

  test("mirrored values have mirrored codes, and the nearest centre fires most", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: 1, max: 16 }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (size, steps, value) => {
          const counts = countsOf(size, 2.5, steps, value);
          // A count within rounding of a half may fall either way when the distance is computed from the other end.
          const mirrored = countsOf(size, 2.5, steps, -value).toReversed();
          for (const [j, count] of counts.entries()) expect(Math.abs(mirrored[j]! - count)).toBeLessThanOrEqual(1);
          const clamped = Math.min(2.5, Math.max(-2.5, value));
          const nearest = Math.round(((clamped + 2.5) / 5) * (size - 1));
          expect(counts[nearest]).toBe(Math.max(...counts));
          expect(counts.every((count) => count <= steps)).toBe(true);
        },
      ),
    );
  });
});

describe("trains", () => {
  test.each([
    [0, "...."],
    [1, "...|"],
    [2, ".|.|"],
    [3, ".|||"],
    [4, "||||"],
  ])("%i spikes in 4 steps are %s", (count, train) => {
    expect(trainOf(count, 4)).toBe(train);
  });

  test("3 spikes in 8 steps are ..|..|.|", () => {
    expect(trainOf(3, 8)).toBe("..|..|.|");
  });

  test("a count of k fires k times, and gaps differ by one step at most", () => {
    for (let steps = 1; steps <= 40; steps++) {
      for (let count = 0; count <= steps; count++) {
        const fired = Array.from({ length: steps }, (_, t) => t).filter((t) => firesAt(count, t, steps));
        expect(fired.length).toBe(count);
        const gaps = fired.map((t, k) => t - (fired[k - 1] ?? -1));
        // The last of the train's spikes is at its last step: repeated, the train goes on as evenly.
        if (count > 0) expect(fired.at(-1)).toBe(steps - 1);
        if (count > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe("the neuron that prefers a value", () => {
  test.each([
    [0, 1],
    [0.49, 1],
    // Half-way between two centres.
    [0.5, 2],
    [-0.51, 0],
    [9, 2],
    [-9, 0],
  ])("of three around 0, %d is dearest to number %d", (value, neuron) => {
    expect(preferring({ size: 3, range: 1, steps: 4 }, value)).toBe(neuron);
  });

  test("is the one that fires most, or of two as often", () => {
    const any = fc.record({
      size: fc.integer({ min: 1, max: 30 }),
      value: fc.double({ min: -4, max: 4, noNaN: true }),
    });
    fc.assert(
      fc.property(any, ({ size, value }) => {
        const counts = countsOf(size, 2.5, 250, value);
        expect(counts[preferring({ size, range: 2.5, steps: 250 }, value)]).toBe(Math.max(...counts));
      }),
    );
  });
});
