import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FeatureStatistics, frechetDistance } from "../../src/measure/frechet.ts";

import { covarianceOf, gaussian, traceOf } from "../support/gaussians.ts";
import { worstGap } from "./close.ts";
import { product, squareRoot } from "./matrix-root.ts";

describe("frechetDistance", () => {
  it("is |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^1/2), the root by Denman and Beavers", () => {
    const two = fc.integer({ min: 1, max: 8 }).chain((n) => fc.tuple(covarianceOf(n), covarianceOf(n)));
    fc.assert(
      fc.property(two, ([a, b]) => {
        const means = a.map((_, i) => i / 4);
        const scale = traceOf(a) + traceOf(b);
        const expected = means.reduce((sum, x) => sum + x * x, 0) + scale - 2 * traceOf(squareRoot(product(a, b)));
        const { value } = frechetDistance(
          gaussian(means, a),
          gaussian(
            means.map(() => 0),
            b,
          ),
        );
        // Eigenvalues of the product span up to 1 : 1e5; the iteration's error grows with that.
        expect(Math.abs(value - Math.max(0, expected))).toBeLessThanOrEqual(1e-8 * scale);
      }),
      { numRuns: 60 },
    );
  });
});

describe("FeatureStatistics", () => {
  /** Rows in batches, around an offset that a sum of squares would not survive. */
  const batches = fc
    .record({ width: fc.integer({ min: 1, max: 5 }), offset: fc.constantFrom(0, 1e6) })
    .chain(({ width, offset }) =>
      fc
        .array(
          fc
            .integer({ min: 1, max: 7 })
            .chain((count) =>
              fc
                .array(fc.integer({ min: -128, max: 128 }), { minLength: count * width, maxLength: count * width })
                .map((values) => Float64Array.from(values, (value) => offset + value / 128)),
            ),
          { minLength: 2, maxLength: 5 },
        )
        .map((rows) => ({ width, offset, rows })),
    );

  it("is the two-pass mean and covariance, however the rows are dealt out", () => {
    fc.assert(
      fc.property(batches, fc.nat({ max: 4 }), ({ width, rows }, cut) => {
        const all = rows.flatMap((values) => [...values]);
        const count = all.length / width;
        const mean = Array.from({ length: width }, (_, i) => {
          let sum = 0;
          for (let k = 0; k < count; k++) sum += all[k * width + i]! - all[i]!;
          return all[i]! + sum / count;
        });
        const covariance = Array.from({ length: width * width }, (_, at) => {
          const [i, j] = [Math.floor(at / width), at % width];
          let sum = 0;
          for (let k = 0; k < count; k++) sum += (all[k * width + i]! - mean[i]!) * (all[k * width + j]! - mean[j]!);
          return sum / (count - 1);
        });
        const [whole, head, tail] = [0, 0, 0].map(() => new FeatureStatistics(width)) as [
          FeatureStatistics,
          FeatureStatistics,
          FeatureStatistics,
        ];
        for (const [k, values] of rows.entries()) {
          whole.add(values, values.length / width);
          (k < cut ? head : tail).add(values, values.length / width);
        }
        head.merge(tail);
        for (const statistics of [whole, head]) {
          const measured = statistics.gaussian();
          expect(measured.images).toBe(count);
          // Means round at 1e6 x 2^-52, and their rounding shifts deviations of about 1 by as much.
          expect(worstGap(measured.mean, mean).gap).toBeLessThanOrEqual(1e-8);
          expect(worstGap(measured.covariance, covariance).gap).toBeLessThanOrEqual(1e-8);
        }
      }),
      { numRuns: 60 },
    );
  });
});
