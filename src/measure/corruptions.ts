import { describeShape, type ImageShape, imageBytes, type Split } from "../data/dataset.ts";
import { exponential } from "../engine/elementary.ts";
import { NormalStream, RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";

/** Names of what robustness is measured against. Light: the command line's `--help` loads this. */

/** Corruptions of images. */
export const IMAGE_CORRUPTIONS = ["noise", "blur", "contrast", "shift", "occlusion"] as const;
/** The corruptions of images. */
export type ImageCorruptionName = (typeof IMAGE_CORRUPTIONS)[number];

/** These, and noise on the weights. */
export const CORRUPTIONS = [...IMAGE_CORRUPTIONS, "weights"] as const;
/** Every corruption, of images and of weights. */
export type CorruptionName = (typeof CORRUPTIONS)[number];

/** From mild to severe. */
export const SEVERITIES = [1, 2, 3, 4, 5] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Draws of the noise on the weights at each severity, unless told otherwise. */
export const DEFAULT_DRAWS = 3;

// What a corruption of images is: a pure function of one image's pixels, with five severities.
//
// Pixels are bytes, 0 (black) to 255, before any normalisation, [row][column][channel]. Results are rounded to the nearest byte and cut off at black and white. Lengths
// are in pixels of an image of 28 a side, as MNIST-C has them, and grow with the shorter side of larger ones.

/** A way to corrupt an image, in grades. */
export interface Corruption {
  readonly name: ImageCorruptionName;
  /** What an amount is, and its unit. */
  readonly quantity: string;
  /** Amounts of severities 1 to 5. */
  readonly amounts: readonly [number, number, number, number, number];
  /**
   * Corrupts one image, bytes [row][column][channel].
   *
   * @param amount one of `amounts`, or any other in its range
   * @param stream what is left to chance; the same numbers, the same bytes
   * @returns a new image
   * @throws BispikeError "usage" for an amount out of range
   */
  corrupt(pixels: Uint8Array, shape: ImageShape, amount: number, stream: RandomStream): Uint8Array;
}

/** Side, in pixels, of the images that lengths are given for. */
const STANDARD_SIDE = 28;

/** Pixels of an image that one pixel of a standard image is. */
export function pixelScale({ height, width }: ImageShape): number {
  return Math.min(height, width) / STANDARD_SIDE;
}

/** The nearest byte. */
export function toByte(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}

/**
 * @param what the corruption, for the message
 * @throws BispikeError "shape" unless the pixels are one image of the shape
 */
export function checkImage(what: string, pixels: Uint8Array, shape: ImageShape): void {
  const size = imageBytes(shape);
  if (pixels.length !== size)
    throw new BispikeError(
      "shape",
      `${what}: expected an image of ${describeShape(shape)}, ${size} bytes, got ${pixels.length}`,
    );
}

/**
 * @param what the amount, for the message
 * @throws BispikeError "usage" for a number out of range, or none
 */
export function checkAmount(what: string, amount: number, least: number, most: number): void {
  if (!(typeof amount === "number" && amount >= least && amount <= most))
    throw new BispikeError("usage", `${what}: expected a number from ${least} to ${most}, got ${amount}`);
}

// Gaussian noise: x + N(0, d^2), every value of every channel by itself, cut off at black and white.
//
// Severities are MNIST-C's and ImageNet-C's: 0.08, 0.12, 0.18, 0.26 and 0.38 of the range from black to white. (CIFAR-10-C's are milder: 0.04 to 0.10.) Those sets keep
// fractions of a pixel or cut them off; here results are rounded.

/**
 * One image [row][column][channel] with normally distributed noise on every value by itself, rounded and cut off at black (0) and white (255).
 *
 * @param deviation standard deviation, 0 to 2550 (255 is from black to white)
 * @returns a new image
 * @throws BispikeError "usage" for another deviation, "shape" for pixels that are not one image
 * @example
 * gaussianNoise(pixels, dataset.shape, 20.4, new RandomStream(1, "example"));
 */
export function gaussianNoise(
  pixels: Uint8Array,
  shape: ImageShape,
  deviation: number,
  stream: RandomStream,
): Uint8Array {
  checkImage("noise", pixels, shape);
  checkAmount("noise: standard deviation", deviation, 0, 2550);
  const normal = new NormalStream(stream);
  return pixels.map((pixel) => toByte(pixel + deviation * normal.next()));
}

export const noise: Corruption = {
  name: "noise",
  quantity: "standard deviation, pixel values 0 to 255",
  amounts: [20.4, 30.6, 45.9, 66.3, 96.9],
  corrupt: gaussianNoise,
};

// Gaussian blur: each channel convolved with
//
// k(d) = exp(-d^2 / (2 s^2)) / sum of the same over |d| <= R,   R = floor(4 s + 1/2)
//
// along rows and then columns; pixels beyond the edge are those at the edge. Severities are MNIST-C's and ImageNet-C's: s = 1, 2, 3, 4 and 6 pixels, for images of 28
// a side. (ImageNet-C has the same numbers for images of 224 a side, and CIFAR-10-C 0.4 to 1 for 32.)

/** Standard deviations that the kernel reaches to either side. */
const REACH = 4;

/**
 * The 2 R + 1 values of a Gaussian kernel, whose sum is 1: k(d) ~ exp(-d^2 / (2 s^2)), |d| <= R = floor(4 s + 1/2).
 *
 * @param deviation s in pixels, above 0
 * @example
 * blurKernel(1).length; // 9
 */
export function blurKernel(deviation: number): Float64Array {
  const radius = Math.floor(REACH * deviation + 0.5);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    exponential(-((i - radius) ** 2) / (2 * deviation * deviation)),
  );
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}

