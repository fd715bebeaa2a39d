/**
 * Gaussian blur: each channel convolved with
 *
 *   k(d) = exp(-d^2 / (2 s^2)) / sum of the same over |d| <= R,   R = floor(4 s + 1/2)
 *
 * along rows and then columns; pixels beyond the edge are those at the edge. Severities are MNIST-C's and ImageNet-C's: s = 1, 2, 3, 4 and 6 pixels, for images of 28
 * a side. (ImageNet-C has the same numbers for images of 224 a side, and CIFAR-10-C 0.4 to 1 for 32.)
 */
import type { ImageShape } from "../../data/dataset.ts";
import { exponential } from "../../engine/elementary.ts";
import { type Corruption, checkAmount, checkImage, pixelScale, toByte } from "./corruption.ts";

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
