/**
 * Do the two networks speak alike? Hamming similarity of their spikes at a stage: the share of equal bits between perception of a sample and
 * recall of its class. Sparse spikes agree by chance already (both silent), so the same is measured with recall of another class: the control.
 */
import { recallConcepts } from "../nets/inference.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { pixelsOf, tilesOf } from "../nets/shape.ts";

/** Sums over samples, one entry a hidden stage; divide by `samples`. */
export class SpikeSimilarity {
  samples = 0;
  readonly #own: Float64Array;
  readonly #other: Float64Array;
  readonly #pair: NetworkPair;

  /** Runs recall once a class; perception batches may follow. */
  constructor(pair: NetworkPair) {
    this.#pair = pair;
    const hidden = pair.options.hidden.length;
    this.#own = new Float64Array(hidden);
    this.#other = new Float64Array(hidden);
    const classes = Array.from({ length: pair.target.classes }, (_, c) => c);
    recallConcepts(pair, classes);
  }

  /** Adds a perceived batch. The control is the next class's recall. */
  add(labels: ArrayLike<number>): void {
    const { classes } = this.#pair.target;
    let k = 0;
    for (const { perception, recall } of this.#pair.hiddenStages()) {
      const population = perception.output!;
      const words = population.steps * pixelsOf(population.shape) * tilesOf(population.shape);
      const bits = population.steps * pixelsOf(population.shape) * population.shape.channels;
      const ours = population.masks.view;
      const theirs = recall.output!.masks.view;
      for (let b = 0; b < labels.length; b++) {
        const label = labels[b]!;
        this.#own[k]! += 1 - differing(ours, b * words, theirs, label * words, words) / bits;
        this.#other[k]! += 1 - differing(ours, b * words, theirs, ((label + 1) % classes) * words, words) / bits;
      }
      k++;
    }
    this.samples += labels.length;
  }

  /** Mean similarity of each hidden stage, and with recall of another class. */
  means(): { own: number[]; shuffled: number[] } {
    const mean = (sums: Float64Array) => Array.from(sums, (sum) => sum / Math.max(1, this.samples));
    return { own: mean(this.#own), shuffled: mean(this.#other) };
  }
}

/** Bits in which `words` words from two places differ. */
export function differing(a: Uint16Array, aAt: number, b: Uint16Array, bAt: number, words: number): number {
  let count = 0;
  for (let i = 0; i < words; i++) {
    // Bits of a 16-bit word, added up in parallel.
    let x = a[aAt + i]! ^ b[bAt + i]!;
    x -= (x >> 1) & 0x5555;
    x = (x & 0x3333) + ((x >> 2) & 0x3333);
    x = (x + (x >> 4)) & 0x0f0f;
    count += (x + (x >> 8)) & 0x1f;
  }
  return count;
}

/**
 * Cosine of the angle between two vectors of one length.
 *
 * @returns null where one of them is 0, for there is no angle then
 * @example
 * cosine([1, 0], [1, 1]); // 0.7071...
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  let [dot, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    squaresA += a[i]! ** 2;
    squaresB += b[i]! ** 2;
  }
  const norms = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  return norms > 0 ? dot / norms : null;
}

// How like two pictures are, whatever their brightness and contrast.

/**
 * Pearson's correlation of two rows of equal length, -1 to 1; 0 where one of them is all the same.
 *
 * @example
 * correlation(Float32Array.of(0, 1, 2), Float32Array.of(1, 3, 5)); // 1
 */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { length } = a;
  // Deviations from the first value: exactly 0 for a flat picture, whose mean need not be.
  const [firstA, firstB] = [a[0] ?? 0, b[0] ?? 0];
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < length; i++) {
    meanA += (a[i]! - firstA) / length;
    meanB += (b[i]! - firstB) / length;
  }
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const [x, y] = [a[i]! - firstA - meanA, b[i]! - firstB - meanB];
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return squaresA > 0 && squaresB > 0 ? products / Math.sqrt(squaresA) / Math.sqrt(squaresB) : 0;
}
