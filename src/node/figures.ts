/** The pictures of a run: what recall reconstructs, learning curves, and the spikes of one sample. */
import type { Augmenter } from "../data/augment.ts";
import { fillRows } from "../data/batch.ts";
import { imageBytes, type Split } from "../data/dataset.ts";
import { fromFrameRows } from "../data/frame-rows.ts";
import { permutation } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import { decide } from "../measure/decide.ts";
import { isDrawable, pictureGrid, type Tile } from "../measure/picture-grid.ts";
import { type RecalledImages, recallImages } from "../measure/recall.ts";
import { conceptSpikes, perceive, recallConcepts } from "../nets/inference.ts";
import type { Layer } from "../nets/layer.ts";
import type { Model } from "../nets/model.ts";
import type { Population } from "../nets/population.ts";
import { type Shape, sizeOf } from "../nets/shape.ts";
import type { TrainConfig } from "../training/config.ts";
import { writeDurably } from "./durable.ts";
import { encodePng } from "./pictures.ts";
import { type ComparisonFigure, comparisonPlot } from "./plots/comparison.ts";
import { curvesPlot } from "./plots/curves.ts";
import { comparedObservationsPlot, type ObservedCell, observationsPlot } from "./plots/observations.ts";
import { type Raster, type RasterStage, rasterPlot } from "./plots/raster.ts";
import { type SeriesFigure, seriesPlot } from "./plots/series.ts";
import { type SeveritiesFigure, severitiesPlot } from "./plots/severities.ts";
import { svgToPng } from "./plots/svg-to-png.ts";
import { readMetrics, readObservations } from "./run-folder.ts";

/** Classes in a row of the recall picture. */
const CLASSES_A_ROW = 10;
/** Tiles are shown about this many pixels wide. */
const TILE_WIDTH = 112;
/** Pixels of a figure's PNG; twice the SVG's width, for sharp screens. */
const PNG_WIDTH = 1800;

/** A picture's tile from values in 0..1. */
export function tileOf({ data }: { readonly data: { readonly shape: Shape } }, values: Float32Array): Tile {
  const { height, width, channels } = data.shape;
  if (!isDrawable(channels)) {
    throw new BispikeError("shape", `a picture needs 1 or 3 channels, the data have ${channels}`);
  }
  return {
    height,
    width,
    channels,
    pixels: Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value)))),
  };
}

/**
 * Recalls every class and writes a PNG: recalled images in the first row, the mean training image of each class below; more than ten classes
 * take more pairs of rows.
 *
 * @param classMeans [class][height][width][channel] in 0..1, as a checkpoint has them
 * @returns what was recalled, for its figures
 * @example
 * const { ownIsNearest } = writeRecallPicture(model, checkpoint.classMeans, "recall.png");
 */
export function writeRecallPicture(model: Model, classMeans: Float32Array, file: string): RecalledImages {
  const recalled = recallImages(model, classMeans);
  const { shape, classNames } = model.data;
  const size = sizeOf(shape);
  const rows: Tile[][] = [];
  for (let from = 0; from < classNames.length; from += CLASSES_A_ROW) {
    const classes = Array.from({ length: Math.min(CLASSES_A_ROW, classNames.length - from) }, (_, k) => from + k);
    for (const images of [recalled.images, classMeans]) {
      rows.push(classes.map((c) => tileOf(model, images.subarray(c * size, (c + 1) * size))));
    }
  }
  writeDurably(file, encodePng(pictureGrid(rows, { scale: Math.max(1, Math.round(TILE_WIDTH / shape.width)) })));
  return recalled;
}

/**
 * Draws the learning curves of a `metrics.jsonl` as `<base>.svg` and `<base>.png`.
 *
 * @throws BispikeError "data" when it holds nothing to draw
 * @example
 * writeCurves("runs/a/metrics.jsonl", "runs/a/curves");
 */
export function writeCurves(metricsFile: string, base: string, pngWidth = PNG_WIDTH): void {
  writeFigure(curvesPlot(readMetrics(metricsFile)), base, pngWidth);
}

