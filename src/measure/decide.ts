/**
 * Decisions: the class whose label spike train has the highest cosine with the concept's spikes; classes that tie (all of them, when the concept
 * is silent) are told apart by the time mean of the concept's drive.
 *
 *   cos(s_L, code_c) = sum over (t, n) of s_L[t, n] code_c[n] / (|s_L| sqrt(T active_c))
 *
 * |s_L| and T are the same for all classes, so the counts over sqrt(active) decide.
 */

import { describeShape, type ImageShape, imageBytes, type Split } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import { conceptSpikes } from "../nets/inference.ts";
import type { AnnModel, ImageModel } from "../nets/model.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { assertRows } from "../nets/shape.ts";

/** What a net decides of an image. */
export interface Decision {
  /** Number of the class. */
  readonly class: number;
  /** Cosine of the concept's spikes with each class's train, 0..1, [class]; all 0 when silent, and for non-spiking nets. */
  readonly cosines: Float64Array;
  /** Projection of the mean drive on each class's code, [class]; outputs of a non-spiking net. */
  readonly drives: Float64Array;
}

/**
 * Decisions for the first `images` of the images a model has perceived.
 *
 * @throws BispikeError "usage" for more than it perceived
 * @example
 * model.load(split, indices, 0, 8);
 * model.perceive(8);
 * decideImages(model, 8)[0].class;
 */
export function decideImages(model: ImageModel, images: number): Decision[] {
  return model.spiking ? decide(model.pair, images) : decideByLogits(model, images);
}

/** Decisions of a net that does not spike: the largest logit, the first of several; cosines are 0, as of a silent concept. */
function decideByLogits({ data, net }: AnnModel, images: number): Decision[] {
  const { features, featureWidth, images: perceived } = net.readout;
  assertRows("images perceived", images, perceived);
  const classes = data.classNames.length;
  return Array.from({ length: images }, (_, b) => {
    const drives = Float64Array.from(features.view.subarray(b * featureWidth, b * featureWidth + classes));
    return { class: drives.indexOf(Math.max(...drives)), cosines: new Float64Array(classes), drives };
  });
}

/**
 * Decisions of a pair for the first `images` of the images it perceived: the class whose code has the largest cosine with the concept's spikes, ties by the mean drive.
 *
 * @throws BispikeError "usage" for more than it perceived
 * @example
 * perceive(pair, 8);
 * decide(pair, 8)[0].class;
 */
export function decide(pair: NetworkPair, images: number): Decision[] {
  const { classes, width, bits } = pair.target;
  const { steps } = pair.options;
  const spikes = conceptSpikes(pair, images);
  const { featureWidth } = pair.conceptDrive;
  const means = pair.conceptDrive.features.view;
  const active = Array.from({ length: classes }, (_, c) => activeNeurons(bits.subarray(c * width, (c + 1) * width)));
  const roots = active.map((neurons) => Math.sqrt(neurons.length));
  const decisions: Decision[] = [];
  // One run of memory for all: an array each takes longer to make than to fill.
  const { buffer } = new Float64Array(2 * images * classes);
  const counts = new Float64Array(width);
  for (let b = 0, at = 0; b < images; b++) {
    counts.fill(0);
    let total = 0;
    for (let t = 0; t < steps; t++) {
      for (let n = 0; n < width; n++, at++) {
        const fired = spikes[at]!;
        counts[n]! += fired;
        total += fired;
      }
    }
    const length = Math.sqrt(total * steps);
    const cosines = new Float64Array(buffer, 2 * b * classes * Float64Array.BYTES_PER_ELEMENT, classes);
    const drives = new Float64Array(buffer, (2 * b + 1) * classes * Float64Array.BYTES_PER_ELEMENT, classes);
    let best = 0;
    for (let c = 0; c < classes; c++) {
      let overlap = 0;
      let drive = 0;
      for (const n of active[c]!) {
        overlap += counts[n]!;
        drive += means[b * featureWidth + n]!;
      }
      cosines[c] = total > 0 ? overlap / roots[c]! / length : 0;
      drives[c] = drive / roots[c]!;
      if (cosines[c]! > cosines[best]! || (cosines[c] === cosines[best] && drives[c]! > drives[best]!)) best = c;
    }
    decisions.push({ class: best, cosines, drives });
  }
  return decisions;
}

