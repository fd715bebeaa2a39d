/** What the hidden stages' spikes are like: effective rank of their rates, dead and saturated units, and how far the two networks' weights have aligned. */

import { exponential, logarithm } from "../engine/elementary.ts";
import { recallConcepts } from "../nets/inference.ts";
import type { Layer } from "../nets/layer.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { sizeOf } from "../nets/shape.ts";
import { type WeightAlignment, weightAlignment } from "./backprop-twin.ts";
import type { Meter } from "./evaluate.ts";
import { spikeCounts } from "./spike-counts.ts";

// Firing rates of single units: which are dead, which saturated, and how rates are spread.

/** A unit that fires at more than this share of steps says hardly more than one that never does. */
export const SATURATED_RATE = 0.95;
/** Bins of the histogram over rates 0..1. */
export const RATE_BINS = 20;

export interface UnitRates {
  /** Number of units. */
  readonly units: number;
  /** Mean over the units, 0..1. */
  readonly mean: number;
  /** Share of units, 0..1, that never fired. */
  readonly dead: number;
  /** Share of units, 0..1, that fired at more than 95 % of all steps. */
  readonly saturated: number;
  /**
   * Share of channels none of whose units fired: of a convolution's, whose pixels share weights, these have nothing to learn from. The same as `dead` where there is
   * one pixel.
   */
  readonly deadChannels: number;
  /** Units whose rate is in [k / 20, (k + 1) / 20), the last bin with 1. */
  readonly histogram: readonly number[];
}

/**
 * @param counts spikes of each unit, [pixel][channel]
 * @param seen steps each unit was watched: samples x T
 * @example
 * unitRates([0, 10, 5, 5], 4, 10); // dead 0.25, saturated 0.25, mean 0.5
 */
export function unitRates(counts: ArrayLike<number>, channels: number, seen: number): UnitRates {
  const histogram = new Array<number>(RATE_BINS).fill(0);
  const alive = new Array<boolean>(channels).fill(false);
  const units = counts.length;
  let [sum, dead, saturated] = [0, 0, 0];
  for (let unit = 0; unit < units; unit++) {
    const rate = counts[unit]! / seen;
    sum += rate;
    if (rate === 0) dead++;
    else alive[unit % channels] = true;
    if (rate > SATURATED_RATE) saturated++;
    histogram[Math.min(RATE_BINS - 1, Math.floor((counts[unit]! * RATE_BINS) / seen))]!++;
  }
  const deadChannels = alive.filter((fired) => !fired).length / channels;
  return { units, mean: sum / units, dead: dead / units, saturated: saturated / units, deadChannels, histogram };
}

// Effective rank (Roy and Vetterli, EUSIPCO 2007): how many directions a matrix spreads over, from its singular values s,
//
// p_k = s_k / sum of s,   erank = exp(-sum of p_k ln p_k)
//
// 1 where all rows are multiples of one, min(rows, columns) where all singular values are equal; never more than the rank.
// Singular values are the roots of the eigenvalues of the smaller Gram matrix. Those a float64 cannot tell from 0 beside the largest are left out: roots would magnify them.

/**
 * Effective rank (Roy and Vetterli 2007) of a matrix with singular values s: how many directions it spreads over, 1 to min(rows, columns),
 *
 *     exp(-sum of p ln p),   p = s / sum of s
 *
 * @param values [row][column]
 * @param options with `centred`, each column's mean is taken away first. Default false
 * @returns 0 for a matrix of zeros
 * @example
 * effectiveRank([1, 0, 0, 1], 2, 2); // 2
 */
export function effectiveRank(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  options: { centred?: boolean } = {},
): number {
  const { centred = false } = options;
  const matrix = Float64Array.from(values);
  if (centred) centre(matrix, rows, columns);
  const eigenvalues = symmetricEigenvalues(gram(matrix, rows, columns), Math.min(rows, columns));
  const largest = eigenvalues.reduce((most, value) => Math.max(most, value), 0);
  const floor = Math.max(rows, columns) * Number.EPSILON * largest;
  const singular = eigenvalues.filter((value) => value > floor).map(Math.sqrt);
  const sum = singular.reduce((total, value) => total + value, 0);
  if (sum === 0) return 0;
  return exponential(singular.reduce((entropy, value) => entropy - (value / sum) * logarithm(value / sum), 0));
}

