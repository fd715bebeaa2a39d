/**
 * Gaussian noise: x + N(0, d^2), every value of every channel by itself, cut off at black and white.
 *
 * Severities are MNIST-C's and ImageNet-C's: 0.08, 0.12, 0.18, 0.26 and 0.38 of the range from black to white. (CIFAR-10-C's are milder: 0.04 to 0.10.) Those sets keep
 * fractions of a pixel or cut them off; here results are rounded.
 */
import type { ImageShape } from "../../data/dataset.ts";
import { NormalStream } from "../../engine/normal.ts";
import type { RandomStream } from "../../engine/random.ts";
import { type Corruption, checkAmount, checkImage, toByte } from "./corruption.ts";

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
