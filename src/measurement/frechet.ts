/**
 * Frechet distance (its square, as generation is measured by) of two Gaussians (Dowson and Landau 1982; Heusel et al. 2017), float64.
 *
 *   d = |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2)
 *
 * With S = Q L Q^T and A = L^1/2 Q^T, the last trace is the sum of the singular values of A1 A2^T: no square root of a small difference is
 * taken, so covariances of fewer images than features, whose eigenvalues are mostly 0, lose no digits.
 */

import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import { BispikeError } from "../errors.ts";
import type { Gaussian } from "./feature-statistics.ts";

/** What a reader of the figure must know of it. */
export type FrechetNote =
  /** A set has no more images than there are features: its covariance has directions it knows nothing of, and the distance is biased upwards. */
  "few-images";

/** The distance, and its two parts. */
export interface FrechetDistance {
  /** The distance: `means` + `covariances`. */
  readonly value: number;
  /** |m1 - m2|^2. */
  readonly means: number;
  /** Tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2). */
  readonly covariances: number;
  /** Features an image. */
  readonly features: number;
  /** Images of the first and the second set. */
  readonly images: readonly [number, number];
  /** "few-images" where a set has no more images than there are features: the distance is then biased upwards. */
  readonly notes: readonly FrechetNote[];
}

/**
 * Distance between two sets of features, as Gaussians (Dowson and Landau 1982; Heusel et al. 2017): |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2); 0 for equal ones.
 * Only distances by the same features over about as many images compare.
 * Its time grows with the cube of the features: a second or so for 256, minutes for 2048.
 *
 * @throws BispikeError "shape" for Gaussians of different widths, "data" for a covariance that is none
 * @example
 * frechetDistance(originals.gaussian(), redrawn.gaussian()).value;
 */
export function frechetDistance(first: Gaussian, second: Gaussian): FrechetDistance {
  const features = first.mean.length;
  if (second.mean.length !== features)
    throw new BispikeError(
      "shape",
      `Frechet distance: expected ${features} features in both sets, got ${second.mean.length}`,
    );
  let means = 0;
  for (let i = 0; i < features; i++) means += (first.mean[i]! - second.mean[i]!) ** 2;
  const [a, b] = [rootOf(first), rootOf(second)];
  // Rounding alone can make the trace negative: it is 0 for equal covariances.
  const covariances = Math.max(0, trace(first) + trace(second) - 2 * sumOfSingularValues(a.mmul(b.transpose())));
  return {
    value: means + covariances,
    means,
    covariances,
    features,
    images: [first.images, second.images],
    notes: Math.min(first.images, second.images) <= features ? ["few-images"] : [],
  };
}

function trace({ mean, covariance }: Gaussian): number {
  let sum = 0;
  for (let i = 0; i < mean.length; i++) sum += covariance[i * mean.length + i]!;
  return sum;
}

/** A with A^T A = S, a row an eigenvalue that is not 0 up to rounding: [rank][feature]. */
function rootOf({ mean, covariance }: Gaussian): Matrix {
  const width = mean.length;
  if (covariance.length !== width * width) {
    throw new BispikeError(
      "shape",
      `covariance: expected ${width} x ${width} = ${width * width} values, got ${covariance.length}`,
    );
  }
  if (!covariance.every(Number.isFinite) || !mean.every(Number.isFinite))
    throw new BispikeError("data", "Frechet distance: expected finite means and covariances");
  const rows = Array.from({ length: width }, (_, i) => covariance.subarray(i * width, (i + 1) * width));
  const { realEigenvalues: values, eigenvectorMatrix: vectors } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const rounding = largest * width * Number.EPSILON;
  const smallest = Math.min(...values);
  if (smallest < -1e6 * rounding)
    throw new BispikeError("data", `covariance: expected eigenvalues of at least 0, got ${smallest}`);
  const kept = values.flatMap((value, k) => (value > rounding ? [k] : []));
  return new Matrix(
    kept.map((k) => Float64Array.from({ length: width }, (_, i) => Math.sqrt(values[k]!) * vectors.get(i, k))),
  );
}

function sumOfSingularValues(matrix: Matrix): number {
  if (matrix.rows === 0 || matrix.columns === 0) return 0;
  const { diagonal } = new SingularValueDecomposition(matrix, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  return diagonal.reduce((sum, value) => sum + value, 0);
}
