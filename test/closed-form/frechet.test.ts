import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FeatureStatistics, frechetDistance } from "../../src/measure/frechet.ts";

import { product, transposed } from "../reference/matrix-root.ts";
import { covarianceOf, diagonal, gaussian, matrixOf, rotation, traceOf } from "../support/gaussians.ts";

const zeros = (n: number) => new Array<number>(n).fill(0);

describe("frechetDistance", () => {
  it("is (m1 - m2)^2 + (s1 - s2)^2 in one dimension", () => {
    const { value, means, covariances } = frechetDistance(gaussian([3], [[4]]), gaussian([1], [[0.25]]));
    expect(means).toBe(4);
    expect(covariances).toBeCloseTo(2.25, 14);
    expect(value).toBeCloseTo(6.25, 14);
  });

  it("is 0 for equal ones and the squared shift for shifted ones, of any rank", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 9 })
          .chain((n) =>
            fc
              .integer({ min: 0, max: n })
              .chain((rank) => covarianceOf(n, { rank: Math.max(1, rank), floor: rank === 0 ? 0.5 : 0 })),
          ),
        (covariance) => {
          const n = covariance.length;
          const scale = traceOf(covariance);
          const a = gaussian(zeros(n), covariance);
          expect(frechetDistance(a, a).value).toBeLessThanOrEqual(1e-12 * scale);
          const shifted = gaussian(
            zeros(n).map((_, i) => i + 1),
            covariance,
          );
          const expected = (n * (n + 1) * (2 * n + 1)) / 6;
          expect(Math.abs(frechetDistance(a, shifted).value - expected)).toBeLessThanOrEqual(
            1e-12 * (scale + expected),
          );
        },
      ),
    );
  });

  it("is the sum of (sqrt a - sqrt b)^2 of commuting covariances, diagonal or turned", () => {
    const [a, b] = [
      [4, 9, 0, 1, 0.25],
      [1, 16, 4, 0, 0.25],
    ];
    const expected = 1 + 1 + 4 + 1 + 0;
    expect(frechetDistance(gaussian(zeros(5), diagonal(a)), gaussian(zeros(5), diagonal(b))).value).toBeCloseTo(
      expected,
      12,
    );
    const q = rotation(5, [0.3, 1.1, -0.7]);
    const turned = (values: number[]) => gaussian(zeros(5), product(product(q, diagonal(values)), transposed(q)));
    expect(frechetDistance(turned(a), turned(b)).value).toBeCloseTo(expected, 7);
  });

  it("is known in two dimensions: Tr M^1/2 = sqrt(Tr M + 2 sqrt(det M)), M = S1 S2", () => {
    fc.assert(
      fc.property(covarianceOf(2), covarianceOf(2), (a, b) => {
        const m = product(a, b);
        const determinantOf = (s: number[][]) => s[0]![0]! * s[1]![1]! - s[0]![1]! * s[1]![0]!;
        const determinant = determinantOf(a) * determinantOf(b);
        const scale = traceOf(a) + traceOf(b);
        const expected = scale - 2 * Math.sqrt(traceOf(m) + 2 * Math.sqrt(determinant));
        const { value } = frechetDistance(gaussian(zeros(2), a), gaussian(zeros(2), b));
        // Determinants of at least 2^-6 are differences of terms up to 4 or so.
        expect(Math.abs(value - Math.max(0, expected))).toBeLessThanOrEqual(1e-11 * scale);
      }),
    );
  });

  it("is |u|^2 + |v|^2 - 2 |u v| of covariances u u^T and v v^T, with many eigenvalues of 0", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }).chain((n) => matrixOf(n, 2)),
        (columns) => {
          const dot = (i: number, j: number) => columns.reduce((sum, row) => sum + row[i]! * row[j]!, 0);
          const outer = (i: number) => columns.map((row) => columns.map((other) => row[i]! * other[i]!));
          const means = zeros(columns.length);
          const { value } = frechetDistance(gaussian(means, outer(0)), gaussian(means, outer(1)));
          const scale = dot(0, 0) + dot(1, 1);
          expect(Math.abs(value - (scale - 2 * Math.abs(dot(0, 1))))).toBeLessThanOrEqual(1e-12 * scale);
        },
      ),
    );
  });

  it("is the trace where the other set has no spread", () => {
    const none = gaussian(zeros(3), diagonal(zeros(3)));
    expect(frechetDistance(none, gaussian(zeros(3), diagonal([1, 2, 4]))).value).toBe(7);
    expect(frechetDistance(none, none).value).toBe(0);
  });

  it("notes sets of no more images than features", () => {
    const of = (images: number) => gaussian(zeros(3), diagonal([1, 1, 1]), images);
    expect(frechetDistance(of(4), of(9))).toMatchObject({ features: 3, images: [4, 9], notes: [] });
    expect(frechetDistance(of(3), of(9)).notes).toEqual(["few-images"]);
    expect(frechetDistance(of(9), of(2)).notes).toEqual(["few-images"]);
  });

  it("refuses what are no Gaussians of the same features", () => {
    const two = gaussian(zeros(2), diagonal([1, 1]));
    expect(() => frechetDistance(two, gaussian(zeros(3), diagonal([1, 1, 1])))).toThrow(
      "expected 2 features in both sets, got 3",
    );
    expect(() => frechetDistance(two, gaussian(zeros(2), [[1]]))).toThrow(
      "covariance: expected 2 x 2 = 4 values, got 1",
    );
    expect(() => frechetDistance(two, gaussian(zeros(2), diagonal([1, -1])))).toThrow(
      "eigenvalues of at least 0, got -1",
    );
    expect(() => frechetDistance(two, gaussian([0, Number.NaN], diagonal([1, 1])))).toThrow("finite");
  });
});

describe("FeatureStatistics", () => {
  it("has the mean and the unbiased covariance", () => {
    const statistics = new FeatureStatistics(2);
    statistics.add(Float32Array.of(0, 0), 1);
    statistics.add(new Float32Array(), 0);
    statistics.add(Float32Array.of(2, 4), 1);
    expect(statistics.gaussian()).toEqual({
      mean: Float64Array.of(1, 2),
      covariance: Float64Array.of(2, 4, 4, 8),
      images: 2,
    });
  });

  it("refuses rows of another width, features that are no numbers, and a covariance of one image", () => {
    const statistics = new FeatureStatistics(2);
    expect(() => statistics.add(Float32Array.of(1, 2, 3), 2)).toThrow(
      "features: expected 2 rows of 2, 4 values, got 3",
    );
    expect(() => statistics.add(Float32Array.of(1, 2, Number.POSITIVE_INFINITY, 0), 2)).toThrow(
      "value 0 of row 1 is Infinity",
    );
    expect(() => statistics.merge(new FeatureStatistics(3))).toThrow("expected statistics of 2 features, got 3");
    statistics.add(Float32Array.of(1, 2), 1);
    expect(() => statistics.gaussian()).toThrow("a covariance needs at least 2 images, got 1");
  });
});
