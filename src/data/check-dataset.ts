/** What a data set that a program made itself must be, before anything learns from it: kernels and tables read pixels and labels by place, and would read on past what does not fit. */
import { BispikeError } from "../errors.ts";
import {
  checkLabels,
  type Dataset,
  describeShape,
  type ImageShape,
  imageBytes,
  MAX_CLASSES,
  type Split,
} from "./dataset.ts";

/**
 * @param where for the message
 * @throws BispikeError "shape" unless the split's images are bytes, as many as `count` images of this shape have
 */
export function checkImages({ images, count }: Split, shape: ImageShape, where: string): void {
  // By its tag, so that arrays of another frame or worker count too.
  const kind = (images as Uint8Array | undefined)?.[Symbol.toStringTag];
  if (kind === "Uint8Array" && images.length === count * imageBytes(shape)) return;
  throw new BispikeError(
    "shape",
    `${where}: expected ${count} images of ${describeShape(shape)} as a Uint8Array, 0 to 255, got ${kind ?? typeof images} of ${images?.length}`,
  );
}

/**
 * Refuses a data set whose parts, shape, classes and labels do not fit each other; experiments ask this of every data set they are given.
 *
 * @throws BispikeError "data" or "shape" that names the part, and the image of a label that is no class
 */
export function checkDataset({ name, shape, classes, classNames, train, test }: Dataset): void {
  const sizes = [shape.height, shape.width, shape.channels];
  if (!sizes.every((size) => Number.isInteger(size) && size > 0 && size <= 65_535))
    throw new BispikeError(
      "data",
      `${name}: expected a height, width and channels of 1 to 65535, got ${sizes.join("x")}`,
    );
  if (!(classes >= 2 && classes <= MAX_CLASSES && classNames.length === classes))
    throw new BispikeError(
      "data",
      `${name}: expected at least 2 classes with a name each, got ${classes} classes and ${classNames.length} names`,
    );
  for (const [part, split] of [
    ["training part", train],
    ["test part", test],
  ] as const) {
    const where = `${name}: ${part}`;
    checkImages(split, shape, where);
    if (split.labels.length !== split.count)
      throw new BispikeError(
        "data",
        `${where}: expected ${split.count} labels, one an image, got ${split.labels.length}`,
      );
    checkLabels(split.labels, classes, where);
  }
}
