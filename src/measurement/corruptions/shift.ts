/**
 * A shift: the image moved by (right, down) pixels, between pixels by bilinear interpolation; what comes in at the edge is background (black).
 *
 * Severities are those of MNIST-C's `translate`: 1, 2, 3, 4 and 5 pixels along both axes, for images of 28 a side, left or right and up or down by chance. ImageNet-C has
 * no such corruption.
 */
import type { ImageShape } from "../../data/dataset.ts";
import { type Corruption, checkAmount, checkImage, pixelScale, toByte } from "./corruption.ts";

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
