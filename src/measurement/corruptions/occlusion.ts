/**
 * Occlusion: a black square somewhere within the image, each place as likely as any other.
 *
 * MNIST-C and ImageNet-C have none. Severities are ours: squares of 6, 8, 11, 14 and 17 pixels a side in images of 28, which is 5, 8, 15, 25 and 37 % of the area.
 */
import type { ImageShape } from "../../data/dataset.ts";
import { type Corruption, checkAmount, checkImage, pixelScale } from "./corruption.ts";

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
