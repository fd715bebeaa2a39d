/** The work of `bispike plot`: figures of a run. */
import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { augments } from "../../data/augment/options.ts";
import type { Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { Model, spikingModel } from "../../network/model.ts";
import { writeAugmentedPicture } from "../../node/augmented-picture.ts";
import { writeCurves, writeObservations, writeRaster, writeRecallPicture } from "../../node/figures.ts";
import { type OpenedModel, openAnyCheckpoint, openModel } from "../../node/open.ts";
import { readPicture } from "../../node/pictures.ts";
import { canDrawText } from "../../node/plots.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import { systemFailure } from "../../node/system-failure.ts";
import { assertRecall, isImageCheckpoint } from "../../training/any-checkpoint.ts";
import { note, print } from "../output.ts";
import type { PlotOptions } from "../plot.ts";
import { datasetFor, partImages, placeOf, unverified } from "./data.ts";
import { PICTURES } from "./summary.ts";

/** Runs the command. */
export async function runPlot(path: string, options: PlotOptions): Promise<void> {
  const { kind } = options;
  if (options.image !== undefined && options.index !== undefined) {
    throw new BispikeError("usage", "--image and --index exclude each other: give one picture");
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found)
    throw new BispikeError("checkpoint", `${path}: no such file or folder; expected a run folder or a checkpoint`);
  const run = found.isDirectory() ? path : dirname(path);
  const out = options.out ?? run;
  makeFolder(out);
  const files: string[] = [];
  if (kind === "curves" || kind === "all") files.push(...drawCurves(run, out, options));
  if (kind === "observations" || kind === "all") files.push(...drawObservations(run, out, options));
  // Of sequences and autoencoders, all there is to draw are the curves.
  const onlyCurves =
    kind === "curves" ||
    kind === "observations" ||
    (kind === "all" && !isImageCheckpoint(openAnyCheckpoint(path).checkpoint));
  if (!onlyCurves) files.push(...(await drawModel(path, out, options)));
  if (files.some((file) => file.endsWith(".svg")) && !canDrawText()) {
    note("warning", "this machine has no fonts, so the PNG figures lack their text; the SVG ones are whole");
  }
  print(options.json ? JSON.stringify({ files }) : files.join("\n"));
}

function drawCurves(run: string, out: string, { pngWidth }: PlotOptions): string[] {
  const metrics = join(run, RUN_FILES.metrics);
  if (!statSync(metrics, { throwIfNoEntry: false })) {
    throw new BispikeError(
      "checkpoint",
      `${metrics}: no such file; learning curves need a run folder (of a checkpoint alone: --kind raster or recall)`,
    );
  }
  writeCurves(metrics, join(out, "curves"), pngWidth);
  return figureFiles(join(out, "curves"));
}

/** Nothing where nothing was observed, unless it is asked for by name. */
function drawObservations(run: string, out: string, { kind, pngWidth }: PlotOptions): string[] {
  const observations = join(run, RUN_FILES.observations);
  if (!statSync(observations, { throwIfNoEntry: false })) {
    if (kind === "all") return [];
    throw new BispikeError(
      "checkpoint",
      `${observations}: no such file; expected the folder of a run on images that was observed (train with --observe.every=N)`,
    );
  }
  writeObservations(observations, join(out, PICTURES.observations), pngWidth);
  return figureFiles(join(out, PICTURES.observations));
}

async function drawModel(path: string, out: string, options: PlotOptions): Promise<string[]> {
  const { kind } = options;
  const opened = await openModel(path, options.threads);
  const files: string[] = [];
  try {
    if (kind === "recall") assertRecall(opened.checkpoint, opened.file, "--kind recall");
    if (kind === "augmented" || (kind === "all" && augments(opened.checkpoint.config.data.augment)))
      files.push(await drawAugmented(opened, out, options));
    if (kind === "augmented") return files;
    // Of a net of real numbers there are no spikes to draw, nor a recall.
    if (kind === "all" && !(opened.model instanceof Model)) return files;
    const model = spikingModel(opened.model, `--kind ${kind} of ${opened.file}`);
    if (kind !== "raster" && model.pair.recalls) {
      const file = join(out, "recall.png");
      writeRecallPicture(model, opened.checkpoint.classMeans, file);
      files.push(file);
    }
    if (kind !== "recall") {
      const { split, index, caption } = await rasterImage(opened, options);
      writeRaster(model, split, index, join(out, "raster"), { caption, pngWidth: options.pngWidth });
      files.push(...figureFiles(join(out, "raster")));
    }
  } finally {
    await opened.team.close();
  }
  return files;
}

async function drawAugmented(opened: OpenedModel, out: string, options: PlotOptions): Promise<string> {
  const { checkpoint, file, model } = opened;
  const { data, train } = checkpoint.config;
  const augmenter = model.augmenter(data.augment, train.seed);
  if (!augmenter) {
    throw new BispikeError(
      "usage",
      `--kind augmented: expected a run with data.augment, but ${file} was trained on its images as they are`,
    );
  }
  const dataset = await datasetFor(checkpoint, file, options);
  const { split, indices: trainIndices } = partImages(dataset, checkpoint, "train");
  const picture = join(out, PICTURES.augmented);
  writeAugmentedPicture(augmenter, { split, trainIndices, train }, picture);
  return picture;
}

const figureFiles = (base: string) => [`${base}.svg`, `${base}.png`];

const CAPTIONS = { test: "Image", heldout: "Held-out image", train: "Training image" } as const;

interface RasterImage {
  readonly split: Split;
  /** Of the image within the split. */
  readonly index: number;
  /** The image in the words of who asked for it. */
  readonly caption: string;
}

async function rasterImage({ checkpoint, file, model }: OpenedModel, options: PlotOptions): Promise<RasterImage> {
  const { image, index = 0, part } = options;
  if (image !== undefined) {
    const { pixels, change } = await readPicture(image, model.data.shape);
    note("note", change === null ? null : `${image}: ${change}`);
    // A label that is no class: nobody said what the picture shows.
    const labels = Uint16Array.of(model.data.classNames.length);
    return { split: { images: pixels, labels, count: 1 }, index: 0, caption: basename(image) };
  }
  const dataset = await datasetFor(checkpoint, file, options);
  note("warning", unverified(dataset));
  const images = partImages(dataset, checkpoint, part);
  return { split: images.split, index: placeOf(images, index, part), caption: `${CAPTIONS[part]} ${index}` };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw systemFailure(error, "make the folder", folder);
  }
}