/** Takes each column's mean away, in place. */
function centre(matrix: Float64Array, rows: number, columns: number): void {
  for (let c = 0; c < columns; c++) {
    let mean = 0;
    for (let r = 0; r < rows; r++) mean += matrix[r * columns + c]! / rows;
    for (let r = 0; r < rows; r++) matrix[r * columns + c]! -= mean;
  }
}

/** A A^T or A^T A, whichever is smaller. */
function gram(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const wide = rows <= columns;
  const size = wide ? rows : columns;
  const out = new Float64Array(size * size);
  const lines = wide ? matrix : transposed(matrix, rows, columns);
  const length = wide ? columns : rows;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0, a = i * length, b = j * length; k < length; k++, a++, b++) sum += lines[a]! * lines[b]!;
      out[i * size + j] = out[j * size + i] = sum;
    }
  }
  return out;
}

function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c]!;
  return out;
}

/** Images whose rates are kept for the effective rank, unless told otherwise: its time grows with their cube. */
const RANK_IMAGES = 512;

/** One network's half of a hidden stage. */
export interface StageRepresentation extends UnitRates {
  /** Effective rank of the firing rates, [sample][unit]. */
  readonly effectiveRank: number;
  /** The same less each unit's mean, which is what the alignment compares. */
  readonly centredRank: number;
  /** Samples it was taken from; it cannot exceed them. */
  readonly rankSamples: number;
}

/** What the spikes of a net's stages are like. */
export interface Representation {
  /** Images perceived. */
  readonly images: number;
  /** Hidden stages from below; `perception` over the images, `recall` over one recall a class. */
  readonly stages: readonly {
    readonly stage: number;
    readonly perception: StageRepresentation;
    /** Over one recall a class; null where there is perception alone. */
    readonly recall: StageRepresentation | null;
  }[];
  /** How weights up and down align; empty where there is perception alone. */
  readonly weights: readonly WeightAlignment[];
}

/**
 * Watches perception's hidden stages while a pair is evaluated.
 *
 * @example
 * const meter = new RepresentationMeter(model.pair, indices.length);
 * await evaluate(model, dataset.test, indices, undefined, [meter]);
 * meter.result().stages[0].perception.effectiveRank;
 */
export class RepresentationMeter implements Meter {
  readonly #pair: NetworkPair;
  readonly #perception: readonly StageRates[];
  readonly #recall: readonly StageRates[];

  /**
   * Recalls every concept once, where there is recall; perception's batches follow by `add`.
   *
   * @param images that will be seen: those kept for the rank are spread evenly over them
   * @param kept images kept at most. Default 512
   */
  constructor(pair: NetworkPair, images: number, kept = RANK_IMAGES) {
    const { classes } = pair.target;
    this.#pair = pair;
    this.#perception = pair.perception.slice(0, -1).map((layer) => new StageRates(layer, images, kept));
    this.#recall = pair.recall.slice(1).map((layer) => new StageRates(layer, classes, kept));
    if (!pair.recalls) return;
    recallConcepts(
      pair,
      Array.from({ length: classes }, (_, c) => c),
    );
    for (const rates of this.#recall) rates.add(classes);
  }

  /** Sees a batch. */
  add(images: number): void {
    for (const rates of this.#perception) rates.add(images);
  }

  /** What was measured so far. */
  result(): Representation {
    return {
      images: this.#perception[0]?.seen ?? 0,
      stages: this.#perception.map((perception, k) => ({
        stage: k + 2,
        perception: perception.result(),
        recall: this.#recall[k]?.result() ?? null,
      })),
      weights: weightAlignment(this.#pair),
    };
  }
}

/** Spike counts of a layer's units: their sums, and the rows of some samples. */
class StageRates {
  seen = 0;
  readonly #layer: Layer;
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #rows: Uint16Array;
  readonly #samples: number;
  readonly #kept: number;
  #rowCount = 0;

  constructor(layer: Layer, samples: number, kept: number) {
    const units = sizeOf(layer.synapses.shape);
    this.#layer = layer;
    this.#samples = samples;
    this.#kept = Math.min(samples, kept);
    this.#counts = new Float64Array(units);
    this.#sums = new Float64Array(units);
    this.#rows = new Uint16Array(this.#kept * units);
  }

