/** A picture made harder to see: blurred, then part of it hidden, then noise over it all; by the library's own corruptions. */
import { occlude, type Side } from "../../../src/data/cue.ts";
import type { ImageShape } from "../../../src/data/dataset.ts";
import { RandomStream } from "../../../src/engine/random.ts";
import { gaussianBlur, gaussianNoise, pixelScale } from "../../../src/measure/corruptions.ts";

export interface Spoiling {
  /** Which part is hidden: a bar at a side, or a patch in the middle. */
  readonly side: Side;
  /** How much of the picture's area is hidden, 0 to 1. */
  readonly hidden: number;
  /** Standard deviation of the noise, 0 to 1; 1 is from black to white. */
  readonly noise: number;
  /** Of the noise: the same seed, the same noise. */
  readonly seed: number;
  /** Standard deviation of the blur, in pixels of a picture of 28 a side. */
  readonly blur: number;
}

export const unspoilt: Spoiling = { side: "left", hidden: 0, noise: 0, seed: 1, blur: 0 };

/**
 * @param pixels bytes [row][column][channel]
 * @returns a new picture
 * @throws BispikeError "usage" for amounts out of range, "shape" for pixels that are not one picture
 * @example
 * spoil(pixels, dataset.shape, { ...unspoilt, hidden: 0.5 });
 */
export function spoil(
  pixels: Uint8Array,
  shape: ImageShape,
  { side, hidden, noise, seed, blur }: Spoiling,
): Uint8Array {
  const blurred = gaussianBlur(pixels, shape, blur * pixelScale(shape));
  const cut = occlude(blurred, shape, side, hidden);
  return noise > 0 ? gaussianNoise(cut, shape, 255 * noise, new RandomStream(seed, "lab noise")) : cut;
}
