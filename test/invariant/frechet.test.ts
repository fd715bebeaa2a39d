import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { FeatureStatistics, frechetDistance } from "../../src/measure/frechet.ts";

import { product, transposed } from "../reference/matrix-root.ts";
import { covarianceOf, gaussian, rotation, traceOf } from "../support/gaussians.ts";

/** Two covariances of n features, of their own ranks. */
const two = fc.integer({ min: 2, max: 10 }).chain((n) => {
  const one = fc.integer({ min: 1, max: n }).chain((rank) => covarianceOf(n, { rank, floor: 0 }));
  return fc.tuple(one, one);
});

describe("frechetDistance", () => {
  it("is the same in both directions, and 0 or more, whatever the ranks", () => {
    fc.assert(
      fc.property(two, ([a, b]) => {
        const [first, second] = [a, b].map((covariance) =>
          gaussian(
            covariance.map(() => 0),
            covariance,
          ),
        ) as [ReturnType<typeof gaussian>, ReturnType<typeof gaussian>];
        const there = frechetDistance(first, second).value;
        const back = frechetDistance(second, first).value;
        expect(there).toBeGreaterThanOrEqual(0);
        expect(Math.abs(there - back)).toBeLessThanOrEqual(1e-12 * (traceOf(a) + traceOf(b)));
      }),
    );
  });

  it("does not change when all features are turned", () => {
    const angles = fc.array(
      fc.integer({ min: -300, max: 300 }).map((x) => x / 100),
      { minLength: 1, maxLength: 9 },
    );
    fc.assert(
      fc.property(two, angles, ([a, b], by) => {
        const n = a.length;
        const q = rotation(n, by);
        const mean = a.map((_, i) => i / 8);
        const turnedMean = q.map((row) => row.reduce((sum, value, j) => sum + value * mean[j]!, 0));
        const turn = (covariance: number[][]) => product(product(q, covariance), transposed(q));
        const zeros = mean.map(() => 0);
        const plain = frechetDistance(gaussian(mean, a), gaussian(zeros, b)).value;
        const turned = frechetDistance(gaussian(turnedMean, turn(a)), gaussian(zeros, turn(b))).value;
        // Turning leaves eigenvalues of 0 at some 1e-16, above the limit at times: their roots are 1e-8.
        expect(Math.abs(plain - turned)).toBeLessThanOrEqual(1e-6 * (traceOf(a) + traceOf(b)));
      }),
    );
  });

  it("is finite for fewer images than features, and small for two draws of one distribution", () => {
    const width = 40;
    const random = new RandomStream(5, "features");
    const draw = (count: number) => {
      const rows = new Float32Array(count * width);
      random.fillUniform(rows, 0, 1);
      // Silent neurons: features that never change.
      for (let k = 0; k < count; k++) rows.fill(0, k * width, k * width + 6);
      const statistics = new FeatureStatistics(width);
      statistics.add(rows, count);
      return statistics.gaussian();
    };
    const few = frechetDistance(draw(12), draw(9));
    expect(few.notes).toEqual(["few-images"]);
    expect(few.value).toBeGreaterThan(0);
    // Each of the 34 features has a variance of 1/12: below their sum in both sets, and above what many images give.
    expect(few.value).toBeLessThan((2 * 34) / 12);
    const many = frechetDistance(draw(2000), draw(2000));
    expect(many.notes).toEqual([]);
    expect(many.value).toBeLessThan(few.value / 20);
  });
});
