/** Folders of pictures, one folder a class, as a data set. */
import { BispikeError } from "../errors.ts";
import { describeShape, type ImageShape, imageBytes, MAX_CLASSES, type Split } from "./dataset.ts";
import { decodeImage } from "./image.ts";
import type { DataOptionNames, DataSource, Listing } from "./source.ts";
import type { StoredParts } from "./stored.ts";

const PICTURE = /\.(png|jpe?g)$/i;
/** Without a test part, every tenth picture of a class is one of the test part. */
const TEST_EVERY = 10;

interface PicturePart {
  readonly shape: ImageShape;
  readonly split: Split;
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
export async function readPictures(
  files: DataSource,
  listing: Listing,
  options: DataOptionNames,
): Promise<StoredParts> {
  const { folder } = files;
  const hasTrain = listing.folders.includes("train");
  const hasTest = listing.folders.includes("test");
  if (hasTrain !== hasTest) {
    const [there, missing] = hasTrain ? ["train", "test"] : ["test", "train"];
    throw new BispikeError(
      "data",
      `${folder}: found ${there}/ but no ${missing}/; add it, or give the folder of the classes itself as ${options.path} ` +
        "(every tenth picture is then for testing)",
    );
  }
  const classNames = hasTrain ? (await files.list("train")).folders : listing.folders;
  if (classNames.length > MAX_CLASSES) {
    throw new BispikeError("data", `${folder}: expected at most ${MAX_CLASSES} classes, found ${classNames.length}`);
  }
  const [train, test] = hasTrain
    ? [await listPictures(files, "train/", classNames), await listTest(files, classNames)]
    : divide(await listPictures(files, "", classNames));
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
  const reader = new PictureReader(files, train.length + test.length);
  const trainPart = await reader.read(train, hasTrain ? "train/" : "./ (training part)");
  const testPart = await reader.read(test, hasTrain ? "test/" : "./ (test part)");
  return {
    shape: trainPart.shape,
    train: trainPart.split,
    test: testPart.split,
    classNames,
  };
}

async function listTest(files: DataSource, classNames: readonly string[]): Promise<Picture[]> {
  const { folders } = await files.list("test");
  const unknown = folders.find((name) => !classNames.includes(name));
  if (unknown !== undefined) {
    throw new BispikeError("data", `${files.folder}: test/${unknown} is a class that train/ does not have`);
  }
  return listPictures(files, "test/", classNames, folders);
}

/** The pictures of the classes in `present`, class by class. */
async function listPictures(
  source: DataSource,
  prefix: string,
  classNames: readonly string[],
  present: readonly string[] = classNames,
): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const [label, name] of classNames.entries()) {
    if (!present.includes(name)) continue;
    const { files } = await source.list(`${prefix}${name}`);
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
  readonly #files: DataSource;
  readonly #count: number;
  #first: { readonly file: string; readonly shape: ImageShape } | undefined;

  /** @param count of all the pictures to come, for the limit on memory */
  constructor(files: DataSource, count: number) {
    this.#files = files;
    this.#count = count;
  }

  /** @param pictures at least one */
  async read(pictures: readonly Picture[], name: string): Promise<PicturePart> {
    const record = this.#files.recordPictures(name);
    const labels = Uint16Array.from(pictures, ({ label }) => label);
    let part: { readonly shape: ImageShape; readonly images: Uint8Array } | undefined;
    for (const [index, { file }] of pictures.entries()) {
      const stored = await this.#files.readStored(file);
      record.add(file, stored);
      const { pixels, ...shape } = decodeImage(stored, file);
      this.#checkShape(file, shape);
      part ??= { shape, images: new Uint8Array(pictures.length * imageBytes(shape)) };
      part.images.set(pixels, index * pixels.length);
    }
    if (part === undefined)
      throw new BispikeError("data", `${this.#files.folder}: expected pictures for ${name}, found none`);
    record.end();
    return { shape: part.shape, split: { images: part.images, labels, count: pictures.length } };
  }

  #checkShape(file: string, shape: ImageShape): void {
    this.#first ??= { file, shape };
    const first = this.#first;
    const { folder, maxTotal } = this.#files;
    if (describeShape(first.shape) !== describeShape(shape)) {
      throw new BispikeError(
        "data",
        `${folder}: ${file}: expected ${describeShape(first.shape)} (height x width x channels) as ` +
          `${first.file} has, found ${describeShape(shape)}; all pictures must have one size`,
      );
    }
    if (this.#count * imageBytes(shape) > maxTotal) {
      throw new BispikeError(
        "data",
        `${folder}: ${this.#count} pictures of ${describeShape(shape)} are more than ${maxTotal} bytes`,
      );
    }
  }
}
