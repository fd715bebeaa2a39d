/** Eigenvalues of symmetric matrices against ml-matrix, and where they are known. */
import fc from "fast-check";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { expect, test } from "vitest";
import { symmetricEigenvalues } from "../../src/measure/representation.ts";

const sorted = (values: ArrayLike<number>) => Array.from(values).sort((a, b) => a - b);

test("as ml-matrix has them, whatever the matrix and its scale", () => {
  const value = fc.oneof(
    fc.integer({ min: -1000, max: 1000 }).map((whole) => whole / 1000),
    fc.constant(0),
  );
  const size = fc.integer({ min: 1, max: 24 });
  const matrices = size.chain((n) => fc.tuple(fc.constant(n), fc.array(value, { minLength: n * n, maxLength: n * n })));
  fc.assert(
    fc.property(matrices, fc.integer({ min: -20, max: 20 }), ([n, values], exponent) => {
      const scale = 2 ** exponent;
      const full = Float64Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return scale * values[Math.max(i, j) * n + Math.min(i, j)]!;
      });
      const matrix = new Matrix(Array.from({ length: n }, (_, i) => Array.from(full.subarray(i * n, (i + 1) * n))));
      const expected = sorted(new EigenvalueDecomposition(matrix, { assumeSymmetric: true }).realEigenvalues);
      for (const [k, found] of sorted(symmetricEigenvalues(full, n)).entries())
        expect(Math.abs(found - expected[k]!)).toBeLessThan(1e-12 * n * scale);
    }),
  );
});

test("of the second difference: 2 - 2 cos(k pi / (n + 1))", () => {
  const n = 100;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    matrix[i * n + i] = 2;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
  }
  for (const [k, value] of sorted(symmetricEigenvalues(matrix, n)).entries())
    expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 12);
});

test("numbers that are not finite come to an end", () => {
  expect(Array.from(symmetricEigenvalues(Float64Array.of(1, Number.NaN, Number.NaN, 1), 2)).some(Number.isNaN)).toBe(
    true,
  );
});
