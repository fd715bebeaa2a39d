/** The images a checkpoint's commands work on: the data set it was trained on, one of its parts, or a picture someone brings. */

import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Dataset, describeShape, type Split, splitValidation } from "../data/dataset.ts";
import { loadDataset } from "../data/load.ts";
import type { Sequence } from "../data/sequence/assemble.ts";
import { loadSequence, type SequenceRequest } from "../data/sequence/load.ts";
import type { Range } from "../data/sequence/task.ts";
import { KNOWN_TEXTS } from "../data/sequence/text.ts";
import { BispikeError } from "../errors.ts";
import { CHECKPOINT_FILES, openAnyCheckpoint } from "../node/open.ts";
import { RUN_FILES } from "../node/run-folder.ts";
import { type AnyConfig, isSequenceConfig } from "../training/any-config.ts";
import {
  type AutoencoderCheckpoint,
  type Checkpoint,
  modelConfig,
  type SequenceCheckpoint,
} from "../training/checkpoint.ts";
import { readAnyExperiment } from "../training/config-file.ts";
import { sequenceRequest } from "../training/data-sources.ts";
import { incompatible, inWords } from "../training/same-training.ts";
import type { Part } from "./arguments.ts";
import { liesIn, requireNotRead } from "./output-file.ts";
import { note } from "./process.ts";

// Data that are not where their run says: it records a path as it was typed, so one that is relative counts from the folder training was started in.

/**
 * What to do with the error of loading a run's data.
 *
 * @param recorded the path as the run has it; undefined where the command line gave one, whose error says enough
 * @param option that says where the data are now
 * @example
 * await loadSequence(request).catch(movedFrom("ETTh1.csv", "--data.series FILE"));
 */
export function movedFrom(recorded: string | undefined, option: string): (error: unknown) => never {
  return (error) => {
    if (recorded === undefined || !isMissing(error)) throw error;
    throw new BispikeError(
      "data",
      `${resolve(recorded)}: there is no such file or folder; the run recorded it as ${recorded}, as seen from where training was started; give it by ${option}`,
      { cause: error },
    );
  };
}

function isMissing(error: unknown): boolean {
  if (!(error instanceof BispikeError) || error.code !== "data") return false;
  return error.cause instanceof Error && "code" in error.cause && error.cause.code === "ENOENT";
}

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
 * @throws BispikeError "usage" for a validation part where the experiment held nothing out
 */
