import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bandErrors, meanSquaredErrors, ssimWindow, structuralSimilarities } from "../../src/measure/image-quality.ts";

import { bandPower, planeOf, ssim } from "./image-measures.ts";

/** Two rows of images of an odd shape. Pixels are drawn as grains of 1/64 or of 1/4: flat windows occur. */
const pairs = fc
  .record({
    height: fc.integer({ min: 1, max: 15 }),
    width: fc.integer({ min: 1, max: 15 }),
    channels: fc.integer({ min: 1, max: 3 }),
    count: fc.integer({ min: 1, max: 2 }),
    grains: fc.constantFrom(4, 64),
  })
  .chain(({ height, width, channels, count, grains }) => {
    const length = height * width * channels * count;
    const rows = fc
      .array(fc.integer({ min: 0, max: grains }), { minLength: length, maxLength: length })
      .map((values) => Float32Array.from(values, (value) => value / grains));
    return fc.record({
      shape: fc.constant({ height, width, channels }),
      count: fc.constant(count),
      a: rows,
      b: rows,
    });
  });

describe("structuralSimilarities", () => {
  it("is the index under a plane window, averaged over places and channels", () => {
    fc.assert(
      fc.property(pairs, ({ shape, count, a, b }) => {
        const measured = structuralSimilarities(a, b, shape, count);
        for (let image = 0; image < count; image++) {
          const channels = Array.from({ length: shape.channels }, (_, c) =>
            ssim(planeOf(a, shape, image, c), planeOf(b, shape, image, c), ssimWindow(shape)),
          );
          const expected = channels.reduce((sum, value) => sum + value, 0) / shape.channels;
          // Variances are differences of terms up to 1 (errors of some 1e-15) over at least C2 = 9e-4.
          expect(Math.abs(measured[image]! - expected)).toBeLessThan(1e-10);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("bandErrors", () => {
  it("is the power of the naive DFT on each side of the cut, and both make the mean squared error", () => {
    // Cuts on no frequency of these sizes, but for 1/4 and 0.
    fc.assert(
      fc.property(pairs, fc.constantFrom(0, 0.1234, 0.25, 0.4321, 0.7), ({ shape, count, a, b }, cut) => {
        const { low, high } = bandErrors(a, b, shape, count, cut);
        const errors = meanSquaredErrors(a, b, shape, count);
        const size = shape.height * shape.width * shape.channels;
        for (let image = 0; image < count; image++) {
          let expected = 0;
          for (let c = 0; c < shape.channels; c++) {
            const planes = [planeOf(a, shape, image, c), planeOf(b, shape, image, c)] as const;
            expected += bandPower(...planes, (fy, fx) => fy ** 2 + fx ** 2 <= cut ** 2 + 1e-12) / size;
          }
          const rounding = 1e-11 * errors[image]!;
          expect(Math.abs(low[image]! - expected)).toBeLessThanOrEqual(rounding);
          expect(Math.abs(low[image]! + high[image]! - errors[image]!)).toBeLessThanOrEqual(rounding);
          expect(high[image]).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
