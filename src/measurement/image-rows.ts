/** Images as the measures of generation take them: rows of pixels 0..1, [image][height][width][channel], channels last. */
import { describeShape, type ImageShape, imageBytes } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";

/** `count` images of one shape, row after row. */
export type Pixels = Float32Array | Float64Array;

/**
 * Refuses rows that are not `count` images, or that hold what is no number.
 *
 * @param what the rows' name, for the message
 * @throws BispikeError "shape" for another length, "data" for a pixel that is not finite
 */
export function checkRows(what: string, pixels: Pixels, shape: ImageShape, count: number): void {
  const size = imageBytes(shape);
  if (pixels.length !== count * size) {
    throw new BispikeError(
      "shape",
      `${what}: expected ${count} images of ${describeShape(shape)}, ${count * size} pixels, got ${pixels.length}`,
    );
  }
  for (let i = 0; i < pixels.length; i++) {
    if (!Number.isFinite(pixels[i]!)) {
      throw new BispikeError("data", `${what}: pixel ${i % size} of image ${Math.floor(i / size)} is ${pixels[i]}`);
    }
  }
}

/** What a picture can show of them: every pixel in 0..1; a new array. */
export function clampRows(pixels: Pixels): Float64Array {
  return Float64Array.from(pixels, (value) => Math.min(1, Math.max(0, value)));
}