/** Places of a code's ones. */
function activeNeurons(code: Uint8Array): number[] {
  const places: number[] = [];
  for (const [n, bit] of code.entries()) if (bit) places.push(n);
  return places;
}

// Classifiers that judge pictures, for what recall draws: any function, or another trained net.

/**
 * Names the class of each picture.
 *
 * @param rows `count` pictures [pixel][channel] of `shape`, values 0 (black) to 1
 * @returns `count` class numbers
 */
export type Classifier = (
  rows: Float32Array,
  shape: ImageShape,
  count: number,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

/**
 * A trained net as a classifier: pictures are rounded to bytes, as its training images were.
 *
 * @throws BispikeError "data" (when called) for pictures of another shape than the pair was trained on
 * @example
 * const judge = modelClassifier((await openModel("runs/mnist-cnn-seed2")).model);
 */
export function modelClassifier(model: ImageModel): Classifier {
  const size = imageBytes(model.data.shape);
  return (rows, shape, count) => {
    const expected = describeShape(model.data.shape);
    const found = describeShape(shape);
    if (expected !== found) {
      throw new BispikeError(
        "data",
        `classifier: it was trained on images of ${expected} (${model.data.name}), got ${found}`,
      );
    }
    const images = Uint8Array.from(rows.subarray(0, count * size), (value) =>
      Math.round(255 * Math.min(1, Math.max(0, value))),
    );
    return classesOf(model, { images, labels: new Uint16Array(count), count });
  };
}

/** Decisions for every image of a split. */
export function classesOf(model: ImageModel, split: Split): Uint16Array {
  const { maxImages } = model;
  const indices = Int32Array.from({ length: split.count }, (_, i) => i);
  const out = new Uint16Array(split.count);
  for (let from = 0; from < split.count; from += maxImages) {
    const count = model.load(split, indices, from, Math.min(maxImages, split.count - from));
    model.perceive(count);
    for (const [b, decision] of decideImages(model, count).entries()) out[from + b] = decision.class;
  }
  return out;
}

// Images as the measures of generation take them: rows of pixels 0..1, [image][height][width][channel], channels last.

/** `count` images of one shape, row after row. */
export type Pixels = Float32Array | Float64Array;

/**
 * Refuses rows that are not `count` images, or that hold what is no number.
 *
 * @param what the rows' name, for the message
 * @throws BispikeError "shape" for another length, "data" for a pixel that is not finite
 */
export function checkRows(what: string, pixels: Pixels, shape: ImageShape, count: number): void {
  const size = imageBytes(shape);
  if (pixels.length !== count * size) {
    throw new BispikeError(
      "shape",
      `${what}: expected ${count} images of ${describeShape(shape)}, ${count * size} pixels, got ${pixels.length}`,
    );
  }
  for (let i = 0; i < pixels.length; i++) {
    if (!Number.isFinite(pixels[i]!)) {
      throw new BispikeError("data", `${what}: pixel ${i % size} of image ${Math.floor(i / size)} is ${pixels[i]}`);
    }
  }
}

/** What a picture can show of them: every pixel in 0..1; a new array. */
export function clampRows(pixels: Pixels): Float64Array {
  return Float64Array.from(pixels, (value) => Math.min(1, Math.max(0, value)));
}

/**
 * At most `most` of the images at `indices`, spread evenly over them and in their order; 0 for all.
 *
 * @example
 * evenly(Int32Array.of(5, 6, 7, 8), 2); // 5, 7
 */
export function evenly(indices: Int32Array, most: number): Int32Array {
  const count = most > 0 ? Math.min(indices.length, most) : indices.length;
  return Int32Array.from({ length: count }, (_, k) => indices[Math.floor((k * indices.length) / count)]!);
}
