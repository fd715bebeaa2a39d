/**
 * Pixel errors of redrawn images, one figure an image; N pixels and channels an image, peak 1.
 *
 *   MSE = 1/N sum (x - y)^2        PSNR = 10 log10(1 / MSE) dB
 */
import { type ImageShape, imageBytes } from "../data/dataset.ts";
import { logarithm } from "../engine/elementary.ts";
import { checkRows, type Pixels } from "./image-rows.ts";

/**
 * Mean squared error of each image, over its pixels and channels.
 *
 * @param originals [count][height][width][channel], 0..1
 * @param redrawn as `originals`
 * @throws BispikeError "shape" or "data" for rows that are not `count` images of finite pixels
 * @example
 * meanSquaredErrors(Float32Array.of(0, 1), Float32Array.of(0, 0.5), { height: 1, width: 2, channels: 1 }, 1); // [0.125]
 */
export function meanSquaredErrors(originals: Pixels, redrawn: Pixels, shape: ImageShape, count: number): Float64Array {
  checkRows("originals", originals, shape, count);
  checkRows("redrawn images", redrawn, shape, count);
  const size = imageBytes(shape);
  return Float64Array.from({ length: count }, (_, image) => {
    let sum = 0;
    for (let i = image * size, end = i + size; i < end; i++) sum += (originals[i]! - redrawn[i]!) ** 2;
    return sum / size;
  });
}

/**
 * Peak signal-to-noise ratio of pixels 0..1, 10 log10(1 / MSE), in decibels; Infinity where there is no error.
 *
 * @example
 * peakSignalToNoise(0.01); // 20
 */
export function peakSignalToNoise(meanSquaredError: number): number {
  return meanSquaredError === 0 ? Number.POSITIVE_INFINITY : (-10 / Math.LN10) * logarithm(meanSquaredError);
}
