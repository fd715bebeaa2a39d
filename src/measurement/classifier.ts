/** Classifiers that judge pictures, for what recall draws: any function, or another trained net. */
import { describeShape, type ImageShape, imageBytes, type Split } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import type { ImageModel } from "../network/model.ts";
import { decideImages } from "./decide.ts";

/**
 * Names the class of each picture.
 *
 * @param rows `count` pictures [pixel][channel] of `shape`, values 0 (black) to 1
 * @returns `count` class numbers
 */
export type Classifier = (
  rows: Float32Array,
  shape: ImageShape,
  count: number,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

/**
 * A trained net as a classifier: pictures are rounded to bytes, as its training images were.
 *
 * @throws BispikeError "data" (when called) for pictures of another shape than the pair was trained on
 * @example
 * const judge = modelClassifier((await openModel("runs/mnist-cnn-seed2")).model);
 */
export function modelClassifier(model: ImageModel): Classifier {
  const size = imageBytes(model.data.shape);
  return (rows, shape, count) => {
    const expected = describeShape(model.data.shape);
    const found = describeShape(shape);
    if (expected !== found) {
      throw new BispikeError(
        "data",
        `classifier: it was trained on images of ${expected} (${model.data.name}), got ${found}`,
      );
    }
    const images = Uint8Array.from(rows.subarray(0, count * size), (value) =>
      Math.round(255 * Math.min(1, Math.max(0, value))),
    );
    return classesOf(model, { images, labels: new Uint16Array(count), count });
  };
}

/** Decisions for every image of a split. */
export function classesOf(model: ImageModel, split: Split): Uint16Array {
  const { maxImages } = model;
  const indices = Int32Array.from({ length: split.count }, (_, i) => i);
  const out = new Uint16Array(split.count);
  for (let from = 0; from < split.count; from += maxImages) {
    const count = model.load(split, indices, from, Math.min(maxImages, split.count - from));
    model.perceive(count);
    for (const [b, decision] of decideImages(model, count).entries()) out[from + b] = decision.class;
  }
  return out;
}
