/**
 * What every reader of images returns: pixels as bytes, channels last, and one class number an image. Nothing here
 * knows where the bytes came from, so the same arrays serve Node and the browser.
 */

import { permutation, RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";

/** Size of one image: `height` x `width` pixels of `channels` bytes. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Images and their classes; image `i` begins at byte `i * height * width * channels`. */
export interface Split {
  /** `count` x `height` x `width` x `channels`, 0 (black) to 255, channels last. */
  readonly images: Uint8Array;
  /** `count` class numbers, each below the data set's `classes`. */
  readonly labels: Uint16Array;
  /** Number of images. */
  readonly count: number;
}

/** Where a part of the data came from, to be written beside the results. */
export interface FileRecord {
  /** Path inside the data set's folder, or the name of the folder of images it stands for. */
  readonly file: string;
  /** Size on disk, compressed if the file is. */
  readonly bytes: number;
  /** Of the file on disk, lower-case hexadecimal. */
  readonly sha256: string;
  /** `true`: the published content. `false`: a known data set's name, other content. "unknown": nothing to compare. */
  readonly verified: boolean | "unknown";
}

/** A training part and a test part of the same shape and classes. */
export interface Dataset {
  /** For messages, and kept in checkpoints. */
  readonly name: string;
  readonly shape: ImageShape;
  /** Number of classes. */
  readonly classes: number;
  /** One name a class, in the order of the class numbers. */
  readonly classNames: readonly string[];
  readonly train: Split;
  readonly test: Split;
  /** The files it was read from; empty for arrays. */
  readonly provenance: readonly FileRecord[];
}

/** Most classes a data set may have: labels are 16-bit. */
export const MAX_CLASSES = 65_536;

/** Bytes of one image. */
export function imageBytes(shape: ImageShape): number {
  return shape.height * shape.width * shape.channels;
}

/** "28x28x1", for messages. */
export function describeShape(shape: ImageShape): string {
  return `${shape.height}x${shape.width}x${shape.channels}`;
}

/**
 * Joins images and labels, or says why they do not belong together.
 *
 * @param where the files, for the message
 * @throws BispikeError "data" when there are no images or the counts differ
 */
export function makeSplit(images: Uint8Array, labels: Uint16Array, shape: ImageShape, where: string): Split {
  const count = images.length / imageBytes(shape);
  if (!Number.isInteger(count)) {
    throw new BispikeError(
      "data",
      `${where}: expected whole images of ${imageBytes(shape)} bytes, found ${images.length} bytes`,
    );
  }
  if (count !== labels.length) {
    throw new BispikeError(
      "data",
      `${where}: found ${count} images but ${labels.length} labels; give the two files of the same part`,
    );
  }
  if (count === 0) throw new BispikeError("data", `${where}: expected at least one image, found none`);
  return { images, labels, count };
}

/**
 * Refuses a label that is no class.
 *
 * @throws BispikeError "data" naming the first such image
 */
export function checkLabels(labels: Uint16Array, classes: number, where: string): void {
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] as number;
    if (!(label >= 0 && label < classes)) {
      throw new BispikeError(
        "data",
        `${where}: label of image ${index}: expected 0 to ${classes - 1}, found ${label}; the data are damaged or of another data set`,
      );
    }
  }
}

/** One more than the largest label. */
export function countClasses(...parts: readonly Uint16Array[]): number {
  let largest = 0;
  for (const labels of parts) for (const label of labels) if (label > largest) largest = label;
  return largest + 1;
}

/** A data set whose test part is empty: nothing that is given it can look at a test image. */
export function withoutTest(dataset: Dataset): Dataset {
  return { ...dataset, test: { images: new Uint8Array(0), labels: new Uint16Array(0), count: 0 } };
}

/** The consecutive images `from` (inclusive) to `to` (exclusive), without copying. */
export function sliceSplit(split: Split, shape: ImageShape, from: number, to: number): Split {
  const size = imageBytes(shape);
  return {
    images: split.images.subarray(from * size, to * size),
    labels: split.labels.subarray(from, to),
    count: to - from,
  };
}

// What a data set that a program made itself must be, before anything learns from it: kernels and tables read pixels and labels by place, and would read on past what does not fit.

/**
 * @param where for the message
 * @throws BispikeError "data" unless the shape is of whole numbers from 1
 */
export function checkShape(shape: ImageShape, where: string): void {
  if (![shape.height, shape.width, shape.channels].every((size) => Number.isInteger(size) && size > 0))
    throw new BispikeError("data", `${where}: expected a shape of whole numbers from 1, got ${describeShape(shape)}`);
}

