/** The Fourier transforms against their definition as a float64 matrix: all sizes, odd and prime, planes and flat rows, both directions. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { radicesOf, twiddlesOf } from "../../src/engine/fourier.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { flat, type Shape, sizeOf } from "../../src/nets/shape.ts";
import { linesOf, spectra } from "../support/spectra.ts";
import { worstGap } from "./close.ts";
import { fourierForward, fourierMatrix, fourierTranspose } from "./fourier.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

/** Multiples of 1/1024, exact in float32; every third row silent. */
function randomRows(shape: Shape, rows: number, seed: number): Float64Array {
  const random = new RandomStream(seed, "fourier");
  const size = sizeOf(shape);
  return Float64Array.from({ length: rows * size }, (_, at) =>
    Math.floor(at / size) % 3 === 2 ? 0 : (random.below(2049) - 1024) / 1024,
  );
}

/**
 * How far a coefficient may be off: a pass of radix r adds up r products, each rounded to 2^-24 of the sum's size, its twiddle too; no sum is larger than the length of
 * the row (of all channels: two share a complex number).
 */
function toleranceOf(shape: Shape, row: Float64Array): number {
  const { height, width } = linesOf(shape);
  const additions = [...radicesOf(height), ...radicesOf(width)].reduce((sum, r) => sum + r, 2);
  return additions * 2 ** -23 * Math.hypot(...row) + 1e-30;
}

function compare(shape: Shape, edges: readonly number[], rows: number, seed: number): void {
  const { height, width, channels } = linesOf(shape);
  const matrix = fourierMatrix(height, width, edges);
  const { forward, inverse } = spectra(team, shape, edges, rows);
  const x = randomRows(shape, rows, seed);
  const expected = fourierForward(matrix, x, channels);
  const found = forward(x);
  const coefficients = randomRows(shape, rows, seed + 1);
  const back = inverse(coefficients);
  const expectedBack = fourierTranspose(matrix, coefficients, channels);
  expect([found.padding, back.padding]).toEqual([0, 0]);
  const size = sizeOf(shape);
  for (let row = 0; row < rows; row++) {
    const part = (of: Float64Array) => of.subarray(row * size, (row + 1) * size);
    expect(worstGap(part(found.plain), part(expected)).gap).toBeLessThanOrEqual(toleranceOf(shape, part(x)));
    expect(worstGap(part(back.plain), part(expectedBack)).gap).toBeLessThanOrEqual(
      toleranceOf(shape, part(coefficients)),
    );
    // A silent row is silent in every band, to the last bit.
    if (row % 3 === 2) expect(part(found.plain).every((c) => c === 0)).toBe(true);
  }
}

describe("radices and twiddles", () => {
  test("multiply to the length, each 4, 2, 3, 5 or a prime", () => {
    for (let length = 1; length <= 4096; length++) {
      const radices = radicesOf(length);
      expect(radices.reduce((product, r) => product * r, 1)).toBe(length);
      for (const r of radices)
        if (r !== 4) for (let d = 2; d * d <= r; d++) expect(r % d, `${r} of ${length}`).not.toBe(0);
    }
    expect(radicesOf(64)).toEqual([4, 4, 4]);
    expect(radicesOf(360)).toEqual([4, 2, 3, 3, 5]);
  });

  test("are the cosines and sines, exact at the quarters", () => {
    for (const length of [1, 2, 3, 4, 7, 12, 28, 100, 4093, 4096]) {
      const twiddles = twiddlesOf(length);
      for (let k = 0; k < length; k++) {
        const angle = (2 * Math.PI * k) / length;
        expect(Math.abs(twiddles[2 * k]! - Math.cos(angle))).toBeLessThan(2e-15);
        expect(Math.abs(twiddles[2 * k + 1]! - Math.sin(angle))).toBeLessThan(2e-15);
      }
    }
    expect([...twiddlesOf(4)]).toEqual([1, 0, 0, 1, -1, 0, 0, -1]);
  });
});

describe("planes", () => {
  test("of random sizes, channels and bands", () => {
    fc.assert(
      fc.property(
        fc.record({
          height: fc.integer({ min: 1, max: 17 }),
          width: fc.integer({ min: 1, max: 17 }),
          channels: fc.constantFrom(1, 3, 8, 9, 16, 17, 40),
        }),
        fc.constantFrom([], [0.25], [0.1, 0.2, 0.3, 0.6], [0.7072], [0]),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        (shape, edges, rows, seed) => compare(shape, edges, rows, seed),
      ),
      { numRuns: 60 },
    );
  });

  // Each size from 1 to 64 as a height and as a width; every pass, and passes after others.
  test.each(Array.from({ length: 64 }, (_, i) => i + 1))("%i a side", (side) => {
    compare({ height: side, width: 2, channels: 3 }, [0.25], 1, side);
    compare({ height: 3, width: side, channels: 3 }, [0.25], 1, side);
  });

  test("28 x 28 and 31 x 32", () => {
    compare({ height: 28, width: 28, channels: 2 }, [0.25], 1, 1);
    compare({ height: 31, width: 32, channels: 1 }, [0.25], 1, 2);
  });
});

describe("flat rows", () => {
  test("of random sizes and bands", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 130 }),
        fc.constantFrom([], [0.25], [0.1, 0.2, 0.3, 0.6], [0]),
        fc.integer({ min: 1, max: 19 }),
        fc.nat(),
        (neurons, edges, rows, seed) => compare(flat(neurons), edges, rows, seed),
      ),
      { numRuns: 60 },
    );
  });

  test.each([256, 361, 509, 784, 1000, 1024])("%i neurons", (neurons) => compare(flat(neurons), [0.25], 2, neurons));

  test("a row hears nothing of the rows beside it", () => {
    const shape = flat(45);
    const { forward } = spectra(team, shape, [0.25], 9);
    const x = randomRows(shape, 9, 3);
    const alone = forward(x).plain.slice(45, 90);
    const others = Float64Array.from(x, (value, at) => (at >= 45 && at < 90 ? value : 1 - value));
    expect(forward(others).plain.slice(45, 90)).toEqual(alone);
  });
});

/** Larger than a matrix can be made for: what an orthogonal transform keeps, and a few frequencies by their sums. */
test.each([2048, 4093, 4095, 4096])("%i neurons: lengths, round trip, single frequencies", (neurons) => {
  const shape = flat(neurons);
  const { fourier, forward, inverse } = spectra(team, shape, [0.25], 1);
  const x = randomRows(shape, 1, neurons);
  const { plain } = forward(x);
  const tolerance = toleranceOf(shape, x);
  expect(Math.abs(Math.hypot(...plain) - Math.hypot(...x))).toBeLessThan(tolerance);
  expect(worstGap(inverse(plain).plain, x).gap).toBeLessThan(2 * tolerance);
  let at = 0;
  for (const [p, { point, conjugate }] of fourier.pairs.entries()) {
    const own = point === conjugate;
    if (p % 97 === 0) {
      const scale = Math.sqrt((own ? 1 : 2) / neurons);
      let [re, im] = [0, 0];
      for (const [n, value] of x.entries()) {
        const angle = (2 * Math.PI * ((point * n) % neurons)) / neurons;
        re += scale * value * Math.cos(angle);
        im -= scale * value * Math.sin(angle);
      }
      expect(Math.abs(plain[at]! - re)).toBeLessThan(tolerance);
      if (!own) expect(Math.abs(plain[at + 1]! - im)).toBeLessThan(tolerance);
    }
    at += own ? 1 : 2;
  }
});
