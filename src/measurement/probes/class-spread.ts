/**
 * How far features lie apart by class. Over N images with features x, class means m_c of n_c images each, and their mean m:
 *
 *   between = sum over c of n_c |m_c - m|^2 / N      within = sum over images of |x - m_class|^2 / N      ratio = between / within
 *
 * which are the traces of the between-class and within-class covariances; between + within is the whole variance. Features collapse onto their class means (Papyan, Han and Donoho,
 * PNAS 2020) where the within-class share of it goes to 0.
 */
import { effectiveRank } from "../effective-rank.ts";

/** Variance of a stage's features by class. */
export interface ClassSeparation {
  /** Variance of the class means about the mean of all images, weighted by images; in squares of the features (of firing rates: spikes a step). */
  readonly between: number;
  /** Mean squared distance of an image from its class's mean, likewise. */
  readonly within: number;
  /** between / within; null where nothing varies within classes. */
  readonly ratio: number | null;
  /** within / (between + within), 0..1; null where nothing varies. */
  readonly withinShare: number | null;
}

/**
 * Sums over images, from which class means and variances follow.
 *
 * @example
 * const spread = new ClassSpread(2, 1);
 * for (const [x, label] of [[0, 0], [2, 0], [6, 1], [8, 1]]) spread.add(Float64Array.of(x), label);
 * spread.separation().ratio; // 9: means 1 and 7, 3 from 4, and all images 1 from their mean
 */
export class ClassSpread {
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #width: number;
  /** Sums of squares are of the distances from the first image: the closer the origin, the less rounding takes. */
  #origin: Float64Array | undefined;
  #squares = 0;

  constructor(classes: number, width: number) {
    this.#counts = new Float64Array(classes);
    this.#sums = new Float64Array(classes * width);
    this.#width = width;
  }

  /** Takes an image in. */
  add(features: Float64Array, label: number): void {
    this.#origin ??= features.slice();
    this.#counts[label]!++;
    for (let f = 0, at = label * this.#width; f < this.#width; f++, at++) {
      const x = features[f]! - this.#origin[f]!;
      this.#sums[at]! += x;
      this.#squares += x * x;
    }
  }

  /** Which classes had an image. */
  get present(): boolean[] {
    return Array.from(this.#counts, (count) => count > 0);
  }

  get images(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Class means, [class][feature]; the origin, which means nothing, for a class without images. */
  means(): Float64Array {
    return this.#sums.map(
      (sum, i) =>
        (this.#origin?.[i % this.#width] ?? 0) + sum / Math.max(1, this.#counts[Math.floor(i / this.#width)]!),
    );
  }

  /** Mean over all images, [feature]. */
  mean(): Float64Array {
    const { images } = this;
    return Float64Array.from({ length: this.#width }, (_, f) => (this.#origin?.[f] ?? 0) + this.#total(f) / images);
  }

  #total(feature: number): number {
    let sum = 0;
    for (let at = feature; at < this.#sums.length; at += this.#width) sum += this.#sums[at]!;
    return sum;
  }

  /** Variances by class of the images so far. */
  separation(): ClassSeparation {
    const { images } = this;
    let ofMeans = 0;
    for (const [c, count] of this.#counts.entries()) {
      let square = 0;
      for (let at = c * this.#width, end = at + this.#width; at < end; at++) square += this.#sums[at]! ** 2;
      ofMeans += square / Math.max(1, count);
    }
    let ofMean = 0;
    for (let f = 0; f < this.#width; f++) ofMean += this.#total(f) ** 2 / images;
    // A difference that is rounding is none.
    const least = 8 * Number.EPSILON * this.#squares;
    const difference = (a: number, b: number) => (a - b > least ? (a - b) / images : 0);
    const between = difference(ofMeans, ofMean);
    const within = difference(this.#squares, ofMeans);
    return {
      between,
      within,
      ratio: within > 0 ? between / within : null,
      withinShare: between + within > 0 ? within / (between + within) : null,
    };
  }

  /** Effective rank of the class means less their mean: at most the classes less 1, if all lie apart in directions of their own. */
  meansRank(): number {
    const means = this.means();
    const rows = this.present.flatMap((there, c) =>
      there ? [...means.subarray(c * this.#width, (c + 1) * this.#width)] : [],
    );
    return effectiveRank(rows, rows.length / this.#width, this.#width, { centred: true });
  }
}
