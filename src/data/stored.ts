/** The files of IDX, CIFAR and SVHN, put together to a training and a test part. */
import { BispikeError } from "../errors.ts";

import { describeShape, type ImageShape, makeSplit, type Split, sliceSplit } from "./dataset.ts";
import { parseIdxImages, parseIdxLabels } from "./idx.ts";
import type { DataSource, Listing } from "./source.ts";
import { parseSvhn, SVHN_SHAPE } from "./svhn.ts";

// CIFAR's binary version: records of one label byte (CIFAR-10) or a coarse and a fine label byte (CIFAR-100), then a
// red, a green and a blue plane of 32 x 32 bytes each.

/** Every CIFAR image: 32 x 32, red, green, blue. */
export const CIFAR_SHAPE: ImageShape = { height: 32, width: 32, channels: 3 };

const PLANE = 32 * 32;
const IMAGE = 3 * PLANE;

/**
 * Reads a file of CIFAR-10 (`data_batch_1.bin`, `test_batch.bin`).
 *
 * @param file the file's name, for messages
 * @returns images channels last, labels 0 to 9
 * @throws BispikeError "data" for a size that is no whole number of records, or a label above 9
 */
export function parseCifar10(bytes: Uint8Array, file: string): Split {
  return parseRecords(bytes, file, [{ name: "label", classes: 10 }]);
}

/**
 * Reads a file of CIFAR-100 (`train.bin`, `test.bin`). The label is the fine one; the coarse one is only checked.
 *
 * @param file the file's name, for messages
 * @returns images channels last, labels 0 to 99
 * @throws BispikeError "data" for a size that is no whole number of records, a coarse label above 19, a fine above 99
 */
export function parseCifar100(bytes: Uint8Array, file: string): Split {
  return parseRecords(bytes, file, [
    { name: "coarse label", classes: 20 },
    { name: "fine label", classes: 100 },
  ]);
}

function parseRecords(
  bytes: Uint8Array,
  file: string,
  fields: readonly { readonly name: string; readonly classes: number }[],
): Split {
  const record = fields.length + IMAGE;
  const count = Math.floor(bytes.length / record);
  if (count === 0 || count * record !== bytes.length) {
    throw new BispikeError(
      "data",
      `${file}: expected one or more records of ${record} bytes, found ${bytes.length} bytes (file is truncated, ` +
        "or not CIFAR's binary version: the Python and MATLAB versions are other formats)",
    );
  }
  const images = new Uint8Array(count * IMAGE);
  const labels = new Uint16Array(count);
  for (let index = 0; index < count; index++) {
    const start = index * record;
    fields.forEach(({ name, classes }, field) => {
      const label = bytes[start + field] as number;
      if (label >= classes) {
        throw new BispikeError(
          "data",
          `${file}: ${name} of image ${index}: expected 0 to ${classes - 1}, found ${label}; the file is damaged`,
        );
      }
      labels[index] = label;
    });
    interleavePlanes(bytes, start + fields.length, images, index * IMAGE);
  }
  return { images, labels, count };
}

function interleavePlanes(bytes: Uint8Array, from: number, images: Uint8Array, to: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const plane = from + channel * PLANE;
    for (let pixel = 0; pixel < PLANE; pixel++) {
      images[to + 3 * pixel + channel] = bytes[plane + pixel] as number;
    }
  }
}

/** What a reader found; `classNames` where it knows more than the files' bytes. */
export interface StoredParts {
  readonly shape: ImageShape;
  readonly train: Split;
  readonly test: Split;
  readonly classNames?: readonly string[];
}

/** "train-images-idx3-ubyte.gz", "t10k-labels.idx1-ubyte", "test-images-idx4-ubyte". */
export const IDX_FILE = /^(train|t10k|test)-(images|labels)[-.]idx[134](-ubyte)?(\.gz)?$/;

const CIFAR_10_TRAIN = [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`);

/** Four IDX files, or two: then the last tenth of the images (at least one) is the test part. */
export async function readIdx(files: DataSource, listing: Listing): Promise<StoredParts> {
  const train = await readIdxPart(files, listing, "train");
  if (train === undefined) {
    throw new BispikeError(
      "data",
      `${files.folder}: expected IDX files of the training part (train-images-idx3-ubyte)`,
    );
  }
  const test = await readIdxPart(files, listing, "test");
  const { shape, split } = train;
  if (test === undefined) {
    const first = split.count - Math.max(1, Math.floor(split.count / 10));
    if (first === 0) {
      throw new BispikeError("data", `${files.folder}: expected two images or more, as there is no test part; found 1`);
    }
    return {
      shape,
      train: sliceSplit(split, shape, 0, first),
      test: sliceSplit(split, shape, first, split.count),
    };
  }
  if (describeShape(test.shape) !== describeShape(shape)) {
    throw new BispikeError(
      "data",
      `${files.folder}: expected test images of the training images' ${describeShape(shape)}, found ` +
        describeShape(test.shape),
    );
  }
  return { shape, train: split, test: test.split };
}

