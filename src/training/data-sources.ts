/**
 * Data as a program has them: names and folders (in Node), arrays, pictures from a canvas, texts and series in memory. What they are decides the problem: images are named, or reconstructed by an
 * autoencoder; of a text the next character is learned, of a series values.
 */

import type { AugmentOptions } from "../data/augment.ts";
import { type Dataset, type DatasetArrays, datasetOf, type ImageArrays } from "../data/dataset.ts";
import { fitImage } from "../data/resize.ts";
import { assembleSequence, type Sequence } from "../data/sequence/assemble.ts";
import type { SequenceRequest } from "../data/sequence/load.ts";
import type { SequenceTask } from "../data/sequence/options.ts";
import { MAX_FLOAT32, type RawSeries } from "../data/sequence/series.ts";
import type { SequenceSummary, SeriesSummary, TextSummary } from "../data/sequence/task.ts";
import { KNOWN_SETS, type KnownName } from "../data/source.ts";
import { BispikeError } from "../errors.ts";
import type { SequenceConfig, SequenceDataConfig } from "./config.ts";
import { type Partly, sectionOf } from "./nets.ts";
import { filesFor } from "./platform.ts";
import type { Task } from "./settings/settings.ts";

/** Images, with classes where they have any. */
export interface ImageSet {
  readonly kind: "images";
  readonly dataset: Dataset;
  /** The section `data` of the configuration. */
  readonly section: object;
}

/** A text. */
export interface TextSet extends SequenceOf<TextSummary> {
  readonly kind: "text";
}

/** A time series. */
export interface SeriesSet extends SequenceOf<SeriesSummary> {
  readonly kind: "series";
}

interface SequenceOf<Summary extends SequenceSummary> {
  readonly task: Task;
  readonly sequence: Sequence & { readonly about: Summary };
  /** The section `data` of the configuration. */
  readonly section: object;
  /** The same data in the symbols, or standardised by the columns, that a net was trained on. */
  readonly as: (like: SequenceSummary) => Promise<Sequence>;
}

/** Anything to train on. */
export type TrainingData = ImageSet | TextSet | SeriesSet;

/** Which images are trained on, and how. */
export interface ImagesOptions {
  /** Training images kept aside for every choice: a fraction below 1, a count from 1 up, or 0 for none. Default 0.1. */
  readonly validation?: number;
  /** Use only the first so many training images left after that; 0 = all. Default 0. */
  readonly limit?: number;
  /** Share of the images trained on, 0 to 1, that are taught as another class. Default 0. */
  readonly labelNoise?: number;
  /** Variants of the images trained on, another one at each step. Default none. */
  readonly augment?: Partly<AugmentOptions>;
}

/** Pixels as a canvas has them, such as a page's `ImageData`: red, green, blue and alpha, bytes, row by row. */
export interface CanvasPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray | Uint8Array;
}

/** Images in arrays; `name` is kept in checkpoints (default "images"). */
export type ImageArraysOf = Omit<DatasetArrays, "name"> & { readonly name?: string };

/** A folder of files, with the name of a known set where it holds one. */
export interface ImageFolder {
  readonly name?: KnownName;
  readonly path: string;
}

/** How pictures of a canvas become a data set. */
export interface PicturesOptions extends ImagesOptions {
  /** Class of each picture, by name. Without them the images have no classes, and only an autoencoder learns from them. */
  readonly labels?: readonly string[];
  /** Size all pictures are brought to. Default: the first one's, one channel. */
  readonly shape?: { readonly height: number; readonly width: number; readonly channels: 1 | 3 };
  /** Kept in checkpoints. Default "pictures". */
  readonly name?: string;
}

/** Known sets. */

/**
 * Images to train on.
 *
 * @param from in Node a known name ("mnist", "fashion-mnist", "cifar10", "cifar100", "svhn") or a folder of IDX, CIFAR, SVHN files or pictures; anywhere arrays (bytes, or numbers
 *   from 0 to 1, [image][height][width][channel], with class numbers), or pictures of a canvas with `labels` beside them
 * @throws BispikeError "data" for what is missing, damaged or does not fit, "platform" for a name or folder without Node
 * @example
 * const digits = await images("mnist");
 * const shape = { height: 1, width: 2, channels: 1 };
 * const sides = await images({ shape, train: { images: Float32Array.of(0, 0.9, 0.1, 1, 0.8, 0, 1, 0.2), labels: [1, 1, 0, 0] } }, { validation: 0 });
 */
export async function images(from: string | ImageFolder | ImageArraysOf, options?: ImagesOptions): Promise<ImageSet>;
export async function images(from: readonly CanvasPixels[], options?: PicturesOptions): Promise<ImageSet>;
export async function images(
  from: string | ImageFolder | ImageArraysOf | readonly CanvasPixels[],
  options: PicturesOptions = {},
): Promise<ImageSet> {
  const { validation, limit, labelNoise, augment } = options;
  const settings = sectionOf({ validation, limit, labelNoise, augment });
  if (typeof from === "string" || "path" in from) {
    const request = typeof from === "string" ? (KNOWN_SETS.has(from) ? { name: from } : { path: from }) : from;
    const files = filesFor("images of a name or a folder", "give arrays, or pixels of a canvas");
    return { kind: "images", dataset: await files.loadDataset(request), section: { ...request, ...settings } };
  }
  const dataset = "train" in from ? datasetOf({ name: "images", ...from }) : datasetOf(fromPictures(from, options));
  return { kind: "images", dataset, section: { path: dataset.name, ...settings } };
}

