/** `bispike sample`. */
import { Command, Option } from "commander";
import { type Dataset, imageBytes } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import type { Picture, Tile } from "../../measure/picture-grid.ts";
import { classMeans } from "../../measure/recall.ts";
import { correlation } from "../../measure/similarity.ts";
import type { Network } from "../../nets/autoencoder-pair.ts";
import { openAutoencoder } from "../../node/open.ts";
import type { AutoencoderModel } from "../../problems/autoencode-learners.ts";
import {
  CountStatistics,
  drawCorrelated,
  drawSpikes,
  evenTrains,
  interpolateRates,
  LatentStatistics,
  prototypeRates,
  ratesOf,
} from "../../problems/latent.ts";
import type { LatentAccess } from "../../rules/rule.ts";
import type { AutoencoderCheckpoint } from "../../training/checkpoint.ts";
import {
  LARGEST,
  NETWORKS,
  optionalPart,
  type Part,
  placesPair,
  wholeNumber,
  withData,
  withThreads,
} from "../arguments.ts";
import { datasetFor, filesRead, findClass, partImages, placeOf, unverified } from "../data.ts";
import { requireNotRead, requirePicture } from "../output-file.ts";
import { note, print, runAction } from "../process.ts";
import { tilesOf, writeGrid } from "../report/reconstruction.ts";
import { alignTable, printable } from "../report/tables.ts";
import { drawing } from "./reconstruct.ts";

export const SAMPLE_SOURCES = ["prototypes", "statistics", "interpolation"] as const;