/**
 * Gaussian blur of one image [row][column][channel]: each channel convolved with `blurKernel(deviation)` along rows and columns; pixels beyond the edge are those at the edge.
 *
 * @param deviation s in pixels of this image, 0 (which changes nothing) to 1000
 * @returns a new image
 * @throws BispikeError "usage" for another deviation, "shape" for pixels that are not one image
 * @example
 * gaussianBlur(pixels, dataset.shape, 1);
 */
export function gaussianBlur(pixels: Uint8Array, shape: ImageShape, deviation: number): Uint8Array {
  checkImage("blur", pixels, shape);
  checkAmount("blur: standard deviation", deviation, 0, 1000);
  if (deviation === 0) return pixels.slice();
  const { height, width, channels } = shape;
  const kernel = blurKernel(deviation);
  const line = width * channels;
  const along = (values: ArrayLike<number>, from: number, count: number, step: number, out: Float64Array) =>
    convolve(values, out, kernel, { from, count, step });
  const rows = new Float64Array(pixels.length);
  for (let y = 0; y < height; y++)
    for (let c = 0; c < channels; c++) along(pixels, y * line + c, width, channels, rows);
  const both = new Float64Array(pixels.length);
  for (let x = 0; x < line; x++) along(rows, x, height, line, both);
  return Uint8Array.from(both, toByte);
}

interface Run {
  readonly from: number;
  readonly count: number;
  readonly step: number;
}

/** One row or column; what lies beyond it is its end. */
function convolve(values: ArrayLike<number>, out: Float64Array, kernel: Float64Array, { from, count, step }: Run) {
  const radius = (kernel.length - 1) / 2;
  for (let at = 0; at < count; at++) {
    let sum = 0;
    for (let d = -radius; d <= radius; d++) {
      const near = Math.min(count - 1, Math.max(0, at + d));
      sum += kernel[d + radius]! * values[from + near * step]!;
    }
    out[from + at * step] = sum;
  }
}

export const blur: Corruption = {
  name: "blur",
  quantity: "standard deviation, pixels of 28 a side",
  amounts: [1, 2, 3, 4, 6],
  corrupt: (pixels, shape, amount) => gaussianBlur(pixels, shape, amount * pixelScale(shape)),
};

// Less contrast: m + f (x - m), m being the channel's mean over the image.
//
// Severities are MNIST-C's and ImageNet-C's: f = 0.4, 0.3, 0.2, 0.1 and 0.05. (CIFAR-10-C's are milder: 0.75 to 0.15.) Those sets keep fractions of a pixel or cut them
// off; here results are rounded.

