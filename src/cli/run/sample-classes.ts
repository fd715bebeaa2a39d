/** Drawings of classes: their prototypes, or spikes drawn by the statistics of their training images. */
import { imageBytes } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { CountStatistics, drawCorrelated } from "../../inference/autoencoder/correlated.ts";
import { prototypeRates } from "../../inference/autoencoder/prototypes.ts";
import { drawSpikes, LatentStatistics } from "../../inference/autoencoder/statistics.ts";
import { evenTrains } from "../../inference/autoencoder/trains.ts";
import type { Tile } from "../../measurement/picture-grid.ts";
import { classMeans } from "../../measurement/recall.ts";
import { correlation } from "../../measurement/similarity.ts";
import { alignTable, printable } from "../table.ts";
import { findClass, partImages } from "./data.ts";
import { tilesOf, writeGrid } from "./reconstruction-picture.ts";
import type { Sampled, Sampler } from "./sample.ts";

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
