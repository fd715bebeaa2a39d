/** The work of `bispike recall`: concepts redrawn, or the one that a partial stimulus brings to mind. */
import { imageBytes } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { Decision } from "../../measurement/decide.ts";
import { type Picture, pictureGrid, type Tile } from "../../measurement/picture-grid.ts";
import { type RecalledImages, recallImages } from "../../measurement/recall.ts";
import { type Model, spikingModel } from "../../network/model.ts";
import { writeDurably } from "../../node/durable.ts";
import { tileOf } from "../../node/figures.ts";
import { buildRun, type OpenedModel, openAnyCheckpoint } from "../../node/open.ts";
import { encodePng } from "../../node/png.ts";
import { assertProblem, assertRecall } from "../../training/read-checkpoint.ts";
import { note, print } from "../output.ts";
import type { RecallOptions } from "../recall.ts";
import { alignTable } from "../table.ts";
import { type Cue, checkCueOptions, cueOf } from "./cue.ts";
import { findClass } from "./data.ts";
import { decisionRemark, decisionTable } from "./decision-table.ts";
import { requireNotRead, requirePicture } from "./output-file.ts";
import { decideOne } from "./predict.ts";
import { recallSequence } from "./recall-sequence.ts";
import { requireNotTrainedOn } from "./trained-on.ts";

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