export interface SampleOptions {
  readonly from: (typeof SAMPLE_SOURCES)[number];
  readonly classes?: string;
  readonly count?: number;
  readonly correlated?: true;
  readonly between?: readonly [number, number];
  readonly frames?: number;
  readonly part?: Part;
  readonly seed?: number;
  readonly by?: (typeof NETWORKS)[number];
  readonly encoder?: (typeof NETWORKS)[number];
  readonly out: string;
  readonly scale?: number;
  readonly threads: number;
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

export function sampleCommand(): Command {
  const command = new Command("sample")
    .description(
      "Sets the latent spikes of a trained autoencoder and has a network draw what they mean; writes a PNG of the drawings beside originals. " +
        "Prototypes: the mean firing rates of a class's training images, as evenly spaced spikes, below the class's mean image. " +
        "Statistics: spikes drawn by how often each neuron fires at each step for a class's training images, below some of these images. " +
        "Interpolation: firing rates between those of two images of a part, frame by frame, between the two originals. " +
        "The same run, options and seed give the same PNG, whatever the threads.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .addOption(
      new Option("--from <source>", "where the spikes come from").choices(SAMPLE_SOURCES).default("prototypes"),
    )
    .option("--classes <list>", "prototypes, statistics: only these classes, by name or number, with commas between")
    .option("--count <n>", "statistics: drawings of each class (default: 10)", wholeNumber(1, 1000))
    .option("--correlated", "statistics: keep how the neurons of a class's images fire together (Gaussian copula)")
    .option("--between <i,j>", "interpolation: places of the two images in the part, from 0 (default: 0,1)", placesPair)
    .option(
      "--frames <n>",
      "interpolation: drawings from the one to the other, both included (default: 8)",
      wholeNumber(2, 1000),
    )
    .addOption(optionalPart("interpolation: part of the data that --between counts in (default: test)"))
    .option("--seed <n>", "statistics: seed of the draws (default: 1)", wholeNumber(0, LARGEST))
    .addOption(
      new Option("--by <network>", "which network draws (default: recall, if it was trained)").choices(NETWORKS),
    )
    .addOption(new Option("--encoder <network>", "whose latent spikes are taken (default: as --by)").choices(NETWORKS))
    .option("--out <file>", "PNG to write", "sample.png")
    .option(
      "--scale <n>",
      "pixels of the PNG a pixel (default: 4 for 28 pixels, fewer for larger images)",
      wholeNumber(1, 64),
    );
  withThreads(withData(command))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike sample runs/mnist-autoencoder-seed1
  $ bispike sample runs/mnist-autoencoder-seed1 --from statistics --classes 3,8 --count 12 --correlated
  $ bispike sample runs/mnist-autoencoder-seed1 --from interpolation --between 4,7 --frames 10 --out path.png
  $ bispike sample runs/mnist-autoencoder-seed1 --encoder perception --by recall --json`,
    )
    .action(runAction(runSample));
  return command;
}

/** What a source draws from. */
export interface Sampler {
  readonly model: AutoencoderModel;
  readonly latent: LatentAccess;
  readonly checkpoint: AutoencoderCheckpoint;
  readonly dataset: Dataset;
  readonly by: Network;
  readonly encoder: Network;
  readonly options: SampleOptions;
}

/** What was drawn, for a program and for a person. */
export interface Sampled {
  readonly json: object;
  readonly lines: readonly string[];
  readonly picture: Picture;
}

type Source = (typeof SAMPLE_SOURCES)[number];

const SAMPLERS: Readonly<Record<Source, (sampler: Sampler) => Promise<Sampled>>> = {
  prototypes: samplePrototypes,
  statistics: sampleStatistics,
  interpolation: sampleBetween,
};

/** Options that only some sources have. */
const OWN_OPTIONS: readonly (readonly [keyof SampleOptions, readonly Source[]])[] = [
  ["classes", ["prototypes", "statistics"]],
  ["count", ["statistics"]],
  ["correlated", ["statistics"]],
  ["seed", ["statistics"]],
  ["between", ["interpolation"]],
  ["part", ["interpolation"]],
  ["frames", ["interpolation"]],
];

/** Runs the command. */
export async function runSample(path: string, options: SampleOptions): Promise<void> {
  const { from, out } = options;
  for (const [name, sources] of OWN_OPTIONS) {
    if (options[name] !== undefined && !sources.includes(from))
      throw new BispikeError("usage", `--${name}: is for --from ${sources.join(" or ")}, not for --from ${from}`);
  }
  requireNotRead("--out", out, path);
  requirePicture("--out", out);
  const { model, team, checkpoint, file } = await openAutoencoder(path, options.threads);
  try {
    const { latent, reconstructors } = model.learner;
    const { by = reconstructors.includes("recall") ? "recall" : "perception", encoder = by } = options;
    for (const network of [by, encoder]) drawing(model.learner, network);
    if (!latent)
      throw new BispikeError(
        "usage",
        `${file}: its net (rule ${checkpoint.config.rule.name}) has no latent spikes to sample; use a run by rule bsd or backprop`,
      );
    const dataset = await datasetFor(checkpoint, file, options);
    requireNotRead("--out", out, path, filesRead(dataset, checkpoint, options));
    note("warning", unverified(dataset));
    const sampler = { model, latent, checkpoint, dataset, by, encoder, options };
    const { json, lines, picture } = await SAMPLERS[from](sampler);
    const { width, height } = picture;
    print(
      options.json
        ? JSON.stringify({ from, by, encoder, ...json, checkpoint: file, out, width, height })
        : [...lines, `(${width} x ${height} pixels)`].join("\n"),
    );
  } finally {
    await team.close();
  }
}

/** Default of `--frames`. */
const FRAMES = 8;

/** One row: the one original, the frames, the other original. */
async function sampleBetween(sampler: Sampler): Promise<Sampled> {
  const { model, latent, checkpoint, dataset, encoder, by, options } = sampler;
  const { between = [0, 1], frames = FRAMES, part = "test", out } = options;
  const images = partImages(dataset, checkpoint, part);
  const { split } = images;
  const rates: Float64Array[] = [];
  const originals = between.map((index) => {
    const at = Int32Array.of(placeOf(images, index, part, "--between"));
    // One at a time: a learner for batches of one holds no two.
    model.load(split, at, 0, 1);
    rates.push(ratesOf(latent.encode(1, encoder), latent.neurons, latent.steps));
    return { index, class: dataset.classNames[split.labels[at[0]!]!]!, pixels: model.originals(split, at, 0, 1) };
  });
  const [first, last] = originals;
  const spikes = evenTrains(interpolateRates(rates[0]!, rates[1]!, frames), latent.neurons, latent.steps);
  const drawn = decodeAll(sampler, spikes, frames);
  const row = [first!.pixels, drawn, last!.pixels].flatMap((pixels) => tilesOf(model, pixels));
  const picture = writeGrid(model, [row], out, options.scale);
  const ends = originals.map(({ index, class: name }) => ({ index, class: name }));
  return {
    json: { ends, frames, part },
    lines: [
      `from ${part} image ${first!.index} (${first!.class}) to ${last!.index} (${last!.class}) in ${frames} frames`,
      `${out}: the two images at the ends, between them as drawn by ${by}`,
    ],
    picture,
  };
}

// Drawings of classes: their prototypes, or spikes drawn by the statistics of their training images.

/** Classes in a row of the prototypes' picture; more take more pairs of rows. */
const CLASSES_A_ROW = 10;
/** Default of `--count`. */
const COUNT = 10;

/** Prototypes below the mean images of their classes. */
export async function samplePrototypes(sampler: Sampler): Promise<Sampled> {
  const { latent, model, options, by } = sampler;
  const labels = wantedClasses(sampler);
  const { statistics, means, indices } = observe(sampler, new Set(labels), false);
  const rates = prototypeRates(statistics, labels);
  const drawn = decodeAll(sampler, evenTrains(rates, latent.neurons, latent.steps), labels.length);
  const size = imageBytes(model.data.shape);
  const rows: Tile[][] = [];
  for (let from = 0; from < labels.length; from += CLASSES_A_ROW) {
    const these = labels.slice(from, from + CLASSES_A_ROW);
    rows.push(these.flatMap((label) => tilesOf(model, means.subarray(label * size, (label + 1) * size))));
    rows.push(tilesOf(model, drawn.subarray(from * size, (from + these.length) * size)));
  }
  const picture = writeGrid(model, rows, options.out, options.scale);
  const classes = labels.map((label, row) => ({
    ...likeness(sampler, label, means, drawn.subarray(row * size, (row + 1) * size)),
    images: statistics.images[label]!,
    rate: mean(rates.subarray(row * latent.neurons, (row + 1) * latent.neurons)),
  }));
  const table = alignTable(
    [
      ["class", "images", "latent rate", "own mean", "nearest other", ""],
      ...classes.map(({ class: name, images, rate, own, nearestOther }) => [
        ...[printable(name), `${images}`, rate.toFixed(4), own.toFixed(3)],
        ...[nearestOther.correlation.toFixed(3), printable(nearestOther.class)],
      ]),
    ],
    "lrrrrl",
  );
  const ownIsNearest = classes.filter(({ own, nearestOther }) => own > nearestOther.correlation).length;
  return {
    json: { classes, ownIsNearest, of: labels.length, trainingImages: indices.length },
    lines: [
      `correlation of each prototype's drawing with the classes' mean images\n${table}`,
      `${ownIsNearest} of ${labels.length} prototypes are most like their own class's mean`,
      `${options.out}: mean training images, below them the prototypes as drawn by ${by}`,
    ],
    picture,
  };
}

