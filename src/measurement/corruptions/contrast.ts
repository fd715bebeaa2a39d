/**
 * Less contrast: m + f (x - m), m being the channel's mean over the image.
 *
 * Severities are MNIST-C's and ImageNet-C's: f = 0.4, 0.3, 0.2, 0.1 and 0.05. (CIFAR-10-C's are milder: 0.75 to 0.15.) Those sets keep fractions of a pixel or cut them
 * off; here results are rounded.
 */
import type { ImageShape } from "../../data/dataset.ts";
import { type Corruption, checkAmount, checkImage, toByte } from "./corruption.ts";

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
