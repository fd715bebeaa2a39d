/** Folders of pictures, one folder a class, as a data set. Node only. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { BispikeError } from "../errors.ts";
import { describeShape, type FileRecord, type ImageShape, imageBytes, MAX_CLASSES, type Split } from "./dataset.ts";
import { type DataFiles, type Listing, listFolder, MAX_TOTAL_BYTES, readBytes } from "./files.ts";
import { decodeImage } from "./image.ts";
import type { StoredParts } from "./stored.ts";

const PICTURE = /\.(png|jpe?g)$/i;
/** Without a test part, every tenth picture of a class is one of the test part. */
const TEST_EVERY = 10;

interface PicturePart {
  readonly shape: ImageShape;
  readonly split: Split;
  readonly record: FileRecord;
}

interface Picture {
  /** Path inside the data set's folder, with "/". */
  readonly file: string;
  readonly label: number;
}

/**
 * Reads `train/CLASS/*` and `test/CLASS/*`, or `CLASS/*`: then the 10th, 20th, ... picture of each class, in the order
 * of their names, is the test part. Classes are numbered in the order of their names (by code unit).
 *
 * @throws BispikeError "data" when the pictures differ in size or channels, a part is empty, or a test class is new
 */
export async function readPictures(files: DataFiles, listing: Listing): Promise<StoredParts> {
  const { folder } = files;
  const hasTrain = listing.folders.includes("train");
  const hasTest = listing.folders.includes("test");
  if (hasTrain !== hasTest) {
    const [there, missing] = hasTrain ? ["train", "test"] : ["test", "train"];
    throw new BispikeError(
      "data",
      `${folder}: found ${there}/ but no ${missing}/; add it, or give the folder of the classes itself as data.path ` +
        "(every tenth picture is then for testing)",
    );
  }
  const classNames = hasTrain ? (await listFolder(join(folder, "train"))).folders : listing.folders;
  if (classNames.length > MAX_CLASSES) {
    throw new BispikeError("data", `${folder}: expected at most ${MAX_CLASSES} classes, found ${classNames.length}`);
  }
  const [train, test] = hasTrain
    ? [await listPictures(folder, "train/", classNames), await listTest(folder, classNames)]
    : divide(await listPictures(folder, "", classNames));
  for (const [part, pictures] of [
    ["training", train],
    ["test", test],
  ] as const) {
    if (pictures.length === 0) {
      throw new BispikeError(
        "data",
        `${folder}: expected PNG or JPEG pictures in a folder for each class, found none for the ${part} part` +
          (hasTrain ? "" : " (a class needs ten pictures to have one for testing)"),
      );
    }
  }
  const reader = new PictureReader(folder, train.length + test.length);
  const trainPart = await reader.read(train, hasTrain ? "train/" : "./ (training part)");
  const testPart = await reader.read(test, hasTrain ? "test/" : "./ (test part)");
  return {
    shape: trainPart.shape,
    train: trainPart.split,
    test: testPart.split,
    classNames,
    records: [trainPart.record, testPart.record],
  };
}

async function listTest(folder: string, classNames: readonly string[]): Promise<Picture[]> {
  const { folders } = await listFolder(join(folder, "test"));
  const unknown = folders.find((name) => !classNames.includes(name));
  if (unknown !== undefined) {
    throw new BispikeError("data", `${folder}: test/${unknown} is a class that train/ does not have`);
  }
  return listPictures(folder, "test/", classNames, folders);
}

/** The pictures of the classes in `present`, class by class. */
async function listPictures(
  folder: string,
  prefix: string,
  classNames: readonly string[],
  present: readonly string[] = classNames,
): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const [label, name] of classNames.entries()) {
    if (!present.includes(name)) continue;
    const { files } = await listFolder(join(folder, prefix, name));
    for (const file of files) {
      if (PICTURE.test(file)) pictures.push({ file: `${prefix}${name}/${file}`, label });
    }
  }
  return pictures;
}

function divide(pictures: readonly Picture[]): [train: Picture[], test: Picture[]] {
  const train: Picture[] = [];
  const test: Picture[] = [];
  let place = 0;
  let label = -1;
  for (const picture of pictures) {
    place = picture.label === label ? place + 1 : 1;
    label = picture.label;
    (place % TEST_EVERY === 0 ? test : train).push(picture);
  }
  return [train, test];
}

/** Decodes pictures that must all have the shape of the first. */
class PictureReader {
  readonly #folder: string;
  readonly #count: number;
  #first: { readonly file: string; readonly shape: ImageShape } | undefined;

  /** @param count of all the pictures to come, for the limit on memory */
  constructor(folder: string, count: number) {
    this.#folder = folder;
    this.#count = count;
  }

  /** At least one picture. The record's checksum is over each picture's path, length and bytes, in order. */
  async read(pictures: readonly Picture[], name: string): Promise<PicturePart> {
    const hash = createHash("sha256");
    const labels = Uint16Array.from(pictures, ({ label }) => label);
    let part: { readonly shape: ImageShape; readonly images: Uint8Array } | undefined;
    let bytes = 0;
    for (const [index, { file }] of pictures.entries()) {
      const stored = await readBytes(join(this.#folder, file));
      hash.update(`${file}\0${stored.length}\0`).update(stored);
      bytes += stored.length;
      const { pixels, ...shape } = decodeImage(stored, file);
      this.#checkShape(file, shape);
      part ??= { shape, images: new Uint8Array(pictures.length * imageBytes(shape)) };
      part.images.set(pixels, index * pixels.length);
    }
    if (part === undefined)
      throw new BispikeError("data", `${this.#folder}: expected pictures for ${name}, found none`);
    return {
      shape: part.shape,
      split: { images: part.images, labels, count: pictures.length },
      record: { file: name, bytes, sha256: hash.digest("hex"), verified: "unknown" },
    };
  }

  #checkShape(file: string, shape: ImageShape): void {
    this.#first ??= { file, shape };
    const first = this.#first;
    if (describeShape(first.shape) !== describeShape(shape)) {
      throw new BispikeError(
        "data",
        `${this.#folder}: ${file}: expected ${describeShape(first.shape)} (height x width x channels) as ` +
          `${first.file} has, found ${describeShape(shape)}; all pictures must have one size`,
      );
    }
    if (this.#count * imageBytes(shape) > MAX_TOTAL_BYTES) {
      throw new BispikeError(
        "data",
        `${this.#folder}: ${this.#count} pictures of ${describeShape(shape)} are more than ${MAX_TOTAL_BYTES} bytes`,
      );
    }
  }
}
