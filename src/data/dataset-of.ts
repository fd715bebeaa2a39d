/** A data set from arrays that a program has in memory. */
import { BispikeError } from "../errors.ts";
import { checkDataset, checkShape } from "./check-dataset.ts";
import { countClasses, type Dataset, describeShape, type ImageShape, imageBytes, type Split } from "./dataset.ts";

/** Images and their classes, as a program has them. */
export interface ImageArrays {
  /** [image][height][width][channel]: bytes from 0 (black) to 255, or real numbers from 0 to 1, which become the nearest byte. */
  readonly images: Uint8Array | Float32Array | Float64Array;
  /** Class numbers from 0, one an image. */
  readonly labels: ArrayLike<number>;
}

/** What a data set is made from. */
export interface DatasetArrays {
  /** For messages, and kept in checkpoints. */
  readonly name: string;
  readonly shape: ImageShape;
  /** Default "0", "1" and so on, up to the largest label. */
  readonly classNames?: readonly string[];
  readonly train: ImageArrays;
  /** Default: none. */
  readonly test?: ImageArrays;
}

/**
 * A data set from arrays, checked. Bytes are taken as they are, without a copy.
 *
 * Configurations have to name their data: for arrays any name will do as `data.path`, which nothing is read from.
 *
 * @throws BispikeError "data" or "shape" for pixels out of range, labels that are no class, and arrays that do not fit each other or the shape
 * @example
 * const images = Float32Array.of(0, 0.9, 0.1, 1, 0.8, 0, 1, 0.2);
 * const shape = { height: 1, width: 2, channels: 1 };
 * const dataset = datasetOf({ name: "sides", shape, train: { images, labels: [1, 1, 0, 0] } });
 * const config = resolveConfig({ data: { path: "sides", validation: 0 }, network: { hidden: [8] }, train: { batch: 4 } });
 * await trainExperiment(createExperiment(await Team.create(), config, dataset));
 */
export function datasetOf(arrays: DatasetArrays): Dataset {
  const { name, shape, classNames, train, test } = arrays;
  checkShape(shape, name);
  const none: ImageArrays = { images: new Uint8Array(0), labels: [] };
  const parts = {
    train: splitOf(train, shape, `${name}: training part`),
    test: splitOf(test ?? none, shape, `${name}: test part`),
  };
  const classes = classNames?.length ?? countClasses(parts.train.labels, parts.test.labels);
  const names = classNames ?? Array.from({ length: classes }, (_, c) => String(c));
  const dataset = { name, shape, classes, classNames: names, ...parts, provenance: [] };
  checkDataset(dataset);
  return dataset;
}

function splitOf({ images, labels }: ImageArrays, shape: ImageShape, where: string): Split {
  const classes = Uint16Array.from(labels);
  for (const [k, label] of classes.entries())
    if (label !== labels[k])
      throw new BispikeError(
        "data",
        `${where}: label of image ${k}: expected a whole number from 0 to 65535, got ${labels[k]}`,
      );
  const pixels = classes.length * imageBytes(shape);
  if (images.length !== pixels)
    throw new BispikeError(
      "shape",
      `${where}: expected an image of ${describeShape(shape)} for each of the ${classes.length} labels, ${pixels} values, got ${images.length}`,
    );
  return { images: bytesOf(images, imageBytes(shape), where), labels: classes, count: classes.length };
}

function bytesOf(images: ImageArrays["images"], size: number, where: string): Uint8Array {
  if (images.BYTES_PER_ELEMENT === 1) return images as Uint8Array;
  return Uint8Array.from(images, (pixel, i) => {
    if (pixel >= 0 && pixel <= 1) return Math.round(255 * pixel);
    throw new BispikeError(
      "data",
      `${where}: image ${Math.floor(i / size)}, value ${i % size}: expected a number from 0 to 1 (or bytes, as a Uint8Array), got ${pixel}`,
    );
  });
}
