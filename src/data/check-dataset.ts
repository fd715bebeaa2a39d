/** What a data set that a program made itself must be, before anything learns from it: kernels and tables read pixels and labels by place, and would read on past what does not fit. */
import { BispikeError } from "../errors.ts";
import { checkLabels, type Dataset, describeShape, type ImageShape, imageBytes, type Split } from "./dataset.ts";

/**
 * @param where for the message
 * @throws BispikeError "data" unless the shape is of whole numbers from 1
 */
export function checkShape(shape: ImageShape, where: string): void {
  if (![shape.height, shape.width, shape.channels].every((size) => Number.isInteger(size) && size > 0))
    throw new BispikeError("data", `${where}: expected a shape of whole numbers from 1, got ${describeShape(shape)}`);
}

/**
 * @param where for the message
 * @throws BispikeError "shape" unless the split's images are as many bytes as `count` images of this shape have
 */
export function checkImages({ images, count }: Split, shape: ImageShape, where: string): void {
  if (images?.byteLength === count * imageBytes(shape)) return;
  throw new BispikeError(
    "shape",
    `${where}: expected ${count} images of ${describeShape(shape)}, got ${images?.byteLength} bytes`,
  );
}

/**
 * Refuses a data set whose parts, shape, classes and labels do not fit each other; experiments ask this of every data set they are given.
 *
 * @throws BispikeError "data" or "shape" that names the part, and the image of a label that is no class
 */
export function checkDataset({ name, shape, classes, classNames, train, test }: Dataset): void {
  checkShape(shape, name);
  if (classNames.length !== classes)
    throw new BispikeError("data", `${name}: expected names of ${classes} classes, got ${classNames.length}`);
  for (const { part, split } of [
    { part: "training", split: train },
    { part: "test", split: test },
  ]) {
    const where = `${name}: ${part} part`;
    checkImages(split, shape, where);
    const { labels, count } = split;
    if (labels.length !== count)
      throw new BispikeError("data", `${where}: expected ${count} labels, got ${labels.length}`);
    checkLabels(labels, classes, where);
  }
}
