/** The images a checkpoint's commands work on: the data set it was trained on, one of its parts, or a picture someone brings. */
import { join } from "node:path";
import { type Dataset, describeShape, type Split, splitHeldOut } from "../../data/dataset.ts";
import { loadDataset } from "../../data/load.ts";

import { BispikeError } from "../../errors.ts";
import type { AutoencoderCheckpoint, Checkpoint } from "../../training/checkpoint.ts";
import type { Part } from "../parse.ts";
import { movedFrom } from "./moved-data.ts";

/** Options `--data.name` and `--data.path`, as commander hands them over. */
export interface DataOptions {
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

/** The same, for messages. */
const DATA_OPTIONS = { name: "--data.name", path: "--data.path" } as const;

/** Checkpoints of nets that see images. */
export type ImagesCheckpoint = Checkpoint | AutoencoderCheckpoint;

/**
 * Loads the data set a checkpoint was trained on.
 *
 * The checkpoint's configuration says which; `--data.path` says where its files are now, `--data.name` names another set.
 *
 * @param source the checkpoint's file, for messages
 * @throws BispikeError "data" when it cannot be loaded, or its images or classes are not those the model was trained on
 * @example
 * const dataset = await datasetFor(opened.checkpoint, opened.file, {});
 */
export async function datasetFor(checkpoint: ImagesCheckpoint, source: string, options: DataOptions): Promise<Dataset> {
  const { config, data } = checkpoint;
  const name = options["data.name"] ?? config.data.name;
  const path = pathOf(checkpoint, options);
  const recorded = options["data.path"] === undefined ? path : undefined;
  const dataset = await loadDataset({ name, path }, DATA_OPTIONS).catch(movedFrom(recorded, "--data.path FOLDER"));
  const expected = `${describeShape(data.shape)} in ${data.classNames.length} classes`;
  const found = `${describeShape(dataset.shape)} in ${dataset.classes} classes`;
  if (expected !== found) {
    throw new BispikeError(
      "data",
      `${path ?? name}: holds images of ${found}, but ${source} was trained on ${expected} (${data.name}); ` +
        "give the right data with --data.path or --data.name",
    );
  }
  return dataset;
}

/** Where the data are; undefined where a package brings them. */
function pathOf({ config }: ImagesCheckpoint, options: DataOptions): string | undefined {
  // Where the trained set's files are says nothing of another set's.
  return options["data.path"] ?? (options["data.name"] === undefined ? config.data.path : undefined);
}

/** Files and folders of images a data set of `datasetFor` was read from, so that none is written over; not those of a package. */
export function filesRead(dataset: Dataset, checkpoint: ImagesCheckpoint, options: DataOptions): string[] {
  const path = pathOf(checkpoint, options);
  return path === undefined ? [] : filesIn(path, dataset);
}

/** Files of `path` that a data set was read from, and folders whose files were. */
export function filesIn(path: string, { provenance, classNames }: Dataset): string[] {
  return provenance.flatMap(({ file }) =>
    // Pictures that no part's folder holds lie in a folder for each class.
    file.startsWith("./") ? classNames.map((name) => join(path, name)) : [join(path, file)],
  );
}

/** Files that bear a known set's name but not its published content, worded as a warning; null when there are none. */
export function unverified(dataset: Dataset): string | null {
  const files = dataset.provenance.filter(({ verified }) => verified === false).map(({ file }) => file);
  return files.length === 0 ? null : `${dataset.name}: not the published content: ${files.join(", ")}`;
}

/** Images of a part: where they are, and which. */
export interface PartImages {
  readonly split: Split;
  readonly indices: Int32Array;
}

/**
 * Images of a part, split as training split them.
 *
 * @throws BispikeError "usage" for a held-out part where the experiment held nothing out
 */
export function partImages(dataset: Dataset, { config }: ImagesCheckpoint, part: Part): PartImages {
  if (part === "test")
    return { split: dataset.test, indices: Int32Array.from({ length: dataset.test.count }, (_, i) => i) };
  const { train, heldOut } = splitHeldOut(dataset.train, config.data.validation, config.train.seed);
  const { limit } = config.data;
  const indices = part === "heldout" ? heldOut : limit > 0 ? train.slice(0, limit) : train;
  if (indices.length === 0) {
    throw new BispikeError(
      "usage",
      "--part heldout: this experiment held no images out (data.validation is 0); use --part test",
    );
  }
  return { split: dataset.train, indices };
}

/**
 * Where the `index`-th image of a part is in its split.
 *
 * @param option that gave the index, for the message
 * @throws BispikeError "usage" when the part has no such image
 */
export function placeOf({ indices }: PartImages, index: number, part: Part, option = "--index"): number {
  const at = indices[index];
  if (at !== undefined) return at;
  throw new BispikeError(
    "usage",
    `${option}: expected 0 to ${indices.length - 1} (images of --part ${part}), got ${index}`,
  );
}

/**
 * The class a person means: its name, its number, or its name in other letters' case.
 *
 * @throws BispikeError "usage" that lists the classes
 * @example
 * findClass("sneaker", ["T-shirt/top", "Sneaker"]); // 1
 */
export function findClass(wanted: string, classNames: readonly string[], option = "--class"): number {
  const exact = classNames.indexOf(wanted);
  if (exact >= 0) return exact;
  if (/^\d{1,5}$/.test(wanted) && Number(wanted) < classNames.length) return Number(wanted);
  const folded = classNames.flatMap((name, index) => (name.toLowerCase() === wanted.toLowerCase() ? [index] : []));
  const [only, ...others] = folded;
  if (only !== undefined && others.length === 0) return only;
  const shown = classNames.slice(0, 20).join(", ");
  const more = classNames.length > 20 ? ` and ${classNames.length - 20} more` : "";
  throw new BispikeError(
    "usage",
    `${option}: there is no class "${wanted}"; expected a number from 0 to ${classNames.length - 1} or one of ${shown}${more}`,
  );
}