/**
 * @param where for the message
 * @throws BispikeError "shape" unless the split's images are as many bytes as `count` images of this shape have
 */
export function checkImages({ images, count }: Split, shape: ImageShape, where: string): void {
  if (images?.byteLength === count * imageBytes(shape)) return;
  throw new BispikeError(
    "shape",
    `${where}: expected ${count} images of ${describeShape(shape)}, got ${images?.byteLength} bytes`,
  );
}

/**
 * Refuses a data set whose parts, shape, classes and labels do not fit each other; experiments ask this of every data set they are given.
 *
 * @throws BispikeError "data" or "shape" that names the part, and the image of a label that is no class
 */
export function checkDataset({ name, shape, classes, classNames, train, test }: Dataset): void {
  checkShape(shape, name);
  if (classNames.length !== classes)
    throw new BispikeError("data", `${name}: expected names of ${classes} classes, got ${classNames.length}`);
  for (const { part, split } of [
    { part: "training", split: train },
    { part: "test", split: test },
  ]) {
    const where = `${name}: ${part} part`;
    checkImages(split, shape, where);
    const { labels, count } = split;
    if (labels.length !== count)
      throw new BispikeError("data", `${where}: expected ${count} labels, got ${labels.length}`);
    checkLabels(labels, classes, where);
  }
}

// A data set from arrays that a program has in memory.

/** Images and their classes, as a program has them. */
export interface ImageArrays {
  /** [image][height][width][channel]: bytes from 0 (black) to 255, or real numbers from 0 to 1, which become the nearest byte. */
  readonly images: Uint8Array | Float32Array | Float64Array;
  /** Class numbers from 0, one an image. */
  readonly labels: ArrayLike<number>;
}

/** What a data set is made from. */
export interface DatasetArrays {
  /** For messages, and kept in checkpoints. */
  readonly name: string;
  readonly shape: ImageShape;
  /** Default "0", "1" and so on, up to the largest label. */
  readonly classNames?: readonly string[];
  readonly train: ImageArrays;
  /** Default: none. */
  readonly test?: ImageArrays;
}

/**
 * A data set from arrays, checked. Bytes are taken as they are, without a copy.
 *
 * Configurations have to name their data: for arrays any name will do as `data.path`, which nothing is read from.
 *
 * @throws BispikeError "data" or "shape" for pixels out of range, labels that are no class, and arrays that do not fit each other or the shape
 * @example
 * const images = Float32Array.of(0, 0.9, 0.1, 1, 0.8, 0, 1, 0.2);
 * const shape = { height: 1, width: 2, channels: 1 };
 * const dataset = datasetOf({ name: "sides", shape, train: { images, labels: [1, 1, 0, 0] } });
 * const config = resolveConfig({ data: { path: "sides", validation: 0 }, network: { hidden: [8] }, train: { batch: 4 } });
 * await trainExperiment(createExperiment(await Team.create(), config, dataset));
 */
export function datasetOf(arrays: DatasetArrays): Dataset {
  const { name, shape, classNames, train, test } = arrays;
  checkShape(shape, name);
  const none: ImageArrays = { images: new Uint8Array(0), labels: [] };
  const parts = {
    train: splitOf(train, shape, `${name}: training part`),
    test: splitOf(test ?? none, shape, `${name}: test part`),
  };
  const classes = classNames?.length ?? countClasses(parts.train.labels, parts.test.labels);
  const names = classNames ?? Array.from({ length: classes }, (_, c) => String(c));
  const dataset = { name, shape, classes, classNames: names, ...parts, provenance: [] };
  checkDataset(dataset);
  return dataset;
}

function splitOf({ images, labels }: ImageArrays, shape: ImageShape, where: string): Split {
  const classes = Uint16Array.from(labels);
  for (const [k, label] of classes.entries())
    if (label !== labels[k])
      throw new BispikeError(
        "data",
        `${where}: label of image ${k}: expected a whole number from 0 to 65535, got ${labels[k]}`,
      );
  const pixels = classes.length * imageBytes(shape);
  if (images.length !== pixels)
    throw new BispikeError(
      "shape",
      `${where}: expected an image of ${describeShape(shape)} for each of the ${classes.length} labels, ${pixels} values, got ${images.length}`,
    );
  return { images: bytesOf(images, imageBytes(shape), where), labels: classes, count: classes.length };
}

