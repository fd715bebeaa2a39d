/** `bispike recall`. */
import { Command, Option } from "commander";
import { addNoise, occlude, SIDES, type Side } from "../../data/cue.ts";
import { imageBytes } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { Decision } from "../../measure/decide.ts";
import { type Picture, pictureGrid, type Tile } from "../../measure/picture-grid.ts";
import { type RecalledImages, recallImages } from "../../measure/recall.ts";
import { type Model, spikingModel } from "../../nets/model.ts";
import { writeDurably } from "../../node/durable.ts";
import { tileOf } from "../../node/figures.ts";
import { buildRun, type OpenedModel, openAnyCheckpoint } from "../../node/open.ts";
import { encodePng, inversionWarning, readPicture } from "../../node/pictures.ts";
import { assertProblem, assertRecall } from "../../training/read-checkpoint.ts";
import { LARGEST, number, optionalPart, type Part, wholeNumber, withData, withThreads } from "../arguments.ts";
import { datasetFor, filesRead, findClass, partImages, placeOf, requireNotTrainedOn, unverified } from "../data.ts";
import { requireNotRead, requirePicture } from "../output-file.ts";
import { note, print, runAction } from "../process.ts";
import { alignTable, decisionRemark, decisionTable } from "../report/tables.ts";
import { decideOne } from "./predict.ts";
import { recallSequence } from "./recall-sequence.ts";

export interface RecallOptions {
  readonly out?: string;
  readonly plot?: string;
  readonly class?: readonly string[];
  readonly from?: string;
  readonly index?: number;
  readonly part?: Part;
  readonly occlude?: Side;
  readonly fraction?: number;
  readonly noise?: number;
  readonly seed?: number;
  readonly scale?: number;
  readonly invert?: true;
  readonly threads: number;
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
  readonly "data.text"?: string;
  readonly "data.series"?: string;
}

