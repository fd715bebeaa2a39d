/** A net that turns images into features whose distribution is compared. */
import type { ImageShape } from "../../data/dataset.ts";
import type { Pixels } from "../image-rows.ts";

/** What makes features of images. */
export interface FeatureExtractor {
  /** What a figure must be called by: "bispike-mnist features" stands for "Fréchet distance, bispike-mnist features". */
  readonly name: string;
  /** Features an image. */
  readonly width: number;
  /**
   * Features of images, [count][width]; a new array. An image's features do not depend on what else is in the batch.
   *
   * @param images [count][height][width][channel], pixels 0..1
   * @throws BispikeError "shape" for images the net does not take
   */
  features(images: Pixels, shape: ImageShape, count: number): Promise<Float32Array>;
}

/**
 * The name of a distance by these features, for tables and figures. It is FID only by the Inception features of that paper, which nothing
 * here can vouch for: a figure is always named by its features.
 *
 * @example
 * distanceName({ name: "bispike-mnist features" }); // "Fréchet distance, bispike-mnist features"
 */
export function distanceName(extractor: Pick<FeatureExtractor, "name">): string {
  const { name } = extractor;
  return `Fréchet distance, ${name}`;
}