/**
 * One image [row][column][channel] with less contrast: m + f (x - m), m being the channel's mean over the image; rounded.
 *
 * @param factor f, 0 (flat) to 1 (unchanged)
 * @returns a new image
 * @throws BispikeError "usage" for another factor, "shape" for pixels that are not one image
 * @example
 * lessContrast(pixels, dataset.shape, 0.4);
 */
export function lessContrast(pixels: Uint8Array, shape: ImageShape, factor: number): Uint8Array {
  checkImage("contrast", pixels, shape);
  checkAmount("contrast: factor", factor, 0, 1);
  const { channels } = shape;
  const means = new Float64Array(channels);
  for (const [at, pixel] of pixels.entries()) means[at % channels]! += pixel;
  for (let c = 0; c < channels; c++) means[c]! /= pixels.length / channels;
  return pixels.map((pixel, at) => {
    const mean = means[at % channels]!;
    return toByte(mean + factor * (pixel - mean));
  });
}

export const contrast: Corruption = {
  name: "contrast",
  quantity: "factor on the deviations from the mean",
  amounts: [0.4, 0.3, 0.2, 0.1, 0.05],
  corrupt: lessContrast,
};

// Occlusion: a black square somewhere within the image, each place as likely as any other.
//
// MNIST-C and ImageNet-C have none. Severities are ours: squares of 6, 8, 11, 14 and 17 pixels a side in images of 28, which is 5, 8, 15, 25 and 37 % of the area.

/** A square of pixels, wholly within its image. */
export interface Square {
  /** Pixels. */
  readonly side: number;
  /** Columns left of it. */
  readonly left: number;
  /** Rows above it. */
  readonly top: number;
}

/**
 * One image [row][column][channel] with a black square.
 *
 * @returns a new image
 * @throws BispikeError "usage" for a square that is not within the image, "shape" for pixels that are not one image
 * @example
 * occludeSquare(pixels, dataset.shape, { side: 8, left: 10, top: 10 });
 */
export function occludeSquare(pixels: Uint8Array, shape: ImageShape, square: Square): Uint8Array {
  const { side, left, top } = square;
  checkImage("occlusion", pixels, shape);
  const { height, width, channels } = shape;
  checkAmount("occlusion: pixels a side", side, 0, Math.min(height, width));
  checkAmount("occlusion: left", left, 0, width - side);
  checkAmount("occlusion: top", top, 0, height - side);
  const hidden = pixels.slice();
  for (let y = top; y < top + side; y++) {
    const from = (y * width + left) * channels;
    hidden.fill(0, from, from + side * channels);
  }
  return hidden;
}

export const occlusion: Corruption = {
  name: "occlusion",
  quantity: "side of the square, pixels of 28 a side",
  amounts: [6, 8, 11, 14, 17],
  corrupt: (pixels, shape, amount, stream) => {
    checkAmount("occlusion: pixels of 28 a side", amount, 0, 28);
    const side = Math.round(amount * pixelScale(shape));
    const left = stream.below(shape.width - side + 1);
    const top = stream.below(shape.height - side + 1);
    return occludeSquare(pixels, shape, { side, left, top });
  },
};

// A shift: the image moved by (right, down) pixels, between pixels by bilinear interpolation; what comes in at the edge is background (black).
//
// Severities are those of MNIST-C's `translate`: 1, 2, 3, 4 and 5 pixels along both axes, for images of 28 a side, left or right and up or down by chance. ImageNet-C has
// no such corruption.

/** Far beyond any image. */
const FARTHEST = 100_000;

/**
 * One image [row][column][channel], moved; between pixels by bilinear interpolation.
 *
 * @param right pixels of this image to the right, whole or not; to the left where negative
 * @param down pixels of this image down; up where negative
 * @param background what comes in at the edge, 0 to 255. Default 0
 * @returns a new image
 * @throws BispikeError "usage" for numbers out of range, "shape" for pixels that are not one image
 * @example
 * shiftImage(pixels, dataset.shape, 2, -0.5);
 */