export function recallCommand(): Command {
  const command = new Command("recall")
    .description(
      "Recalls concepts and writes a PNG: the images recalled, and below them the mean training image of each class, which the checkpoint holds. " +
        "With a picture (--from or --index), whole or with a part hidden or noise laid over it, perception decides which concept it is and recall completes it: " +
        "the PNG then shows the cue as seen, the image recalled and the class mean. Prints how like its own class mean each recalled image is. " +
        "Only rule bsd trains recall. Of a sequence experiment by rule bsd: recall runs back over the targets of one window (--part, --index) and reconstructs its stimulus. Of a text it prints the stimulus, below it the characters reconstructed, " +
        "and how many are right, also over the whole part and by chance. Of a series it writes a CSV of true and reconstructed input columns, and a picture with --plot; as recall learns by cosines, which leave scale and mean free, " +
        "each column is fitted by one scale and one offset on the training part; so is the one scale by which reconstructed characters are weighed against how common each is.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .option(
      "--out <file>",
      "PNG to write (default: recall.png); of a series the CSV (recall.csv), of a text a text file (none)",
    )
    .option("--plot <file>", "series: also draw true and reconstructed columns to this .svg or .png")
    .option("--class <class...>", "only these classes, by name or number")
    .option("--from <image>", "start from this PNG or JPEG picture")
    .option(
      "--index <n>",
      "start from this image of the data set, from 0; sequences: this window, of windows side by side (default: 0)",
      wholeNumber(0, LARGEST),
    )
    .addOption(optionalPart("part of the data that --index counts in (default: test)"))
    .addOption(new Option("--occlude <side>", "hide this part of the picture").choices(SIDES))
    .option("--fraction <share>", "how much of the picture --occlude hides, 0 to 1 (default: 0.5)", number(0, 1))
    .option("--noise <deviation>", "lay normal noise over the picture; 1 is from black to white", number(0, 10))
    .option("--seed <n>", "seed of the noise (default: 1)", wholeNumber(0, LARGEST))
    .option("--invert", "swap black and white of --from first")
    .option(
      "--scale <n>",
      "pixels of the PNG a pixel (default: 4 for 28 pixels, fewer for larger images)",
      wholeNumber(1, 64),
    );
  withThreads(withData(command))
    .option("--data.text <text>", "text of a sequence experiment, in place of the one trained on")
    .option("--data.series <file>", "series of a sequence experiment, in place of the one trained on")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike recall runs/mnist-mlp-seed1
  $ bispike recall runs/mnist-mlp-seed1 --class 3 8 --out threes.png
  $ bispike recall runs/mnist-mlp-seed1 --index 0 --occlude right --noise 0.2
  $ bispike recall runs/mnist-mlp-seed1 --from seven.jpg --invert
  $ bispike recall runs/alice-seed1 --index 12
  $ bispike recall runs/etth1-seed1 --part heldout --out columns.csv --plot columns.svg`,
    )
    .action(runAction(runRecall));
  return command;
}

/** The picture's file unless told otherwise. */
const PICTURE = "recall.png";
/** Options that only sequence experiments have. */
const SEQUENCE_OPTIONS = ["plot", "data.text", "data.series"] as const;
/** Options that say where the image of `--index` is. */
const INDEX_OPTIONS = ["part", "data.name", "data.path"] as const;
/** Classes in a row of the picture; more take more pairs of rows. */
const CLASSES_A_ROW = 10;
/** Without `--scale`, images are shown about this many pixels wide. */
const TILE_WIDTH = 112;

/** Runs the command. */
export async function runRecall(path: string, options: RecallOptions): Promise<void> {
  checkCueOptions(options);
  const found = openAnyCheckpoint(path);
  const { checkpoint, file } = found;
  if (checkpoint.problem === "sequence") return recallSequence({ file, checkpoint }, options, path);
  assertProblem(checkpoint, "classify", file);
  for (const key of SEQUENCE_OPTIONS) {
    if (options[key] !== undefined)
      throw new BispikeError("usage", `--${key}: is for sequence experiments, but ${file} is one of images`);
  }
  assertRecall(checkpoint, file, "bispike recall");
  const { out = PICTURE } = options;
  requireNotRead("--out", out, path, options.from === undefined ? [] : [options.from]);
  requirePicture("--out", out);
  await requireNotTrainedOn(out, path);
  for (const key of INDEX_OPTIONS) {
    if (options[key] !== undefined && options.index === undefined)
      throw new BispikeError("usage", `--${key}: says where --index looks: give --index N too`);
  }
  const opened = await buildRun({ file, checkpoint }, options.threads);
  try {
    const cue = await cueOf(opened, options);
    if (cue !== null) requireNotRead("--out", out, path, cue.read);
    if (cue === null) recallClasses(opened, options);
    else recallFrom(cue, opened, options);
  } finally {
    await opened.team.close();
  }
}

/** How like the class means a class's recall is. */
interface Likeness {
  readonly class: string;
  readonly index: number;
  /** Correlation with its own class's mean. */
  readonly own: number;
  /** The most similar mean of another class. */
  readonly nearestOther: { readonly class: string; readonly index: number; readonly correlation: number };
}

function likenessOf(index: number, { correlations }: RecalledImages, classNames: readonly string[]): Likeness {
  const row = correlations[index]!;
  const other = row.reduce((best, value, c) => (c !== index && (best < 0 || value > row[best]!) ? c : best), -1);
  const nearestOther = { class: classNames[other]!, index: other, correlation: row[other]! };
  return { class: classNames[index]!, index, own: row[index]!, nearestOther };
}

/** Recall of a pair that has hardly been trained may be silent: then there is nothing to compare. */
function blankRecall({ correlations }: RecalledImages): string | null {
  const blank = correlations.flat().every((value) => value === 0);
  return blank ? "recall draws the same image for every class: it is silent or untrained" : null;
}

function recallClasses({ model: opened, checkpoint, file }: OpenedModel, options: RecallOptions): void {
  const model = spikingModel(opened, `bispike recall of ${file}`);
  const { classNames } = model.data;
  const wanted = options.class?.map((name) => findClass(name, classNames)) ?? classNames.map((_, c) => c);
  const recalled = recallImages(model, checkpoint.classMeans);
  note("warning", blankRecall(recalled));
  const rows: Tile[][] = [];
  for (let from = 0; from < wanted.length; from += CLASSES_A_ROW) {
    const these = wanted.slice(from, from + CLASSES_A_ROW);
    for (const images of [recalled.images, checkpoint.classMeans])
      rows.push(these.map((c) => tileOfClass(model, images, c)));
  }
  const picture = pictureGrid(rows, { scale: scaleOf(model, options) });
  const { out = PICTURE } = options;
  writeDurably(out, encodePng(picture));
  const classes = wanted.map((c) => likenessOf(c, recalled, classNames));
  const { ownIsNearest } = recalled;
  if (options.json) {
    print(JSON.stringify({ classes, ownIsNearest, of: classNames.length, ...written(out, picture) }));
    return;
  }
  const lines = classes.map(({ class: name, own, nearestOther }) => [
    name,
    own.toFixed(3),
    nearestOther.correlation.toFixed(3),
    nearestOther.class,
  ]);
  const heading = ["class", "own mean", "nearest other", ""];
  print(
    `correlation of each recalled image with the class means\n${alignTable([heading, ...lines], "lrrl")}\n` +
      `${ownIsNearest} of ${classNames.length} classes are most like their own mean\n` +
      `${out}: recalled images above, class means below (${picture.width} x ${picture.height} pixels)`,
  );
}

function recallFrom(cue: Cue, { model: opened, checkpoint, file }: OpenedModel, options: RecallOptions): void {
  const model = spikingModel(opened, `bispike recall of ${file}`);
  const { classNames } = model.data;
  const decision = decideOne(model, cue.pixels);
  const chosen = decision.class;
  const recalled = recallImages(model, checkpoint.classMeans);
  note("warning", blankRecall(recalled));
  const seen = tileOf(
    model,
    Float32Array.from(cue.pixels, (value) => value / 255),
  );
  const row = [seen, ...[recalled.images, checkpoint.classMeans].map((images) => tileOfClass(model, images, chosen))];
  const picture = pictureGrid([row], { scale: scaleOf(model, options) });
  const { out = PICTURE } = options;
  writeDurably(out, encodePng(picture));
  const likeness = likenessOf(chosen, recalled, classNames);
  print(
    options.json
      ? json(cue, decision, likeness, classNames, written(out, picture))
      : report(cue, decision, likeness, classNames, out),
  );
}

function tileOfClass(model: Model, images: Float32Array, index: number): Tile {
  const size = imageBytes(model.data.shape);
  return tileOf(model, images.subarray(index * size, (index + 1) * size));
}

function scaleOf(model: Model, { scale }: RecallOptions): number {
  return scale ?? Math.max(1, Math.round(TILE_WIDTH / model.data.shape.width));
}

function written(out: string, { width, height }: Picture): { out: string; width: number; height: number } {
  return { out, width, height };
}

function json(
  cue: Cue,
  decision: Decision,
  recalled: Likeness,
  classNames: readonly string[],
  file: ReturnType<typeof written>,
): string {
  const { class: index, cosines, drives } = decision;
  const truth = cue.truth === null ? null : { class: classNames[cue.truth], index: cue.truth };
  return JSON.stringify({
    cue: cue.description,
    truth,
    decision: { class: classNames[index], index, cosine: cosines[index] },
    cosines: [...cosines],
    drives: [...drives],
    recalled,
    ...file,
  });
}

function report(cue: Cue, decision: Decision, recalled: Likeness, classNames: readonly string[], out: string): string {
  const { own, nearestOther } = recalled;
  const verdict =
    cue.truth === null ? "" : cue.truth === decision.class ? " (right)" : ` (wrong: it is ${classNames[cue.truth]})`;
  return [
    `cue: ${cue.description}`,
    `decision: ${recalled.class}${verdict}${decisionRemark(decision)}`,
    decisionTable(decision, classNames),
    `recalled ${recalled.class}: correlation ${own.toFixed(3)} with its own class mean, ${nearestOther.correlation.toFixed(3)} with the nearest other (${nearestOther.class})`,
    `${out}: the cue as seen, the image recalled, the class mean`,
  ].join("\n");
}

/** The stimulus `bispike recall` starts from when it is given one: a file's or a data set's picture, part of it hidden or under noise. */

export interface Cue {
  /** The picture as perception sees it. */
  readonly pixels: Uint8Array;
  /** Where it came from and what was done to it. */
  readonly description: string;
  /** Its true class where that is known, else null. */
  readonly truth: number | null;
  /** Files it was read from. */
  readonly read: readonly string[];
}

/** Default of `--fraction`. */
const HALF = 0.5;

/**
 * Refuses options that do not go together; asks no file, so that a slip costs no time.
 *
 * @throws BispikeError "usage"
 */
export function checkCueOptions(options: RecallOptions): void {
  const { from, index, occlude: side, fraction } = options;
  if (from !== undefined && index !== undefined)
    throw new BispikeError("usage", "--from and --index exclude each other: give one picture");
  const picture = from !== undefined ? "--from" : index !== undefined ? "--index" : undefined;
  const change = (["occlude", "fraction", "noise", "invert"] as const).find((name) => options[name] !== undefined);
  if (picture === undefined && change !== undefined)
    throw new BispikeError("usage", `--${change} needs a picture to work on: give --from FILE or --index N`);
  if (picture !== undefined && options.class !== undefined)
    throw new BispikeError(
      "usage",
      `--class and ${picture} exclude each other: with a picture, perception chooses the class`,
    );
  if (fraction !== undefined && side === undefined)
    throw new BispikeError("usage", "--fraction needs --occlude to say which part is hidden");
  if (options.seed !== undefined && options.noise === undefined)
    throw new BispikeError("usage", "--seed needs --noise: nothing else here is left to chance");
  if (options.invert && index !== undefined)
    throw new BispikeError(
      "usage",
      "--invert is for the picture of --from; the data set's are as the pair was shown them",
    );
}

/**
 * The cue the options describe; null when they describe none.
 *
 * @throws BispikeError "usage" for an index beyond the part, "data" for pictures and data sets that cannot be read
 */
export async function cueOf(opened: OpenedModel, options: RecallOptions): Promise<Cue | null> {
  const { from, index, occlude: side, fraction = HALF, noise, seed = 1 } = options;
  const whole =
    from !== undefined
      ? await pictureCue(opened, from, options.invert === true)
      : index !== undefined
        ? await datasetCue(opened, index, options)
        : null;
  if (whole === null) return null;
  const { shape } = opened.model.data;
  let { pixels } = whole;
  const done = [whole.description];
  if (side !== undefined) {
    pixels = occlude(pixels, shape, side, fraction);
    done.push(`${(100 * fraction).toFixed(0)} % hidden (${side})`);
  }
  if (noise !== undefined) {
    pixels = addNoise(pixels, shape, noise, seed);
    done.push(`noise ${noise}`);
  }
  return { ...whole, pixels, description: done.join(", ") };
}

async function pictureCue({ model }: OpenedModel, file: string, invert: boolean): Promise<Cue> {
  const { shape, statistics } = model.data;
  const picture = await readPicture(file, shape, { invert });
  note("note", picture.change === null ? null : `${file}: ${picture.change}`);
  note("warning", inversionWarning(file, picture, statistics.mean, invert));
  return { pixels: picture.pixels, description: file, truth: null, read: [file] };
}

async function datasetCue(
  { checkpoint, file, model }: OpenedModel,
  index: number,
  options: RecallOptions,
): Promise<Cue> {
  const { part = "test" } = options;
  const { shape, classNames } = model.data;
  const dataset = await datasetFor(checkpoint, file, options);
  note("warning", unverified(dataset));
  const images = partImages(dataset, checkpoint, part);
  const at = placeOf(images, index, part);
  const truth = images.split.labels[at]!;
  const size = imageBytes(shape);
  return {
    pixels: images.split.images.slice(at * size, (at + 1) * size),
    description: `${part} image ${index} of ${dataset.name} (${classNames[truth]})`,
    truth,
    read: filesRead(dataset, checkpoint, options),
  };
}
