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

// Mean and covariance of feature rows that come batch by batch, float64. Batches and accumulators are joined by the pairwise update
// (Chan, Golub and LeVeque 1983), so that no large sums are subtracted from each other:
//
// delta = mean_b - mean_a      mean = mean_a + delta n_b / n      S = S_a + S_b + delta delta^T n_a n_b / n      covariance = S / (n - 1)

/** A Gaussian in as many dimensions as there are features. */
export interface Gaussian {
  /** [feature]. */
  readonly mean: Float64Array;
  /** [feature][feature], symmetric. */
  readonly covariance: Float64Array;
  /** Rows it was estimated from. */
  readonly images: number;
}

/**
 * An accumulator of one set's statistics.
 *
 * @example
 * const statistics = new FeatureStatistics(2);
 * statistics.add(Float32Array.of(0, 0, 2, 4), 2);
 * statistics.gaussian(); // mean [1, 2], covariance [2, 4, 4, 8], 2 images
 */
export class FeatureStatistics {
  readonly width: number;
  #images = 0;
  readonly #mean: Float64Array;
  /** Sum of (row - mean)(row - mean)^T; the upper triangle alone. */
  readonly #scatter: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.#mean = new Float64Array(width);
    this.#scatter = new Float64Array(width * width);
  }

  get images(): number {
    return this.#images;
  }

  /**
   * Takes in `count` rows of `width` features.
   *
   * @throws BispikeError "shape" for rows of another size, "data" for a feature that is not finite
   */
  add(rows: Float32Array | Float64Array, count: number): void {
    const { width } = this;
    if (rows.length !== count * width) {
      throw new BispikeError(
        "shape",
        `features: expected ${count} rows of ${width}, ${count * width} values, got ${rows.length}`,
      );
    }
    const bad = rows.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new BispikeError(
        "data",
        `features: value ${bad % width} of row ${Math.floor(bad / width)} is ${rows[bad]}`,
      );
    if (count === 0) return;
    const mean = new Float64Array(width);
    for (let k = 0, at = 0; k < count; k++) for (let i = 0; i < width; i++) mean[i]! += rows[at++]! / count;
    const deviation = new Float64Array(width);
    const scatter = new Float64Array(width * width);
    for (let k = 0; k < count; k++) {
      for (let i = 0; i < width; i++) deviation[i] = rows[k * width + i]! - mean[i]!;
      addOuter(scatter, deviation, 1);
    }
    this.#join(count, mean, scatter);
  }

  /**
   * Takes in what another accumulator has seen, which stays as it is.
   *
   * @throws BispikeError "shape" when it is of another width
   */
  merge(other: FeatureStatistics): void {
    if (other.width !== this.width)
      throw new BispikeError("shape", `features: expected statistics of ${this.width} features, got ${other.width}`);
    if (other.#images > 0) this.#join(other.#images, other.#mean, other.#scatter);
  }

  /**
   * Mean and unbiased covariance of all rows so far; new arrays.
   *
   * @throws BispikeError "data" for fewer than 2 rows
   */
  gaussian(): Gaussian {
    const { width } = this;
    const images = this.#images;
    if (images < 2) throw new BispikeError("data", `a covariance needs at least 2 images, got ${images}`);
    const covariance = new Float64Array(width * width);
    for (let i = 0; i < width; i++) {
      for (let j = i; j < width; j++) {
        const value = this.#scatter[i * width + j]! / (images - 1);
        covariance[i * width + j] = value;
        covariance[j * width + i] = value;
      }
    }
    return { mean: this.#mean.slice(), covariance, images };
  }

  #join(count: number, mean: Float64Array, scatter: Float64Array): void {
    const before = this.#images;
    const all = before + count;
    const delta = mean.map((value, i) => value - this.#mean[i]!);
    for (let i = 0; i < delta.length; i++) this.#mean[i]! += (delta[i]! * count) / all;
    for (let i = 0; i < scatter.length; i++) this.#scatter[i]! += scatter[i]!;
    addOuter(this.#scatter, delta, (before / all) * count);
    this.#images = all;
  }
}

/** matrix += weight v v^T, the upper triangle. */
function addOuter(matrix: Float64Array, v: Float64Array, weight: number): void {
  const { length } = v;
  for (let i = 0; i < length; i++) {
    const factor = weight * v[i]!;
    // Silent neurons and unseen features are many: their lines stay 0.
    if (factor === 0) continue;
    for (let j = i, at = i * length + i; j < length; j++, at++) matrix[at]! += factor * v[j]!;
  }
}
