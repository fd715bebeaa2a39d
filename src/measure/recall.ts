/**
 * What recall reconstructs, as pictures, and how like the class means they are.
 *
 * The alignment is a cosine between centred vectors, so recall learns direction, not scale or mean. To show one: take the mean over all
 * classes' recalled drives away, scale to the norm of the class mean's own deviation, add the mean image.
 */

import { addNoise, occlude, SIDES, type Side } from "../data/cue.ts";
import { type ImageShape, imageBytes, type Split } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import { recallConcepts } from "../nets/inference.ts";
import type { Model } from "../nets/model.ts";
import { assertRows } from "../nets/shape.ts";
import { type Classifier, classesOf } from "./decide.ts";

import { correlation } from "./similarity.ts";

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
  const { features, featureWidth } = pair.reconstructed;
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

// Recall measured for its own sake: are the pictures it draws of the class they should be?
//
// judged        an independently trained classifier names each recalled picture; right where it names the class that was recalled
// correlation   of each recalled picture with its class's mean, both less their mean over the classes
// similarity    of each recalled picture with its class's mean by a measure of the caller's, such as SSIM

/** How alike each of `count` pictures is to its original, both [count][pixel][channel] of values 0..1. */
export type PictureSimilarity = (
  originals: Float32Array,
  reconstructed: Float32Array,
  shape: ImageShape,
  count: number,
) => ArrayLike<number>;

/** How well recall draws its classes. */
export interface RecallMeasures {
  /** Each class's figures. */
  readonly classes: readonly {
    readonly class: number;
    /** Correlation with its own class's mean, and the largest with another's. */
    readonly correlation: number;
    readonly otherCorrelation: number;
    /** What the classifier takes it for; null without one. */
    readonly judged: number | null;
    /** By the similarity that was given; null without one. */
    readonly similarity: number | null;
  }[];
  /** Share, 0..1, of recalled pictures the classifier names rightly; null without one. */
  readonly judgedAccuracy: number | null;
  /** Mean over the classes of the correlation with the class's own mean, -1..1. */
  readonly meanCorrelation: number;
  /** Mean over the classes by the similarity that was given; null without one. */
  readonly meanSimilarity: number | null;
  /** Share of classes, 0..1, whose recall is most like their own mean. */
  readonly ownIsNearest: number;
}

/**
 * Recalls every class once and measures what it draws.
 *
 * @param means of the training images, as `classMeans` gives them
 * @param options a `classifier` trained without the pair, whose class numbers must be the pair's, and a `similarity` such as SSIM. Default: none
 * @throws BispikeError "usage" for a classifier that names another number of pictures than it was given
 * @example
 * const { judgedAccuracy } = await measureRecall(model, checkpoint.classMeans, { classifier: modelClassifier(other) });
 */
export async function measureRecall(
  model: Model,
  means: Float32Array,
  options: { classifier?: Classifier | undefined; similarity?: PictureSimilarity | undefined } = {},
): Promise<RecallMeasures> {
  const { classifier, similarity } = options;
  const { shape } = model.data;
  const { classes } = model.pair.target;
  const { images, correlations, ownIsNearest } = recallImages(model, means);
  const judged = classifier ? await classifier(images, shape, classes) : null;
  if (judged && judged.length !== classes)
    throw new BispikeError(
      "usage",
      `classifier: expected ${classes} class numbers, one a picture, got ${judged.length}`,
    );
  const alike = similarity ? similarity(means, images, shape, classes) : null;
  const perClass = correlations.map((row, c) => ({
    class: c,
    correlation: row[c]!,
    otherCorrelation: row.reduce(
      (most, value, k) => (k === c ? most : Math.max(most, value)),
      Number.NEGATIVE_INFINITY,
    ),
    judged: judged ? judged[c]! : null,
    similarity: alike ? alike[c]! : null,
  }));
  const mean = (of: (line: (typeof perClass)[number]) => number) =>
    perClass.reduce((sum, line) => sum + of(line), 0) / classes;
  return {
    classes: perClass,
    judgedAccuracy: judged ? mean((line) => (line.judged === line.class ? 1 : 0)) : null,
    meanCorrelation: mean((line) => line.correlation),
    meanSimilarity: alike ? mean((line) => line.similarity ?? 0) : null,
    ownIsNearest: ownIsNearest / classes,
  };
}

// Recall from poor cues: part of the picture hidden, or noise over it. Perception decides which concept the cue means and recall draws that concept, so a picture is completed
// if what is drawn is more like the whole image than the cue was.
//
// Correlations are Pearson's over the pixels of two pictures, 0 where one is flat.

/** How a cue is spoilt. */
export type CueKind = "occlusion" | "noise";