export function partImages(dataset: Dataset, { config }: ImagesCheckpoint, part: Part): PartImages {
  if (part === "test")
    return { split: dataset.test, indices: Int32Array.from({ length: dataset.test.count }, (_, i) => i) };
  const { train, validation } = splitValidation(dataset.train, config.data.validation, config.train.seed);
  const { limit } = config.data;
  const indices = part === "heldout" ? validation : limit > 0 ? train.slice(0, limit) : train;
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

// The text or series that a sequence run's commands work on: the one it was trained on, or another of the same alphabet or columns.

/** Parts as the command line names them, and as a set does. */
const SEQUENCE_PARTS = { test: "test", heldout: "validation", train: "train" } as const;

/**
 * Loads it, with the alphabet or the columns and statistics of the checkpoint, and remarks on files that are not what they were.
 *
 * @param told what differs from the checkpoint's configuration
 * @param option of the command that says where the data are; default --data.text or --data.series
 * @param saysUnknown its option for characters that the net does not know, if it has one
 * @throws BispikeError "data", "config" as `loadSequence`
 */
export async function sequenceFor(
  { config, data }: SequenceCheckpoint,
  told: Partial<SequenceRequest> = {},
  option = `--data.${config.data.text === undefined ? "series" : "text"}`,
  saysUnknown = "",
): Promise<Sequence> {
  const recorded =
    told.text === undefined && told.series === undefined ? (config.data.text ?? config.data.series) : undefined;
  const request = { ...sequenceRequest(config, data), ...told };
  const sequence = await loadSequence(request, option, saysUnknown).catch(movedFrom(recorded, `${option} FILE`));
  const { name, provenance } = sequence.about;
  for (const { verified, file } of provenance)
    note("warning", verified === false ? `${name}: not the published content: ${file}` : null);
  const trained = data.provenance.map(({ sha256 }) => sha256);
  const [other] = provenance.filter(({ sha256 }) => trained.length > 0 && !trained.includes(sha256));
  note("note", other ? `${other.file} is not the file that was trained on; its parts are divided as that one's` : null);
  return sequence;
}

/** What `sequenceFor` reads, so that it is not written over; nothing where a package brings it. */
export function sequenceFiles(
  { config }: Pick<SequenceCheckpoint, "config">,
  told: Partial<SequenceRequest> = {},
): string[] {
  const { text = config.data.text, series = config.data.series } = told;
  return [text, series].filter((path) => path !== undefined && !KNOWN_TEXTS.has(path)) as string[];
}

/**
 * Positions of a part.
 *
 * @throws BispikeError "usage" for a part the experiment does not have
 */
export function partOf({ set, windows }: Sequence, { config }: SequenceCheckpoint, part: Part): Range {
  const name = SEQUENCE_PARTS[part];
  if (windows[name].length > 0) return set.parts[name];
  const { trainPart, validation } = config.data;
  throw new BispikeError(
    "usage",
    `--part ${part}: this experiment has no such part (data.trainPart ${trainPart}, data.validation ${validation})`,
  );
}

// Whether a run's config.yaml is what its checkpoint was trained with: a hand may have changed it since.

/**
 * @param path the run's folder
 * @param config as its config.yaml has it
 * @param remedy what to do about it, beside putting it back
 * @param trained the checkpoint's configuration. Default: that of the best checkpoint, else the last; nothing is asked where there is none
 * @throws BispikeError "checkpoint" that names the keys that were changed
 */
export function assertAsTrained(path: string, config: AnyConfig, remedy: string, trained = trainedConfig(path)): void {
  const edited = trained ? incompatible(trained, modelConfig(config)) : [];
  if (edited.length > 0)
    throw new BispikeError(
      "checkpoint",
      `${path}: ${RUN_FILES.config} is not what the checkpoint was trained with: ${inWords(edited)}; put it back${remedy}`,
    );
}

/** How to train with other settings than a run's, which keeps its folder. */
export function anew(path: string): string {
  return `train anew in another folder: bispike train ${join(path, RUN_FILES.config)}, and --init ${path} to begin with this run's weights`;
}

function trainedConfig(path: string): AnyConfig | undefined {
  const kept = Object.values(CHECKPOINT_FILES).some((file) => existsSync(join(path, file)));
  return kept ? openAnyCheckpoint(path).checkpoint.config : undefined;
}

// Keeps the data a run was trained on, and those a command was given, from being written over by commands that need not read them.

/**
 * @param file of --out
 * @throws BispikeError "usage" where it is one of the data
 */
export async function requireNotTrainedOn(file: string, run: string, options: DataOptions = {}): Promise<void> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return;
  const config = configOf(run);
  if (!config) return;
  if (isSequenceConfig(config)) return requireNotRead("--out", file, run, sequenceFiles({ config }));
  const { name, path } = config.data;
  const { "data.name": otherName = name, "data.path": otherPath } = options;
  await requireNotImages(file, run, name, path);
  await requireNotImages(file, run, otherName, otherPath);
}

/** Which of a folder's files are images is known when they are read, so that is done where the file lies among them. */
async function requireNotImages(
  file: string,
  run: string,
  name: string | undefined,
  path: string | undefined,
): Promise<void> {
  if (path === undefined || !liesIn(file, path)) return;
  const dataset = await loadDataset({ name, path }).catch((error: unknown) => {
    if (error instanceof BispikeError) return undefined;
    throw error;
  });
  // Of a set that cannot be read, any file may be one that is to be mended.
  requireNotRead("--out", file, run, dataset ? filesIn(path, dataset) : [path]);
}

/** Nothing of what is no run, of which the format says more; nothing is written then. */
function configOf(run: string): AnyConfig | undefined {
  for (const read of [
    () => openAnyCheckpoint(run).checkpoint.config,
    () => readAnyExperiment(join(run, RUN_FILES.config)),
  ]) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BispikeError)) throw error;
    }
  }
  return undefined;
}