function fromPictures(
  pictures: readonly CanvasPixels[],
  { labels, shape, name = "pictures" }: PicturesOptions,
): DatasetArrays {
  const [first] = pictures;
  if (!first) throw new BispikeError("data", "images: expected a picture or more, got none");
  if (labels && labels.length !== pictures.length)
    throw new BispikeError(
      "data",
      `images: expected a label for each of the ${pictures.length} pictures, got ${labels.length}`,
    );
  const size = shape ?? { height: first.height, width: first.width, channels: 1 };
  const classNames = labels ? [...new Set(labels)].sort() : UNLABELLED;
  const bytes = new Uint8Array(pictures.length * size.height * size.width * size.channels);
  for (const [k, picture] of pictures.entries())
    bytes.set(bytesOfCanvas(picture, size), (k * bytes.length) / pictures.length);
  const numbers = pictures.map((_, k) => (labels ? classNames.indexOf(labels[k]!) : 0));
  return { name, shape: size, classNames, train: { images: bytes, labels: numbers } };
}

/** Class names of images without classes: a data set has two or more. */
export const UNLABELLED: readonly string[] = ["unlabelled", "(none)"];

/** A canvas' pixels as an image of bytes: alpha laid on black, channels converted, stretched. */
export function bytesOfCanvas(
  { width, height, data }: CanvasPixels,
  shape: { height: number; width: number; channels: number },
): Uint8Array {
  if (data.length !== 4 * width * height)
    throw new BispikeError(
      "shape",
      `image: expected 4 bytes for each of ${width} x ${height} pixels, got ${data.length}`,
    );
  const pixels = new Uint8Array(3 * width * height);
  for (let p = 0; p < width * height; p++)
    for (let c = 0; c < 3; c++) pixels[3 * p + c] = Math.round((data[4 * p + c]! * data[4 * p + 3]!) / 255);
  return fitImage({ width, height, channels: 3, pixels }, shape).pixels;
}

/** An image: bytes from 0 (black) to 255, or numbers from 0 to 1, [height][width][channel]; or a canvas' pixels, which are brought to the net's size. */
export type ImageInput =
  | Uint8Array
  | Uint8ClampedArray
  | Float32Array
  | Float64Array
  | readonly number[]
  | CanvasPixels;

/** @throws BispikeError "shape" or "data" for what is no image of this size */
export function bytesOfImage(
  image: ImageInput,
  shape: { height: number; width: number; channels: number },
): Uint8Array {
  if ("data" in image && "width" in image) return bytesOfCanvas(image, shape);
  const pixels = image as Exclude<ImageInput, CanvasPixels>;
  const bytes = pixels instanceof Uint8ClampedArray || pixels instanceof Uint8Array;
  const values: ImageArrays["images"] = bytes ? new Uint8Array(pixels) : Float64Array.from(pixels);
  return datasetOf({ name: "image", shape, classNames: UNLABELLED, train: { images: values, labels: [0] } }).train
    .images;
}

/** How a text becomes windows to train on. */
export type TextOptions = Partly<Omit<SequenceDataConfig, SeriesKeys | "text" | "validation">> & {
  readonly validation?: number;
};

/** How a series becomes windows to train on; see `SequenceDataConfig`. */
export type SeriesOptions = Partly<Omit<SequenceDataConfig, "text" | "series" | "newline" | "validation">> & {
  readonly validation?: number;
  /** "forecast": the targets `horizon` rows later, from all columns; "regression": the targets of the same row, from the other columns. Default forecast. */
  readonly task?: "forecast" | "regression";
};
type SeriesKeys =
  | "series"
  | "targets"
  | "columns"
  | "horizon"
  | "standardise"
  | "fill"
  | "missing"
  | "delimiter"
  | "header"
  | "timeColumn"
  | "key"
  | "feature";

/**
 * A text, of which the next character is learned.
 *
 * @param from in Node a known text ("alice", "hamlet", "emma") or the path of a UTF-8 text, also with .gz; anywhere `{ content }`, the text itself
 * @param options `window` positions a window (default 32), `stride` (default the window), `trainPart` of the text to train on and validate with (default 0.8), `validation`, the last part of that
 *   (default 0.1), `limit`, the first so many characters (default 0: all)
 * @throws BispikeError "data" for a text that is missing, no UTF-8 or too short, "config" for options out of range, "platform" for a path without Node
 * @example
 * const alice = await text("alice");
 * const own = await text({ content: "to be or not to be that is the question ".repeat(20), name: "hamlet" }, { window: 16 });
 */