/**
 * Draws an `observations.jsonl` as `<base>.svg` and `<base>.png`.
 *
 * @throws BispikeError "data" when it holds nothing to draw
 * @example
 * writeObservations("runs/a/observations.jsonl", "runs/a/observations");
 */
export function writeObservations(observationsFile: string, base: string, pngWidth = PNG_WIDTH): void {
  writeFigure(observationsPlot(readObservations(observationsFile)), base, pngWidth);
}

/** How spikes of a sample are drawn. */
export interface RasterFigureOptions {
  /** What the title calls the image. Default: "Image" and its number in the split. */
  readonly caption?: string | undefined;
  /** Pixels. Default 1800. */
  readonly pngWidth?: number | undefined;
}

/**
 * Perceives one image, recalls the class it is taken for (where there is recall), and draws the spikes of both as `<base>.svg` and `<base>.png`.
 * The title names the image's class where its label is one of the model's.
 *
 * @param index of the image in `split`
 * @returns the class decided on
 * @throws BispikeError "usage" when the split has no such image
 * @example
 * writeRaster(model, dataset.test, 0, "runs/a/raster", { caption: "First test image" });
 */
export function writeRaster(
  model: Model,
  split: Split,
  index: number,
  base: string,
  { caption = `Image ${index}`, pngWidth = PNG_WIDTH }: RasterFigureOptions = {},
): number {
  if (!Number.isInteger(index) || index < 0 || index >= split.count) {
    throw new BispikeError("usage", `raster: expected an image number from 0 to ${split.count - 1}, got ${index}`);
  }
  const { pair, data } = model;
  model.load(split, Int32Array.of(index), 0, 1);
  perceive(pair, 1);
  const concept = conceptSpikes(pair, 1);
  const decided = decide(pair, 1)[0]!.class;
  const { steps } = pair.options;
  const { width } = pair.target;
  const stages = (layers: readonly Layer[]) =>
    layers.map((layer, k) => stageOf(`stage ${k + 2}`, layer.output!, steps));
  const perception = stages(pair.perception.slice(0, -1));
  if (pair.stimulusSpikes) perception.unshift(stageOf("stimulus", pair.stimulusSpikes, steps));
  perception.push({ name: "concept", neurons: width, steps, spikes: concept });
  const networks: Raster["networks"][number][] = [{ name: "perception", stages: perception }];
  if (pair.recalls) {
    recallConcepts(pair, [decided]);
    const recall = [...stages(pair.recall.slice(1)), stageOf("concept", pair.concept, steps)];
    networks.push({ name: "recall", stages: recall });
  }
  const truth = data.classNames[split.labels[index]!];
  const raster: Raster = {
    title: `${caption}${truth === undefined ? "" : ` (${truth})`}, perceived as ${data.classNames[decided] ?? decided}`,
    networks,
  };
  writeFigure(rasterPlot(raster), base, pngWidth);
  return decided;
}

/**
 * Draws columns of a series to a file, SVG or PNG by its ending.
 *
 * @throws BispikeError as `seriesPlot`
 * @example
 * writeSeries({ title: "ETTh1", panels, rows: times, first: 0 }, "forecast.svg");
 */
export function writeSeries(figure: SeriesFigure, file: string): void {
  const svg = seriesPlot(figure);
  writeDurably(file, /\.png$/i.test(file) ? svgToPng(svg, PNG_WIDTH) : svg);
}

/**
 * Draws runs side by side as `<base>.svg` and `<base>.png`.
 *
 * @returns the files
 * @throws BispikeError as `comparisonPlot`
 * @example
 * writeComparison(figure, "compare/alice/compare");
 */
export function writeComparison(figure: ComparisonFigure, base: string): string[] {
  writeFigure(comparisonPlot(figure), base, PNG_WIDTH);
  return [`${base}.svg`, `${base}.png`];
}

/**
 * Draws what was observed of several cells' training as `<base>.svg` and `<base>.png`.
 *
 * @returns the files; none where nothing was observed
 * @example
 * writeComparedObservations("alice", cells, "compare/alice/observations");
 */
export function writeComparedObservations(title: string, cells: readonly ObservedCell[], base: string): string[] {
  const svg = comparedObservationsPlot(title, cells);
  if (svg === undefined) return [];
  writeFigure(svg, base, PNG_WIDTH);
  return [`${base}.svg`, `${base}.png`];
}