async function readIdxPart(
  files: DataSource,
  listing: Listing,
  part: "train" | "test",
): Promise<{ shape: ImageShape; split: Split } | undefined> {
  const find = (what: string): string | undefined => {
    const wanted = part === "train" ? new RegExp(`^train-${what}`) : new RegExp(`^(t10k|test)-${what}`);
    // Sorted, so a plain file comes before its compressed copy.
    return listing.files.find((file) => IDX_FILE.test(file) && wanted.test(file));
  };
  const imageFile = find("images");
  const labelFile = find("labels");
  if (imageFile === undefined && labelFile === undefined) return undefined;
  if (imageFile === undefined || labelFile === undefined) {
    const missing = imageFile === undefined ? "images" : "labels";
    throw new BispikeError(
      "data",
      `${files.folder}: expected ${missing} beside ${imageFile ?? labelFile}, found no such IDX file`,
    );
  }
  const { shape, images } = parseIdxImages(await files.read(imageFile, `${part} images`), imageFile);
  const labels = parseIdxLabels(await files.read(labelFile, `${part} labels`), labelFile);
  return { shape, split: makeSplit(images, labels, shape, `${imageFile}, ${labelFile}`) };
}

/** Five training batches and the test batch. */
export async function readCifar10(files: DataSource, listing: Listing): Promise<StoredParts> {
  requireFiles(files, listing, [...CIFAR_10_TRAIN, "test_batch.bin"]);
  const batches: Split[] = [];
  for (const file of CIFAR_10_TRAIN) batches.push(parseCifar10(await files.read(file, file), file));
  const test = parseCifar10(await files.read("test_batch.bin", "test_batch.bin"), "test_batch.bin");
  return { shape: CIFAR_SHAPE, train: join(batches), test };
}

/** `train.bin` and `test.bin`; class names from `fine_label_names.txt` when it is there. */
export async function readCifar100(files: DataSource, listing: Listing): Promise<StoredParts> {
  requireFiles(files, listing, ["train.bin", "test.bin"]);
  const train = parseCifar100(await files.read("train.bin", "train.bin"), "train.bin");
  const test = parseCifar100(await files.read("test.bin", "test.bin"), "test.bin");
  const parts = { shape: CIFAR_SHAPE, train, test };
  const namesFile = "fine_label_names.txt";
  if (!listing.files.includes(namesFile)) return parts;
  const text = new TextDecoder().decode(await files.read(namesFile));
  const classNames = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (classNames.length !== 100) {
    throw new BispikeError(
      "data",
      `${files.folder}: ${namesFile}: expected 100 lines, one a class, found ${classNames.length}`,
    );
  }
  return { ...parts, classNames };
}

/** `train_32x32.mat` and `test_32x32.mat`. */
export async function readSvhn(files: DataSource, listing: Listing): Promise<StoredParts> {
  requireFiles(files, listing, ["train_32x32.mat", "test_32x32.mat"]);
  const read = async (file: string): Promise<Split> => parseSvhn(await files.read(file, file), file);
  return { shape: SVHN_SHAPE, train: await read("train_32x32.mat"), test: await read("test_32x32.mat") };
}

function requireFiles(files: DataSource, listing: Listing, names: readonly string[]): void {
  const missing = names.filter((name) => !listing.files.includes(name));
  if (missing.length > 0) {
    throw new BispikeError("data", `${files.folder}: expected ${names.join(", ")}; missing: ${missing.join(", ")}`);
  }
}

function join(parts: readonly Split[]): Split {
  const images = new Uint8Array(parts.reduce((total, part) => total + part.images.length, 0));
  const labels = new Uint16Array(parts.reduce((total, part) => total + part.count, 0));
  let count = 0;
  let at = 0;
  for (const part of parts) {
    images.set(part.images, at);
    labels.set(part.labels, count);
    at += part.images.length;
    count += part.count;
  }
  return { images, labels, count };
}
