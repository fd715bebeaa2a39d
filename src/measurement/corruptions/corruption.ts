/**
 * What a corruption of images is: a pure function of one image's pixels, with five severities.
 *
 * Pixels are bytes, 0 (black) to 255, before any normalisation, [row][column][channel]. Results are rounded to the nearest byte and cut off at black and white. Lengths
 * are in pixels of an image of 28 a side, as MNIST-C has them, and grow with the shorter side of larger ones.
 */
import { describeShape, type ImageShape, imageBytes } from "../../data/dataset.ts";
import type { RandomStream } from "../../engine/random.ts";
import { BispikeError } from "../../errors.ts";
import type { ImageCorruptionName } from "./names.ts";

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
