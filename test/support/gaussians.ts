/** Gaussians for tests of the distance between them. */
import fc from "fast-check";
import type { Gaussian } from "../../src/measure/frechet.ts";
import { product, type Square, transposed } from "../reference/matrix-root.ts";

export function gaussian(mean: readonly number[], covariance: Square, images = 1000): Gaussian {
  return { mean: Float64Array.from(mean), covariance: Float64Array.from(covariance.flat()), images };
}

export function diagonal(values: readonly number[]): number[][] {
  return values.map((value, i) => values.map((_, j) => (i === j ? value : 0)));
}

export function traceOf(matrix: Square): number {
  return matrix.reduce((sum, row, i) => sum + row[i]!, 0);
}

const entry = fc.integer({ min: -64, max: 64 }).map((value) => value / 64);

/** n x m numbers in -1..1. */
export function matrixOf(n: number, m: number): fc.Arbitrary<number[][]> {
  return fc.array(fc.array(entry, { minLength: m, maxLength: m }), { minLength: n, maxLength: n });
}

/** B B^T + floor I: positive definite, or of the rank of B (n x rank) where the floor is 0. */
export function covarianceOf(n: number, { rank = n, floor = 0.125 } = {}): fc.Arbitrary<number[][]> {
  return matrixOf(n, rank).map((b) =>
    product(b, transposed(b)).map((row, i) => row.map((value, j) => value + (i === j ? floor : 0))),
  );
}

/** A rotation: rotations in planes (i, j), one after the other, by the given angles. */
export function rotation(n: number, angles: readonly number[]): number[][] {
  let q = diagonal(new Array<number>(n).fill(1));
  let k = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const angle = angles[k++ % angles.length]!;
      const turn = diagonal(new Array<number>(n).fill(1));
      turn[i]![i] = Math.cos(angle);
      turn[j]![j] = Math.cos(angle);
      turn[i]![j] = -Math.sin(angle);
      turn[j]![i] = Math.sin(angle);
      q = product(turn, q);
    }
  }
  return q;
}