/** For each class a row of its training images above a row of drawings. */
export async function sampleStatistics(sampler: Sampler): Promise<Sampled> {
  const { dataset, model, options, by } = sampler;
  const { count = COUNT, seed = 1, correlated = false } = options;
  const labels = wantedClasses(sampler);
  const { statistics, counts, means, indices } = observe(sampler, new Set(labels), correlated);
  const size = imageBytes(model.data.shape);
  const rows: Tile[][] = [];
  const classes = labels.map((label) => {
    const purpose = `class ${label}`;
    const spikes = correlated
      ? drawCorrelated(counts.get(label)!, count, seed, purpose)
      : drawSpikes(statistics.probabilities(label), count, seed, purpose);
    const drawn = decodeAll(sampler, spikes, count);
    const examples = indices.filter((image) => dataset.train.labels[image] === label).slice(0, count);
    rows.push(tilesOf(model, model.originals(dataset.train, examples, 0, examples.length)), tilesOf(model, drawn));
    const nearest = Array.from({ length: count }, (_, k) =>
      likeness(sampler, label, means, drawn.subarray(k * size, (k + 1) * size)),
    );
    const ownIsNearest = nearest.filter(({ own, nearestOther }) => own > nearestOther.correlation).length;
    return { class: dataset.classNames[label]!, index: label, images: statistics.images[label]!, ownIsNearest };
  });
  const picture = writeGrid(model, rows, options.out, options.scale);
  const table = alignTable(
    [
      ["class", "images", "drawings most like its mean"],
      ...classes.map(({ class: name, images, ownIsNearest }) => [
        printable(name),
        `${images}`,
        `${ownIsNearest} of ${count}`,
      ]),
    ],
    "lrr",
  );
  return {
    json: { classes, count, seed, correlated, trainingImages: indices.length },
    lines: [
      table,
      `${options.out}: training images of each class, below them drawings by ${by} of spikes drawn ${correlated ? "together" : "each on its own"}, seed ${seed}`,
    ],
    picture,
  };
}