function bytesOf(images: ImageArrays["images"], size: number, where: string): Uint8Array {
  if (images.BYTES_PER_ELEMENT === 1) return images as Uint8Array;
  return Uint8Array.from(images, (pixel, i) => {
    if (pixel >= 0 && pixel <= 1) return Math.round(255 * pixel);
    throw new BispikeError(
      "data",
      `${where}: image ${Math.floor(i / size)}, value ${i % size}: expected a number from 0 to 1 (or bytes, as a Uint8Array), got ${pixel}`,
    );
  });
}

// Which training images are trained on and which are held out to choose between runs.

/** Indices into a training part, each list ascending; together every image once. */
export interface ValidationSplit {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/**
 * Holds out a random part of the training images; the same seed and count give the same part.
 *
 * @param validation below 1: that fraction of the images, rounded down; from 1: that many images; 0 holds out none
 * @param seed integer from 0 to 2^53 - 1
 * @throws BispikeError "config" for a number that is neither, or when nothing is left to train on
 * @example
 * const { train, validation } = splitValidation(dataset.train, 0.1, 1);
 */
export function splitValidation(train: Split, validation: number, seed: number): ValidationSplit {
  if (!(typeof validation === "number" && validation >= 0) || (validation >= 1 && !Number.isInteger(validation))) {
    throw new BispikeError(
      "config",
      `validation part: expected a fraction from 0 to below 1 or a whole number of images, got ${validation}`,
    );
  }
  const size = validation < 1 ? Math.floor(train.count * validation) : validation;
  if (size >= train.count) {
    throw new BispikeError(
      "config",
      `validation part: expected fewer than the ${train.count} training images, got ${size}; nothing is left to train on`,
    );
  }
  const order = permutation(seed, "held-out", 0, train.count);
  return {
    train: Int32Array.from(order.subarray(size)).sort(),
    validation: Int32Array.from(order.subarray(0, size)).sort(),
  };
}

// Wrong labels in training: a share of the images is taught as another class, each other class as likely as any. Which images and which classes follows from the seed, and
// those of a smaller share are among those of a larger one, as the same wrong classes.

/**
 * Labels as they are taught; those of images that are not trained on stay as they are.
 *
 * @param labels of all images
 * @param trained numbers of the images trained on
 * @param share of these that are taught as another class, 0 to 1: round(share x images) of them
 * @param classes at least 2
 * @param seed integer from 0 to 2^53 - 1
 * @returns the labels themselves for a share of 0, else new ones
 * @throws BispikeError "config" for a share out of range, "data" for fewer than 2 classes
 * @example
 * const taught = noisyLabels(dataset.train.labels, trainIndices, 0.2, dataset.classes, 1);
 */
export function noisyLabels(
  labels: Uint16Array,
  trained: Int32Array,
  share: number,
  classes: number,
  seed: number,
): Uint16Array {
  if (!(typeof share === "number" && share >= 0 && share <= 1))
    throw new BispikeError("config", `label noise: expected a share from 0 to 1, got ${share}`);
  if (share === 0) return labels;
  if (classes < 2) throw new BispikeError("data", `label noise: expected at least 2 classes, got ${classes}`);
  const stream = new RandomStream(seed, "label noise/classes");
  // Drawn for every image, wrong or not: so that the share decides which are used, and nothing else.
  const steps = Uint16Array.from(trained, () => 1 + stream.below(classes - 1));
  const order = permutation(seed, "label noise/images", 0, trained.length);
  const taught = labels.slice();
  for (const k of order.subarray(0, Math.round(share * trained.length))) {
    const image = trained[k]!;
    taught[image] = (labels[image]! + steps[k]!) % classes;
  }
  return taught;
}

// A decoded picture and the limit every decoder holds to.

/** `pixels`: `height` x `width` x `channels` bytes, channels last; one channel is grey, three are red, green, blue. */
export interface DecodedImage {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** Largest picture that is decoded: 64 megapixels. */
export const MAX_PIXELS = 64_000_000;

/**
 * Refuses a picture by the size its header names, before anything is allocated for it.
 *
 * @throws BispikeError "data" for an empty picture or one above `MAX_PIXELS`
 */
export function checkPictureSize(height: number, width: number, file: string): void {
  if (height < 1 || width < 1 || height * width > MAX_PIXELS) {
    throw new BispikeError(
      "data",
      `${file}: expected a picture of 1 to ${MAX_PIXELS / 1e6} megapixels, found ${width} x ${height} pixels`,
    );
  }
}