/** Shares of the picture hidden, and standard deviations of noise (1 is from black to white), from mild to severe; 0 is the whole picture. */
export const CUE_SEVERITIES: Readonly<Record<CueKind, readonly number[]>> = {
  occlusion: [0, 0.2, 0.35, 0.5, 0.65, 0.8],
  noise: [0, 0.1, 0.2, 0.3, 0.5, 0.8],
};

/** How well recall completes a damaged picture. */
export interface CuedRecall {
  readonly kind: CueKind;
  /** Share of the picture hidden, or standard deviation of the noise (1 is from black to white); 0 is the whole picture. */
  readonly severity: number;
  /** Cues shown. */
  readonly images: number;
  /** Share of cues whose concept is decided rightly, 0..1. */
  readonly accuracy: number;
  /** Mean correlation of what is recalled with the mean of the image's true class, both less their mean over the classes. */
  readonly withClassMean: number;
  /** Mean correlation of what is recalled with the whole image. */
  readonly withImage: number;
  /** Mean correlation of the cue itself with the whole image: what recall has to beat. */
  readonly cueWithImage: number;
}

/** How pictures are damaged. */
export interface CueOptions {
  /** Default: those of `CUE_SEVERITIES`. */
  readonly severities?: Readonly<Partial<Record<CueKind, readonly number[]>>>;
  /** Of the noise; every image has its own. Default 1. */
  readonly seed?: number;
  /** Sides that are hidden, in turn from image to image. Default: left, right, top, bottom and centre. */
  readonly sides?: readonly Side[];
  /** Awaited between batches; may throw to give up. */
  readonly pause?: () => Promise<void>;
}

/**
 * Accuracy and likeness over severities, occlusion first.
 *
 * @param indices images of `split` that cues are made of; at least one
 * @param means of the training images, as `classMeans` gives them
 * @throws BispikeError "usage" for no images or no sides
 * @example
 * const lines = await cuedRecall(model, dataset.test, indices, checkpoint.classMeans);
 */
export async function cuedRecall(
  model: Model,
  split: Split,
  indices: Int32Array,
  means: Float32Array,
  options: CueOptions = {},
): Promise<CuedRecall[]> {
  const { severities = {}, seed = 1, sides = SIDES, pause } = options;
  if (indices.length === 0 || sides.length === 0)
    throw new BispikeError(
      "usage",
      `cued recall: expected images and sides to hide, got ${indices.length} images and ${sides.length} sides`,
    );
  const whole = chosen(split, indices, imageBytes(model.data.shape));
  const drawn = recallImages(model, means);
  const lines: CuedRecall[] = [];
  for (const kind of ["occlusion", "noise"] as const) {
    for (const severity of severities[kind] ?? CUE_SEVERITIES[kind]) {
      lines.push({ kind, severity, ...measure(kind, severity) });
      await pause?.();
    }
  }
  return lines;

  function measure(kind: CueKind, severity: number): Omit<CuedRecall, "kind" | "severity"> {
    const { shape } = model.data;
    const size = imageBytes(shape);
    const cues = new Uint8Array(whole.images.length);
    for (let k = 0; k < whole.count; k++) {
      const pixels = whole.images.subarray(k * size, (k + 1) * size);
      cues.set(
        kind === "occlusion"
          ? occlude(pixels, shape, sides[k % sides.length]!, severity)
          : addNoise(pixels, shape, severity, seed + k),
        k * size,
      );
    }
    const decisions = classesOf(model, { ...whole, images: cues });
    let [right, withClassMean, withImage, cueWithImage] = [0, 0, 0, 0];
    for (let k = 0; k < whole.count; k++) {
      const [decision, truth] = [decisions[k]!, whole.labels[k]!];
      const image = whole.images.subarray(k * size, (k + 1) * size);
      if (decision === truth) right++;
      withClassMean += drawn.correlations[decision]![truth]!;
      withImage += correlation(drawn.images.subarray(decision * size, (decision + 1) * size), image);
      cueWithImage += correlation(cues.subarray(k * size, (k + 1) * size), image);
    }
    const { count } = whole;
    return {
      ...{ images: count, accuracy: right / count, withClassMean: withClassMean / count },
      ...{ withImage: withImage / count, cueWithImage: cueWithImage / count },
    };
  }
}

/** The images at `indices`, copied. */
function chosen(split: Split, indices: Int32Array, size: number): Split {
  const images = new Uint8Array(indices.length * size);
  for (const [k, index] of indices.entries())
    images.set(split.images.subarray(index * size, (index + 1) * size), k * size);
  return { images, labels: Uint16Array.from(indices, (index) => split.labels[index]!), count: indices.length };
}