/** The classes asked for, else all. */
function wantedClasses({ dataset, options }: Sampler): number[] {
  const { classNames } = dataset;
  if (options.classes === undefined) return classNames.map((_, c) => c);
  const names = options.classes.split(",").map((name) => name.trim());
  if (names.includes(""))
    throw new BispikeError(
      "usage",
      `--classes: expected names or numbers with commas between, got "${options.classes}"`,
    );
  return names.map((name) => findClass(name, classNames, "--classes"));
}

/** What the training images of some classes make the latent do, and every class's mean image. */
function observe(
  { model, latent, checkpoint, dataset, encoder }: Sampler,
  wanted: ReadonlySet<number>,
  together: boolean,
) {
  const { train } = dataset;
  const { indices } = partImages(dataset, checkpoint, "train");
  const means = classMeans(train, indices, dataset.shape, dataset.classes);
  const own = indices.filter((image) => wanted.has(train.labels[image]!));
  const { neurons, steps } = latent;
  const statistics = new LatentStatistics(dataset.classes, neurons, steps);
  const counts = new Map<number, CountStatistics>();
  if (together) for (const label of wanted) counts.set(label, new CountStatistics(neurons, steps));
  const { maxImages } = model.learner;
  for (let from = 0; from < own.length; from += maxImages) {
    const images = Math.min(maxImages, own.length - from);
    model.load(train, own, from, images);
    const spikes = latent.encode(images, encoder);
    const labels = Array.from({ length: images }, (_, k) => train.labels[own[from + k]!]!);
    statistics.add(spikes, labels);
    const size = neurons * steps;
    for (const [k, label] of labels.entries()) counts.get(label)?.add(spikes.subarray(k * size, (k + 1) * size));
  }
  return { statistics, counts, means, indices };
}

/** Pictures of latent spikes, as many at once as the learner holds. */
export function decodeAll({ model, latent, by }: Sampler, spikes: Uint8Array, images: number): Float32Array {
  const { maxImages } = model.learner;
  const values = latent.neurons * latent.steps;
  const size = imageBytes(model.data.shape);
  const out = new Float32Array(images * size);
  for (let from = 0; from < images; from += maxImages) {
    const these = Math.min(maxImages, images - from);
    const rows = latent.decode(spikes.slice(from * values, (from + these) * values), these, by);
    out.set(model.pixels(rows, these), from * size);
  }
  return out;
}

/** How like the classes' mean images a drawing is. */
function likeness({ dataset }: Sampler, label: number, means: Float32Array, drawn: Float32Array) {
  const { classNames } = dataset;
  const correlations = classNames.map((_, c) =>
    correlation(drawn, means.subarray(c * drawn.length, (c + 1) * drawn.length)),
  );
  const other = correlations.reduce(
    (best, value, c) => (c !== label && (best < 0 || value > correlations[best]!) ? c : best),
    -1,
  );
  const nearestOther = { class: classNames[other]!, index: other, correlation: correlations[other]! };
  return { class: classNames[label]!, index: label, own: correlations[label]!, nearestOther };
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
