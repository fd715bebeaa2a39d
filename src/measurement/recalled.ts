/**
 * What recall redraws, as pictures, and how like the class means they are.
 *
 * The alignment is a cosine between centred vectors, so recall learns direction, not scale or mean. To show one: take the mean over all
 * classes' recalled drives away, scale to the norm of the class mean's own deviation, add the mean image.
 */

import { type ImageShape, imageBytes, type Split } from "../data/dataset.ts";
import { recallConcepts } from "../network/inference.ts";
import type { Model } from "../network/model.ts";
import { assertRows } from "../network/rows.ts";

/**
 * Mean image of each class over the images at `indices`, [class][pixel][channel], in units of pixel / 255. A class without images is black.
 *
 * @throws BispikeError "usage" for a label that is no class
 * @example
 * const means = classMeans(dataset.train, indices, dataset.shape, dataset.classes);
 */
export function classMeans(split: Split, indices: Int32Array, shape: ImageShape, classes: number): Float32Array {
  const size = imageBytes(shape);
  const sums = new Float64Array(classes * size);
  const counts = new Float64Array(classes);
  for (const image of indices) {
    const label = split.labels[image]!;
    assertRows("classMeans: class", label, classes - 1);
    counts[label]!++;
    for (let i = 0, from = image * size, to = label * size; i < size; i++) sums[to + i]! += split.images[from + i]!;
  }
  return Float32Array.from(sums, (sum, i) => sum / (255 * Math.max(1, counts[Math.floor(i / size)]!)));
}

/** What recall draws of each class. */
export interface RecalledImages {
  /** Pictures [class][pixel][channel] in 0..1 of the size of the data. */
  readonly images: Float32Array;
  /** Correlation of each class's recall with each class's mean, both less their mean over the classes, -1..1: [recalled class][class]. */
  readonly correlations: readonly (readonly number[])[];
  /** Number of classes whose recall is most like their own mean. */
  readonly ownIsNearest: number;
}

/** How drawings become pictures, by a class: picture = mean image + gain (drawing - mean drawing), in units of pixel / 255. */
export interface RecallScaling {
  /** What recall draws of each class less the mean drawing, [class][pixel][channel]: stimulus values times their deviation, in the data's size. */
  readonly drawn: Float64Array;
  /** Over the classes, [pixel][channel]. */
  readonly meanDrawn: Float64Array;
  readonly meanImage: Float64Array;
  /** The class means less their mean, [class][pixel][channel]. */
  readonly deviations: Float64Array;
  /** The length of a class mean's deviation over that of its drawing's; 0 where nothing was drawn. */
  readonly gains: Float64Array;
}

/**
 * Recalls every class, and fits one gain a class: recall learns by cosines, which leave mean and scale free. `means` as `classMeans` gives them.
 *
 * @throws BispikeError "usage" where there is perception alone
 */
export function recallScaling(model: Model, means: Float32Array): RecallScaling {
  const { pair, data } = model;
  const { classes } = pair.target;
  const size = imageBytes(data.shape);
  recallConcepts(
    pair,
    Array.from({ length: classes }, (_, c) => c),
  );
  const drawn = drawnRows(model, classes);
  const deviations = Float64Array.from(means);
  const meanImage = takeMeanAway(deviations, classes, size);
  const meanDrawn = takeMeanAway(drawn, classes, size);
  const gains = Float64Array.from({ length: classes }, (_, c) => {
    const recalled = Math.sqrt(dot(drawn, c, drawn, c, size));
    return recalled > 0 ? Math.sqrt(dot(deviations, c, deviations, c, size)) / recalled : 0;
  });
  return { drawn, meanDrawn, meanImage, deviations, gains };
}

/** What recall drew in its newest run, its first `rows` rows: stimulus values times their deviation, [row][pixel][channel] in the data's size, without the frame's margin. */
export function drawnRows({ pair, data, frame, stimulusScale }: Model, rows: number): Float64Array {
  const { height, width, channels } = data.shape;
  const size = height * width * channels;
  const top = Math.floor((frame.height - height) / 2);
  const left = Math.floor((frame.width - width) / 2);
  const drawn = new Float64Array(rows * size);
  const { features, featureWidth } = pair.redrawn;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < size; i++) {
      const channel = i % channels;
      const x = Math.floor(i / channels) % width;
      const y = Math.floor(i / channels / width);
      const at = ((y + top) * frame.width + x + left) * channels + channel;
      drawn[row * size + i] = features.view[row * featureWidth + at]! * stimulusScale[channel]!;
    }
  }
  return drawn;
}

/**
 * Recalls every class and draws it. `means` as `classMeans` gives them.
 *
 * @throws BispikeError "usage" where there is perception alone
 * @example
 * const { images } = recallImages(model, checkpoint.classMeans);
 */
export function recallImages(model: Model, means: Float32Array): RecalledImages {
  const { classes } = model.pair.target;
  const { drawn, meanImage, deviations, gains } = recallScaling(model, means);
  const size = meanImage.length;
  const images = new Float32Array(classes * size);
  const norms = (rows: Float64Array) =>
    Array.from({ length: classes }, (_, c) => Math.sqrt(dot(rows, c, rows, c, size)));
  const [recalled, own] = [norms(drawn), norms(deviations)];
  const correlations = recalled.map((norm, c) =>
    own.map((other, k) => (norm > 0 && other > 0 ? dot(drawn, c, deviations, k, size) / (norm * other) : 0)),
  );
  for (let c = 0; c < classes; c++) {
    for (let i = 0; i < size; i++) {
      images[c * size + i] = Math.min(1, Math.max(0, meanImage[i]! + gains[c]! * drawn[c * size + i]!));
    }
  }
  const ownIsNearest = correlations.filter((row, c) => row.every((value, k) => k === c || value < row[c]!)).length;
  return { images, correlations, ownIsNearest };
}

/** Takes the mean row away from every row, in place, and returns it. */
function takeMeanAway(rows: Float64Array, count: number, size: number): Float64Array {
  const mean = new Float64Array(size);
  for (let c = 0; c < count; c++) for (let i = 0; i < size; i++) mean[i]! += rows[c * size + i]! / count;
  for (let c = 0; c < count; c++) for (let i = 0; i < size; i++) rows[c * size + i]! -= mean[i]!;
  return mean;
}

function dot(a: Float64Array, rowA: number, b: Float64Array, rowB: number, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += a[rowA * size + i]! * b[rowB * size + i]!;
  return sum;
}
