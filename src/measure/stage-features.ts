import type { AnnLayer } from "../nets/dense.ts";
import { cellsOf, type Layer } from "../nets/layer.ts";
import type { ImageModel } from "../nets/model.ts";
import type { Feature, Pooling } from "../nets/neuron.ts";
import type { NetworkPair } from "../nets/pair.ts";

import { pixelsOf, type Shape, sizeOf } from "../nets/shape.ts";
import { effectiveRank } from "./representation.ts";
import { spikeCounts } from "./spike-counts.ts";

// What probes are unless told otherwise; by themselves, as command lines and plans need no more than these.

/** Training images that probes are fitted to. */
export const PROBE_IMAGES = 5000;
/** Weight of half the squared length of a probe's weights. */
export const PROBE_DECAY = 0.01;
/** Units above which a plane is pooled, and the cells a side it is pooled to. */
export const MOST_UNITS = 4096;
export const DEFAULT_CELLS = 4;

/** Writes what a stage's units tell of an image of the newest batch, [pixel][channel]. */
type ReadUnits = (image: number, out: Float64Array) => void;

/** A stage's features of single images. */
export class StageFeatures {
  /** From 1, the stimulus. */
  readonly stage: number;
  readonly shape: Shape;
  /** Features: the stage's units, or cells x channels. */
  readonly width: number;
  readonly #read: ReadUnits;
  readonly #units: Float64Array;
  readonly #pooling: Pooling;
  /** Of each pixel, and how many pixels each has; undefined where units are read as they are. */
  readonly #cells: { readonly of: Int32Array; readonly sizes: Float64Array } | undefined;

  /**
   * @param cells cells a side that planes are pooled to; 0 for none. Default: none up to 4,096 units, then 4
   * @param pooling what of a cell's units is its feature
   */
  constructor(stage: number, shape: Shape, read: ReadUnits, cells?: number, pooling: Pooling = "mean") {
    const side = cells ?? (sizeOf(shape) > MOST_UNITS ? DEFAULT_CELLS : 0);
    const { cells: of, count } = cellsOf(shape.height, shape.width, side);
    this.stage = stage;
    this.shape = shape;
    this.#read = read;
    this.#pooling = pooling;
    this.#units = new Float64Array(sizeOf(shape));
    this.width = count * shape.channels;
    if (count === pixelsOf(shape)) return;
    const sizes = new Float64Array(count);
    for (const cell of of) sizes[cell]!++;
    this.#cells = { of, sizes };
  }

  get pooled(): boolean {
    return this.#cells !== undefined;
  }

  /**
   * Features of an image of the newest batch.
   *
   * @param out overwritten; `width` numbers
   */
  read(image: number, out: Float64Array): void {
    if (!this.#cells) {
      this.#read(image, out);
      return;
    }
    const { channels } = this.shape;
    const { of, sizes } = this.#cells;
    this.#read(image, this.#units);
    out.fill(0);
    const squares = this.#pooling === "energy";
    if (squares) for (let i = 0; i < this.#units.length; i++) this.#units[i]! *= this.#units[i]!;
    for (let p = 0, from = 0; p < of.length; p++) {
      const to = of[p]! * channels;
      for (let c = 0; c < channels; c++, from++) out[to + c]! += this.#units[from]!;
    }
    for (let i = 0; i < out.length; i++) out[i]! /= sizes[Math.floor(i / channels)]!;
    if (squares) for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(out[i]!);
  }
}

/**
 * Readers of the stimulus and of every hidden stage of perception.
 *
 * @param cells as `StageFeatures`
 * @example
 * const [stimulus, second] = stageFeatures(model);
 */
export function stageFeatures(model: ImageModel, cells?: number): StageFeatures[] {
  const shape = { ...model.frame, channels: model.data.shape.channels };
  if (model.spiking) {
    const { pair } = model;
    const rows = () => pair.stimulus.view;
    return [
      new StageFeatures(1, shape, rowReader(rows, pair.stimulusWidth), cells),
      ...pair.perception.slice(0, -1).map((layer, k) => spikingStage(k + 2, layer, cells)),
    ];
  }
  const { stimulus, stimulusWidth, net } = model.rows;
  const rows = () => stimulus.view;
  return [
    new StageFeatures(1, shape, rowReader(rows, stimulusWidth), cells),
    ...net.hidden.map((layer, k) => {
      const { shape: seen, stride } = layer.output;
      return new StageFeatures(k + 2, seen, rowReader(activations(net.team.arena.memory, layer), stride), cells);
    }),
  ];
}

/**
 * The same of both networks' hidden stages, pooled as the pair's alignment pools; recall's images are recalled rows.
 *
 * @param feature what recall is compared by; its voltages are read from the layer's feature rows, which `recallConcepts` is to have filled
 */
export function recallFeatures(
  pair: NetworkPair,
  feature: Feature = "rate",
): { perception: StageFeatures; recall: StageFeatures }[] {
  const { pool = 0, pooling } = pair.options;
  return [...pair.hiddenStages()].map(({ stage, perception, recall }) => ({
    perception: spikingStage(stage, perception, pool, pooling),
    recall: feature === "rate" ? spikingStage(stage, recall, pool) : featureRows(stage, recall),
  }));
}

/** A layer's feature rows, [cell][channel] without their padding; pooled already. */
function featureRows(stage: number, { features, featureWidth, cellCount, synapses }: Layer): StageFeatures {
  const { channels } = synapses.shape;
  const perCell = featureWidth / cellCount;
  const read: ReadUnits = (image, out) => {
    const from = image * featureWidth;
    for (let i = 0; i < out.length; i++)
      out[i] = features.view[from + Math.floor(i / channels) * perCell + (i % channels)]!;
  };
  return new StageFeatures(stage, { height: 1, width: cellCount, channels }, read, 0);
}

/** Firing rates, spikes a step. */
function spikingStage(stage: number, layer: Layer, cells: number | undefined, pooling?: Pooling): StageFeatures {
  const output = layer.output!;
  const read: ReadUnits = (image, out) => {
    spikeCounts(output, image, out);
    for (let i = 0; i < out.length; i++) out[i]! /= output.steps;
  };
  return new StageFeatures(stage, output.shape, read, cells, pooling);
}

function activations({ buffer }: WebAssembly.Memory, { output }: AnnLayer): () => Float32Array {
  const rows = new Float32Array(buffer, output.at, output.maxImages * output.stride);
  return () => rows;
}

/** Rows of floats, `stride` apart. */
function rowReader(rows: () => Float32Array, stride: number): ReadUnits {
  return (image, out) => {
    const view = rows();
    const from = image * stride;
    for (let i = 0; i < out.length; i++) out[i] = view[from + i]!;
  };
}

// How far features lie apart by class. Over N images with features x, class means m_c of n_c images each, and their mean m:
//
// between = sum over c of n_c |m_c - m|^2 / N      within = sum over images of |x - m_class|^2 / N      ratio = between / within
//
// which are the traces of the between-class and within-class covariances; between + within is the whole variance. Features collapse onto their class means (Papyan, Han and Donoho,
// PNAS 2020) where the within-class share of it goes to 0.

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