/**
 * Draws accuracy against severity as `<base>.svg` and `<base>.png`.
 *
 * @returns the files
 * @throws BispikeError as `severitiesPlot`
 * @example
 * writeSeverities(figure, "compare/robustness-mnist/robustness");
 */
export function writeSeverities(figure: SeveritiesFigure, base: string): string[] {
  writeFigure(severitiesPlot(figure), base, PNG_WIDTH);
  return [`${base}.svg`, `${base}.png`];
}

/** The spikes of a population's first row, [step][neuron]. */
function stageOf(name: string, population: Population, steps: number): RasterStage {
  const neurons = sizeOf(population.shape);
  const { channels } = population.shape;
  const spikes = Uint8Array.from({ length: steps * neurons }, (_, i) => {
    const neuron = i % neurons;
    return population.fired(0, Math.floor(i / neurons), Math.floor(neuron / channels), neuron % channels) ? 1 : 0;
  });
  return { name, neurons, steps, spikes };
}

function writeFigure(svg: string, base: string, pngWidth: number): void {
  writeDurably(`${base}.svg`, svg);
  writeDurably(`${base}.png`, svgToPng(svg, pngWidth));
}

// The picture of what training shows in place of images.

const IMAGES = 10;
const EPOCHS = 6;

/** Images as a training goes through them. */
export interface TrainedImages {
  readonly split: Split;
  /** Images trained on. */
  readonly trainIndices: Int32Array;
  readonly train: Pick<TrainConfig, "seed" | "batch" | "epochs">;
}

/**
 * Writes a PNG: some images trained on in the first row (the first of each class, ten at most), and below, in their frame, the variants of them that the first epochs of the training show.
 *
 * @param augmenter as the training has it
 * @throws BispikeError "shape" for images of other than 1 or 3 channels
 * @example
 * writeAugmentedPicture(augmenter, { split: dataset.train, trainIndices, train: config.train }, "augmented.png");
 */
export function writeAugmentedPicture(augmenter: Augmenter, images: TrainedImages, file: string): void {
  const { split, trainIndices, train } = images;
  const places = firstOfEachClass(split, trainIndices);
  const { frame, shape, stride, statistics } = augmenter.layout;
  const tiles = (rows: Float32Array): Tile[] => {
    // The frame whole, with what was moved into its margin.
    const layout = { frame, stride, statistics, shape: { ...frame, channels: shape.channels } };
    const pixels = fromFrameRows(rows, places.length, layout);
    const size = imageBytes(layout.shape);
    return places.map((_, k) => tileOf({ data: layout }, pixels.subarray(k * size, (k + 1) * size)));
  };
  const rows = new Float32Array(places.length * stride);
  const indices = Int32Array.from(places, (place) => trainIndices[place]!);
  fillRows(rows, stride, split, indices, 0, places.length, shape, frame, statistics);
  const grid = [tiles(rows)];
  for (let epoch = 0; epoch < Math.min(EPOCHS, train.epochs); epoch++) {
    const order = permutation(train.seed, "shuffle", epoch, trainIndices.length);
    const steps = Math.ceil(trainIndices.length / train.batch);
    for (const [k, place] of places.entries()) {
      const counter = epoch * steps + Math.floor(order.indexOf(place) / train.batch);
      augmenter.fill(rows.subarray(k * stride), split, indices, k, 1, counter);
    }
    grid.push(tiles(rows));
  }
  writeDurably(file, encodePng(pictureGrid(grid, { scale: Math.max(1, Math.round(TILE_WIDTH / frame.width)) })));
}

/** Places among the images trained on. */
function firstOfEachClass({ labels }: Split, trainIndices: Int32Array): number[] {
  const first = new Map<number, number>();
  for (const [place, image] of trainIndices.entries()) {
    const label = labels[image]!;
    if (!first.has(label)) first.set(label, place);
  }
  const classes = [...first.keys()].sort((a, b) => a - b).slice(0, IMAGES);
  return classes.map((label) => first.get(label)!);
}
