/** Partial stimuli: pictures with a part hidden or noise laid over them, for recall to complete. */
import { RandomStream } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import { type ImageShape, imageBytes } from "./dataset.ts";

/** Parts of a picture that can be hidden. */
export const SIDES = ["left", "right", "top", "bottom", "centre"] as const;
/** The part of an image that is hidden. */
export type Side = (typeof SIDES)[number];

/**
 * Hides part of a picture: makes it black, as the margin around every stimulus is.
 *
 * @param pixels one image, height x width x channels bytes
 * @param fraction of the picture's area that is hidden, 0 to 1; the centre is a rectangle of the picture's proportions
 * @returns a new image
 * @throws BispikeError "usage" for a fraction out of range
 * @example
 * occlude(pixels, dataset.shape, "right", 0.5);
 */
export function occlude(pixels: Uint8Array, shape: ImageShape, side: Side, fraction: number): Uint8Array {
  if (!(typeof fraction === "number" && fraction >= 0 && fraction <= 1)) {
    throw new BispikeError("usage", `occluded fraction: expected a part of the picture from 0 to 1, got ${fraction}`);
  }
  const { height, width, channels } = shape;
  const hidden = pixels.slice();
  const rows = side === "top" || side === "bottom" ? Math.round(height * fraction) : height;
  const columns = side === "left" || side === "right" ? Math.round(width * fraction) : width;
  const inner =
    side === "centre"
      ? { rows: Math.round(height * Math.sqrt(fraction)), columns: Math.round(width * Math.sqrt(fraction)) }
      : { rows, columns };
  const top = side === "bottom" ? height - rows : side === "centre" ? Math.floor((height - inner.rows) / 2) : 0;
  const left = side === "right" ? width - columns : side === "centre" ? Math.floor((width - inner.columns) / 2) : 0;
  for (let y = top; y < top + inner.rows; y++) {
    const line = (y * width + left) * channels;
    hidden.fill(0, line, line + inner.columns * channels);
  }
  return hidden;
}

/**
 * Adds normally distributed noise to every value of a picture, cut off at black and white. The same seed gives the same noise.
 *
 * @param deviation standard deviation as a part of the range from black (0) to white (1)
 * @returns a new image
 * @throws BispikeError "usage" for a deviation that is negative or above 10, "config" for a bad seed
 * @example
 * addNoise(pixels, dataset.shape, 0.3, 1);
 */
export function addNoise(pixels: Uint8Array, shape: ImageShape, deviation: number, seed: number): Uint8Array {
  if (!(typeof deviation === "number" && deviation >= 0 && deviation <= 10)) {
    throw new BispikeError(
      "usage",
      `noise: expected a standard deviation from 0 to 10 (1 is from black to white), got ${deviation}`,
    );
  }
  const stream = new RandomStream(seed, "cue noise");
  return Uint8Array.from({ length: imageBytes(shape) }, (_, i) => {
    // Twelve uniform numbers have variance 1, and unlike a logarithm or cosine their sum is the same on every machine.
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += stream.uniform();
    return Math.min(255, Math.max(0, Math.round(pixels[i]! + 255 * deviation * sum)));
  });
}
