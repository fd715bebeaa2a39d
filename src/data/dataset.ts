/**
 * What every reader of images returns: pixels as bytes, channels last, and one class number an image. Nothing here
 * knows where the bytes came from, so the same arrays serve Node and the browser.
 */
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