  add(images: number): void {
    const counts = this.#counts;
    for (let b = 0; b < images; b++, this.seen++) {
      spikeCounts(this.#layer.output!, b, counts);
      for (let i = 0; i < counts.length; i++) this.#sums[i]! += counts[i]!;
      // Of n samples the k-th that is kept is number floor(k n / kept).
      if (this.#rowCount < this.#kept && this.seen === Math.floor((this.#rowCount * this.#samples) / this.#kept)) {
        this.#rows.set(counts, this.#rowCount * counts.length);
        this.#rowCount++;
      }
    }
  }

  result(): StageRepresentation {
    const { length } = this.#counts;
    const { steps, shape } = this.#layer.output!;
    const rows = this.#rows.subarray(0, this.#rowCount * length);
    const rankSamples = this.#rowCount;
    return {
      ...unitRates(this.#sums, shape.channels, this.seen * steps),
      effectiveRank: effectiveRank(rows, rankSamples, length),
      centredRank: effectiveRank(rows, rankSamples, length, { centred: true }),
      rankSamples,
    };
  }
}

/**
 * Eigenvalues of symmetric matrices, without their vectors (Golub and Van Loan, Matrix Computations, 8.3): reflections make the matrix tridiagonal, then
 * implicit QR steps with Wilkinson's shift make the numbers beside the diagonal vanish. Of our own, as a page that trains loads this.
 */

const MOST_STEPS = 60;

/**
 * @param matrix [size][size], symmetric; overwritten
 * @returns eigenvalues in no order
 * @example
 * symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2); // 3 and 1
 */
export function symmetricEigenvalues(matrix: Float64Array, size: number): Float64Array {
  for (let k = 0; k + 2 < size; k++) reflect(matrix, size, k);
  const diagonal = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
  const beside = Float64Array.from({ length: Math.max(0, size - 1) }, (_, i) => matrix[(i + 1) * size + i]!);
  // Two steps an eigenvalue are usual; numbers that are not finite would never end.
  for (let end = size - 1, steps = 0; end > 0 && steps < MOST_STEPS * size; steps++) {
    if (isNothing(diagonal, beside, end - 1)) {
      beside[--end] = 0;
      continue;
    }
    let begin = end - 1;
    while (begin > 0 && !isNothing(diagonal, beside, begin - 1)) begin--;
    step(diagonal, beside, begin, end);
  }
  return diagonal;
}

/** Column k becomes 0 below the place under the diagonal: A := (1 - b v v^T) A (1 - b v v^T). */
function reflect(a: Float64Array, size: number, k: number): void {
  const v = new Float64Array(size);
  let squares = 0;
  for (let i = k + 1; i < size; i++) {
    v[i] = a[i * size + k]!;
    squares += v[i]! * v[i]!;
  }
  const head = v[k + 1]!;
  const below = squares - head * head;
  if (below === 0) return;
  // The sign that does not cancel.
  v[k + 1] = head + (head < 0 ? -1 : 1) * Math.sqrt(squares);
  const b = 2 / (below + v[k + 1]! * v[k + 1]!);
  const w = new Float64Array(size);
  let along = 0;
  for (let i = k; i < size; i++) {
    let sum = 0;
    for (let j = k + 1; j < size; j++) sum += a[i * size + j]! * v[j]!;
    w[i] = b * sum;
    along += w[i]! * v[i]!;
  }
  for (let i = k; i < size; i++) w[i]! -= (b / 2) * along * v[i]!;
  for (let i = k; i < size; i++) for (let j = k; j < size; j++) a[i * size + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
}

/** One implicit QR step of the tridiagonal block begin .. end. */
function step(d: Float64Array, e: Float64Array, begin: number, end: number): void {
  const half = (d[end - 1]! - d[end]!) / 2;
  const last = e[end - 1]!;
  const shift = d[end]! - (last * last) / (half + (half < 0 ? -1 : 1) * Math.hypot(half, last));
  let [x, z] = [d[begin]! - shift, e[begin]!];
  for (let k = begin; k < end; k++) {
    const r = Math.hypot(x, z);
    const [c, s] = r === 0 ? [1, 0] : [x / r, z / r];
    if (k > begin) e[k - 1] = r;
    const [p, q, f] = [d[k]!, d[k + 1]!, e[k]!];
    d[k] = c * c * p + 2 * c * s * f + s * s * q;
    d[k + 1] = s * s * p - 2 * c * s * f + c * c * q;
    e[k] = c * s * (q - p) + (c * c - s * s) * f;
    if (k + 1 === end) break;
    [x, z] = [e[k]!, s * e[k + 1]!];
    e[k + 1]! *= c;
  }
}

/** Whether e[i] cannot be told from 0 beside its neighbours. */
function isNothing(d: Float64Array, e: Float64Array, i: number): boolean {
  return Math.abs(e[i]!) <= Number.EPSILON * (Math.abs(d[i]!) + Math.abs(d[i + 1]!));
}