export async function text(
  from: string | { readonly content: string; readonly name?: string },
  options: TextOptions = {},
): Promise<TextSet> {
  const name = typeof from === "string" ? from : (from.name ?? "text");
  const content = typeof from === "string" ? undefined : new TextEncoder().encode(from.content);
  return sequenceOf("text", { name, content, task: "next-character", options }) as Promise<TextSet>;
}

/** A table of numbers in memory. */
export interface SeriesRows {
  /** One a time step, each of one value a column. */
  readonly rows: readonly ArrayLike<number>[];
  /** Names of the columns. Default "0", "1" and so on. */
  readonly columns?: readonly string[];
  /** Kept in checkpoints. Default "series". */
  readonly name?: string;
}

/**
 * A time series, of which values are learned.
 *
 * @param from in Node the path of a table or array (.csv, .tsv, .txt, .npy, .npz, .h5); anywhere the rows themselves, NaN where a value is missing
 * @param options `task` (default forecast), `targets` by name or place (default the last column), `horizon` rows ahead (default 1), `window` (default 32), `trainPart` (default 0.8), `validation`
 *   (default 0.1), `limit` rows (default 0: all); values are standardised by the rows trained on
 * @throws BispikeError "data" for a series that is missing, damaged or too short, "config" for options out of range, "platform" for a path without Node
 * @example
 * const waves = Array.from({ length: 300 }, (_, n) => [Math.sin(n / 5), Math.cos(n / 7)]);
 * const data = await series({ rows: waves, columns: ["a", "b"] }, { targets: ["b"], horizon: 2, window: 16 });
 */
export async function series(from: string | SeriesRows, options: SeriesOptions = {}): Promise<SeriesSet> {
  const { task = "forecast", ...others } = options;
  const name = typeof from === "string" ? from : (from.name ?? "series");
  const content = typeof from === "string" ? undefined : rawSeries(from, name);
  return sequenceOf("series", { name, content, task, options: others }) as Promise<SeriesSet>;
}

function rawSeries({ rows, columns }: SeriesRows, name: string): RawSeries {
  const width = columns?.length ?? rows[0]?.length ?? 0;
  const values = new Float32Array(rows.length * width);
  for (const [n, row] of rows.entries()) {
    if (row.length !== width)
      throw new BispikeError("data", `${name}: row ${n}: expected ${width} values, one a column, got ${row.length}`);
    for (let c = 0; c < width; c++) {
      const value = row[c]!;
      if (!(Math.abs(value) <= MAX_FLOAT32 || Number.isNaN(value)))
        throw new BispikeError("data", `${name}: row ${n}, column ${c}: expected a float32 number, got ${value}`);
      values[n * width + c] = value;
    }
  }
  const names = columns ?? Array.from({ length: width }, (_, c) => String(c));
  return { name, columns: names, length: rows.length, values, times: null, lines: null };
}

interface Source {
  readonly name: string;
  /** Undefined: what `name` names is read. */
  readonly content: Uint8Array | RawSeries | undefined;
  readonly task: Task;
  readonly options: TextOptions | SeriesOptions;
}

async function sequenceOf(
  kind: "text" | "series",
  { name, content, task, options }: Source,
): Promise<TextSet | SeriesSet> {
  const { validation, ...others } = options;
  const section = sectionOf({ [kind]: name, validation }, others);
  // What readers of sequences call the validation part.
  const request = {
    ...sectionOf({ [kind]: name, validation }, others),
    task: TASK_OF_DATA[task],
  } as SequenceRequest;
  const make = (asked: SequenceRequest) =>
    content === undefined
      ? filesFor(
          `a ${kind} of a name or path`,
          kind === "text" ? "give its { content }" : "give its { rows }",
        ).loadSequence(asked)
      : assembleSequence(content, name, asked);
  const as = (like: SequenceSummary) => {
    return make({ ...ownOf(request), task: request.task, like });
  };
  return { kind, task, section, sequence: await make(request), as } as TextSet | SeriesSet;
}

/** What a summary of earlier data brings along. */
const BROUGHT: readonly string[] = ["newline", "targets", "columns", "horizon", "standardise"];

/** The other keys of a request. */
const ownOf = (request: object) =>
  Object.fromEntries(Object.entries(request).filter(([key]) => !BROUGHT.includes(key)));

/** What the data side calls the tasks. */
export const TASK_OF_DATA: Readonly<Record<Task, SequenceTask>> = {
  "next-character": "next",
  regression: "regression",
  forecast: "forecast",
};

/**
 * The request for `loadSequence` and `assembleSequence`.
 *
 * @param like the data a net was trained on, whose alphabet or columns and statistics are to be used
 */
export function sequenceRequest(config: SequenceConfig, like?: SequenceSummary): SequenceRequest {
  const { validation, ...data } = config.data;
  const request = { ...data, validation, task: TASK_OF_DATA[config.task] };
  if (like === undefined) return request;
  return { ...ownOf(request), task: request.task, like };
}
