/**
 * Mean and covariance of feature rows that come batch by batch, float64. Batches and accumulators are joined by the pairwise update
 * (Chan, Golub and LeVeque 1983), so that no large sums are subtracted from each other:
 *
 *   delta = mean_b - mean_a      mean = mean_a + delta n_b / n      S = S_a + S_b + delta delta^T n_a n_b / n      covariance = S / (n - 1)
 */
import { BispikeError } from "../errors.ts";

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