export function shiftImage(
  pixels: Uint8Array,
  shape: ImageShape,
  right: number,
  down: number,
  background = 0,
): Uint8Array {
  checkImage("shift", pixels, shape);
  checkAmount("shift: pixels to the right", right, -FARTHEST, FARTHEST);
  checkAmount("shift: pixels down", down, -FARTHEST, FARTHEST);
  checkAmount("shift: background", background, 0, 255);
  const { height, width, channels } = shape;
  // A pixel comes from between (left, top) and the next one right and down.
  const [left, top] = [Math.floor(-right), Math.floor(-down)];
  const [across, below] = [-right - left, -down - top];
  const at = (y: number, x: number, c: number) =>
    y >= 0 && y < height && x >= 0 && x < width ? pixels[(y * width + x) * channels + c]! : background;
  const out = new Uint8Array(pixels.length);
  let to = 0;
  for (let y = top; y < top + height; y++)
    for (let x = left; x < left + width; x++)
      for (let c = 0; c < channels; c++) {
        const upper = (1 - across) * at(y, x, c) + across * at(y, x + 1, c);
        const lower = (1 - across) * at(y + 1, x, c) + across * at(y + 1, x + 1, c);
        out[to++] = toByte((1 - below) * upper + below * lower);
      }
  return out;
}

export const shift: Corruption = {
  name: "shift",
  quantity: "distance along both axes, pixels of 28 a side",
  amounts: [1, 2, 3, 4, 5],
  corrupt: (pixels, shape, amount, stream) => {
    const distance = amount * pixelScale(shape);
    const [right, down] = [stream.below(2) === 0 ? -distance : distance, stream.below(2) === 0 ? -distance : distance];
    return shiftImage(pixels, shape, right, down);
  },
};

// Images of a data set, corrupted: what is left to chance is drawn from streams keyed by seed, corruption, severity and image.

/** By name. */
export const imageCorruptions: Readonly<Record<ImageCorruptionName, Corruption>> = {
  noise,
  blur,
  contrast,
  shift,
  occlusion,
};

/** How images are corrupted. */
export interface CorruptOptions {
  /** 1 to 5; 0 changes nothing. */
  readonly severity: number;
  /** Default 1. */
  readonly seed?: number;
  /** Number of the image: each has draws of its own. Default 0. */
  readonly image?: number;
}

/**
 * One image at a severity. The same options give the same bytes, whatever other images there are.
 *
 * @param pixels [row][column][channel], 0 to 255
 * @returns a new image
 * @throws BispikeError "usage" for a severity that is none, "shape" for pixels that are not one image
 * @example
 * corruptImage("occlusion", pixels, dataset.shape, { severity: 3, image: 7 });
 */
export function corruptImage(
  name: ImageCorruptionName,
  pixels: Uint8Array,
  shape: ImageShape,
  options: CorruptOptions,
): Uint8Array {
  const { severity, seed = 1, image = 0 } = options;
  if (severity === 0) return pixels.slice();
  const { amounts, corrupt } = imageCorruptions[name];
  const amount = amounts[severity - 1];
  if (amount === undefined)
    throw new BispikeError("usage", `${name}: expected a severity from 0 to ${amounts.length}, got ${severity}`);
  return corrupt(pixels, shape, amount, new RandomStream(seed, `corruption/${name}/${severity}`, image));
}

/**
 * A split of which the images at `indices` are corrupted, by their numbers in it; the others are black.
 *
 * @example
 * const noisy = corruptSplit("noise", dataset.test, indices, dataset.shape, { severity: 2 });
 */
export function corruptSplit(
  name: ImageCorruptionName,
  split: Split,
  indices: Int32Array,
  shape: ImageShape,
  options: Omit<CorruptOptions, "image">,
): Split {
  const size = imageBytes(shape);
  // As long as the split, so that images keep their numbers; what is not written takes no memory.
  const images = new Uint8Array(split.images.length);
  for (const image of indices) {
    const pixels = split.images.subarray(image * size, (image + 1) * size);
    images.set(corruptImage(name, pixels, shape, { ...options, image }), image * size);
  }
  return { images, labels: split.labels, count: split.count };
}
