/** `bispike plot`. */

import { mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Command, Option } from "commander";
import { augments } from "../../data/augment.ts";
import type { Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { spikingModel } from "../../nets/model.ts";
import {
  writeAugmentedPicture,
  writeCurves,
  writeObservations,
  writeRaster,
  writeRecallPicture,
} from "../../node/figures.ts";
import { systemFailure } from "../../node/files.ts";
import { type OpenedModel, openAnyCheckpoint, openModel } from "../../node/open.ts";
import { readPicture } from "../../node/pictures.ts";
import { canDrawText } from "../../node/plots/svg-to-png.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import { assertRecall } from "../../training/read-checkpoint.ts";
import { LARGEST, optionalPart, type Part, wholeNumber, withData, withThreads } from "../arguments.ts";
import { datasetFor, partImages, placeOf, unverified } from "../data.ts";
import { note, print, runAction } from "../process.ts";
import { PICTURES } from "../report/summary.ts";

const PLOT_KINDS = ["curves", "observations", "raster", "recall", "augmented", "all"] as const;

export interface PlotOptions {
  readonly kind: (typeof PLOT_KINDS)[number];
  readonly index?: number;
  readonly part?: Part;
  readonly image?: string;
  readonly out?: string;
  readonly pngWidth?: number;
  readonly threads: number;
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

export function plotCommand(): Command {
  const command = new Command("plot")
    .description(
      "Draws figures of a run as SVG and PNG: its learning curves (curves), what was observed of its training (observations, where the experiment's observe.every asks for it: angles between " +
        "the rule's and backprop's gradients, weights up against those down, similarity of the networks' spikes, effective rank), the spikes of one image through every stage of perception and of recall of the class it is taken for (raster), " +
        "the images recalled above the class means (recall, PNG only), " +
        "and, where the experiment's data.augment asks for variants of images, some images above those that the first epochs show in their place (augmented, PNG only). They go into the run's folder unless told otherwise. " +
        "The raster needs the data set, or a picture (--image); augmented needs the data set. Runs by rules that train perception alone have no recall to draw. Of sequences and autoencoders there are curves alone.",
    )
    .argument("<run>", "a run folder; or a checkpoint file, for raster, recall and augmented")
    .addOption(new Option("--kind <kind>", "what to draw").choices(PLOT_KINDS).default("all"))
    .option("--index <n>", "raster: image of the data set, from 0 (default: 0)", wholeNumber(0, LARGEST))
    .addOption(optionalPart("raster: part of the data set that --index counts in (default: test)"))
    .option("--image <file>", "raster: this PNG or JPEG picture, in place of the data set's")
    .option("--out <dir>", "folder of the figures; made if need be (default: the run's folder)")
    .option(
      "--png-width <pixels>",
      "width of the PNG of curves, observations and raster (default: 1800)",
      wholeNumber(1, 8192),
    );
  withThreads(withData(command))
    .option("--json", "print one JSON object: the files written")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike plot runs/mnist-mlp-seed1
  $ bispike plot runs/mnist-mlp-seed1 --kind raster --index 7 --out figures
  $ bispike plot runs/mnist-mlp-seed1 --kind augmented
  $ bispike plot model.safetensors --kind raster --image seven.png --out figures`,
    )
    .action(runAction(runPlot));
  return command;
}

/** Options that only some kinds have. */
const OWN_OPTIONS: readonly (readonly [keyof PlotOptions, readonly PlotOptions["kind"][]])[] = [
  ["index", ["raster"]],
  ["part", ["raster"]],
  ["image", ["raster"]],
  ["pngWidth", ["curves", "observations", "raster"]],
  ["data.name", ["raster", "augmented"]],
  ["data.path", ["raster", "augmented"]],
];

/** Runs the command. */
export async function runPlot(path: string, options: PlotOptions): Promise<void> {
  const { kind } = options;
  for (const [name, kinds] of OWN_OPTIONS) {
    if (options[name] !== undefined && kind !== "all" && !kinds.includes(kind))
      throw new BispikeError(
        "usage",
        `--${name === "pngWidth" ? "png-width" : name}: is for --kind ${kinds.join(" or ")}, not for --kind ${kind}`,
      );
  }
  if (options.image !== undefined && options.index !== undefined) {
    throw new BispikeError("usage", "--image and --index exclude each other: give one picture");
  }
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found)
    throw new BispikeError("checkpoint", `${path}: no such file or folder; expected a run folder or a checkpoint`);
  const run = found.isDirectory() ? path : dirname(path);
  const out = options.out ?? run;
  makeFolder(out);
  const drawing = new Drawing(kind === "all");
  if (kind === "curves" || kind === "all") await drawing.draw("curves", () => drawCurves(run, out, options));
  if (kind === "observations" || kind === "all")
    await drawing.draw("observations", () => drawObservations(run, out, options));
  if (kind !== "curves" && kind !== "observations") await drawModel(path, out, options, drawing);
  const { files } = drawing;
  if (files.some((file) => file.endsWith(".svg")) && !canDrawText()) {
    note("warning", "this machine has no fonts, so the PNG figures lack their text; the SVG ones are whole");
  }
  if (files.length > 0) print(options.json ? JSON.stringify({ files }) : files.join("\n"));
  drawing.end(path);
}

/** The files drawn; where all kinds are, one that cannot be drawn keeps none of the others from it. */
class Drawing {
  readonly files: string[] = [];
  readonly #all: boolean;
  readonly #failed: { readonly what: string; readonly error: BispikeError }[] = [];

  constructor(all: boolean) {
    this.#all = all;
  }

  /** @param draw gives the files it wrote */
  async draw(what: string, draw: () => string[] | Promise<string[]>): Promise<void> {
    try {
      this.files.push(...(await draw()));
    } catch (error) {
      if (!this.#all || !(error instanceof BispikeError)) throw error;
      this.#failed.push({ what, error });
    }
  }

  /** @throws BispikeError that names what could not be drawn, and why */
  end(path: string): void {
    const [first] = this.#failed;
    if (!first) return;
    const reasons = this.#failed.map(({ what, error }) => `could not draw the ${what}: ${error.message}`);
    throw new BispikeError(first.error.code, `${path}: ${reasons.join("; ")}`, { cause: first.error });
  }
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

/** Figures of what was trained; of sequences and autoencoders there are none. */
async function drawModel(path: string, out: string, options: PlotOptions, drawing: Drawing): Promise<void> {
  const { kind } = options;
  const what = kind === "all" ? "raster and recall" : kind;
  await drawing.draw(what, async () => {
    if (kind === "all" && !openAnyCheckpoint(path).checkpoint) return [];
    const opened = await openModel(path, options.threads);
    try {
      await drawOpened(opened, out, options, drawing);
    } finally {
      await opened.team.close();
    }
    return [];
  });
}

async function drawOpened(opened: OpenedModel, out: string, options: PlotOptions, drawing: Drawing): Promise<void> {
  const { kind } = options;
  if (kind === "recall") assertRecall(opened.checkpoint, opened.file, "--kind recall");
  if (kind === "augmented" || (kind === "all" && augments(opened.checkpoint.config.data.augment)))
    await drawing.draw("augmented images", async () => [await drawAugmented(opened, out, options)]);
  if (kind === "augmented") return;
  // Of a non-spiking net there are no spikes to draw, nor a recall.
  if (kind === "all" && !opened.model.spiking) return;
  const model = spikingModel(opened.model, `--kind ${kind} of ${opened.file}`);
  if (kind !== "raster" && model.pair.recalls) {
    await drawing.draw("recalled images", () => {
      const file = join(out, "recall.png");
      writeRecallPicture(model, opened.checkpoint.classMeans, file);
      return [file];
    });
  }
  if (kind !== "recall") {
    await drawing.draw("raster", async () => {
      const { split, index, caption } = await rasterImage(opened, options);
      writeRaster(model, split, index, join(out, "raster"), { caption, pngWidth: options.pngWidth });
      return figureFiles(join(out, "raster"));
    });
  }
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

const CAPTIONS = { test: "Image", heldout: "Validation image", train: "Training image" } as const;

interface RasterImage {
  readonly split: Split;
  /** Of the image within the split. */
  readonly index: number;
  /** The image in the words of who asked for it. */
  readonly caption: string;
}

async function rasterImage({ checkpoint, file, model }: OpenedModel, options: PlotOptions): Promise<RasterImage> {
  const { image, index = 0, part = "test" } = options;
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
