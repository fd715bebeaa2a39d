/** Images of a data set, corrupted: what is left to chance is drawn from streams keyed by seed, corruption, severity and image. */
import { type ImageShape, imageBytes, type Split } from "../../data/dataset.ts";
import { RandomStream } from "../../engine/random.ts";
import { BispikeError } from "../../errors.ts";
import { blur } from "./blur.ts";
import { contrast } from "./contrast.ts";
import type { Corruption } from "./corruption.ts";
import type { ImageCorruptionName } from "./names.ts";
import { noise } from "./noise.ts";
import { occlusion } from "./occlusion.ts";
import { shift } from "./shift.ts";

/** By name. */
export const imageCorruptions: Readonly<Record<ImageCorruptionName, Corruption>> = {
  noise,
  blur,
  contrast,
  shift,
  occlusion,
};

/** How images are corrupted. */
export interface CorruptOptions {
  /** 1 to 5; 0 changes nothing. */
  readonly severity: number;
  /** Default 1. */
  readonly seed?: number;
  /** Number of the image: each has draws of its own. Default 0. */
  readonly image?: number;
}

/**
 * One image at a severity. The same options give the same bytes, whatever other images there are.
 *
 * @param pixels [row][column][channel], 0 to 255
 * @returns a new image
 * @throws BispikeError "usage" for a severity that is none, "shape" for pixels that are not one image
 * @example
 * corruptImage("occlusion", pixels, dataset.shape, { severity: 3, image: 7 });
 */
export function corruptImage(
  name: ImageCorruptionName,
  pixels: Uint8Array,
  shape: ImageShape,
  options: CorruptOptions,
): Uint8Array {
  const { severity, seed = 1, image = 0 } = options;
  if (severity === 0) return pixels.slice();
  const { amounts, corrupt } = imageCorruptions[name];
  const amount = amounts[severity - 1];
  if (amount === undefined)
    throw new BispikeError("usage", `${name}: expected a severity from 0 to ${amounts.length}, got ${severity}`);
  return corrupt(pixels, shape, amount, new RandomStream(seed, `corruption/${name}/${severity}`, image));
}

/**
 * A split of which the images at `indices` are corrupted, by their numbers in it; the others are black.
 *
 * @example
 * const noisy = corruptSplit("noise", dataset.test, indices, dataset.shape, { severity: 2 });
 */
export function corruptSplit(
  name: ImageCorruptionName,
  split: Split,
  indices: Int32Array,
  shape: ImageShape,
  options: Omit<CorruptOptions, "image">,
): Split {
  const size = imageBytes(shape);
  // As long as the split, so that images keep their numbers; what is not written takes no memory.
  const images = new Uint8Array(split.images.length);
  for (const image of indices) {
    const pixels = split.images.subarray(image * size, (image + 1) * size);
    images.set(corruptImage(name, pixels, shape, { ...options, image }), image * size);
  }
  return { images, labels: split.labels, count: split.count };
}
