import { alignmentOf, recallBetween, weightAlignment } from "../../../src/measure/backprop-twin.ts";
import { plainWeights, type Weighted } from "../../../src/measure/footprint.ts";
import { describeShape, sizeOf } from "../../../src/nets/shape.ts";
import { downwardWeights } from "../../../src/training/observer.ts";
import { activationHistogram, rateHistogram, spreadOver, weightHistogram } from "./histogram.ts";
import type {
  Alignment,
  Compared,
  Inside,
  LearningRates,
  Raster,
  RateHistogram,
  Similarity,
  Trains,
  Weights,
} from "./protocol-look.ts";
import { perceiveOf, recallAll, type Scene } from "./scene.ts";
import { type SignalStage, type Signals, signalStages } from "./signals.ts";
import { centredCosines } from "./spikes.ts";

/** Images and units of a raster: as many as can be told apart. */
const RASTER_IMAGES = 8;
const RASTER_UNITS = 128;
/** Images that rates are taken over, and that are compared, at most. */
const RATED_IMAGES = 64;
/** Spikes looked at for a histogram of rates, and products taken for a similarity matrix, at most: some ten milliseconds of either. */
const MOST_SPIKES = 8e6;
const MOST_PRODUCTS = 1.2e7;

export function inside({ experiment }: Scene): Inside {
  const { model, rule } = experiment;
  const weights = joints(model);
  return {
    signal: model.spiking ? "spikes" : "activations",
    recalls: model.net.recalls,
    stages: signalStages(model).map(({ name, perception, recall }) => ({
      name,
      units: sizeOf(perception.shape),
      shape: describeShape(perception.shape),
      recalled: recall !== null,
    })),
    joints: weights.map(({ name, up, down }) => ({ name, up: count(up), down: down && count(down) })),
    aligns: model.spiking ? model.pair.recalls : downwardWeights(rule).length > 0,
  };
}

/** Spikes of units `first` and on, for a few images of the batch, as many of each class as can be. */
export function raster(scene: Scene, stage: number, first: number | null): Raster {
  const { experiment, batch, step } = scene;
  const places = spreadOver(batch.labels, RASTER_IMAGES);
  perceiveOf(scene, places);
  recallAll(experiment);
  const { perception, recall } = stageAt(scene, stage);
  const total = sizeOf(perception.shape);
  const hidden = Math.max(0, total - RASTER_UNITS);
  const from = Math.floor(first === null ? hidden / 2 : Math.max(0, Math.min(first, hidden)));
  const labels = places.map((place) => batch.labels[place]!);
  return {
    step,
    first: from,
    total,
    labels,
    perception: trains(
      perception,
      labels.map((_, k) => k),
      from,
    ),
    recall: recall && trains(recall, labels, from),
  };
}

export function rates(scene: Scene, stage: number): LearningRates {
  const { experiment, batch, step } = scene;
  const { perception, recall } = stageAt(scene, stage);
  const room = Math.floor(MOST_SPIKES / (sizeOf(perception.shape) * perception.steps));
  const places = spreadOver(batch.labels, Math.max(1, Math.min(RATED_IMAGES, room)));
  perceiveOf(scene, places);
  recallAll(experiment);
  return {
    step,
    images: places.length,
    perception: ratesOf(perception, places.length),
    recall: recall && ratesOf(recall, experiment.dataset.classes),
  };
}

export function weights({ experiment, step }: Scene, joint: number): Weights {
  const { up, down } = joints(experiment.model)[joint]!;
  return { step, up: weightHistogram(plainWeights(up)), down: down && weightHistogram(plainWeights(down)) };
}

export function alignment({ experiment, step }: Scene): Alignment {
  const { model, rule } = experiment;
  const names = joints(model).map(({ name }) => name);
  const found = model.spiking ? weightAlignment(model.pair) : downwardWeights(rule).map(alignmentOf);
  return {
    step,
    joints: found.map(({ between, cosine, chance }) => ({ name: names[between[0] - 1]!, cosine, chance })),
  };
}

/**
 * Cosines between firing rates, each unit's mean taken away first: of images as perceived with classes as recalled ("both"), or of one network's with
 * each other. Ordered by class.
 */
export function similarity(scene: Scene, stage: number, compared: Compared): Similarity {
  const { experiment, batch, step } = scene;
  const { perception, recall } = stageAt(scene, stage);
  const width = sizeOf(perception.shape);
  const { classes } = experiment.dataset;
  const most = compared === "both" ? MOST_PRODUCTS / (classes * width) : Math.sqrt(MOST_PRODUCTS / width);
  const places = spreadOver(batch.labels, Math.max(2, Math.min(RATED_IMAGES, Math.floor(most))));
  perceiveOf(scene, places);
  recallAll(experiment);
  const images = places.map((place) => batch.labels[place]!);
  const concepts = recall ? Array.from({ length: classes }, (_, c) => c) : [];
  const seen = () => meansOf(perception, images.length);
  const recalled = () => (recall ? meansOf(recall, classes) : new Float32Array(0));
  const [rows, columns] =
    compared === "both" ? [images, concepts] : compared === "perception" ? [images, images] : [concepts, concepts];
  const a = compared === "recall" ? recalled() : seen();
  const b = compared === "perception" ? a : recalled();
  return { step, rows, columns, cosines: Float32Array.from(centredCosines(a, b, width).flat()) };
}

function stageAt({ experiment }: Scene, stage: number): SignalStage {
  return signalStages(experiment.model)[stage]!;
}

function trains({ steps, shape, row }: Signals, rows: readonly number[], first: number): Trains {
  const total = sizeOf(shape);
  const units = Math.min(RASTER_UNITS, total - first);
  const shown = Float32Array.from(
    rows.flatMap((at) => {
      const values = row(at);
      return Array.from({ length: steps * units }, (_, k) => {
        const t = Math.floor(k / units);
        return values[t * total + first + (k % units)]!;
      });
    }),
  );
  const largest = shown.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const values = Int8Array.from(shown, (value) => (largest > 0 ? Math.round((127 * value) / largest) : 0));
  return { images: rows.length, steps, units, values };
}

function ratesOf({ steps, shape, row }: Signals, rows: number): RateHistogram {
  const units = sizeOf(shape);
  const sums = new Float64Array(units);
  const active = new Array<boolean>(units).fill(false);
  let real = false;
  for (let at = 0; at < rows; at++) {
    const values = row(at);
    real ||= values instanceof Float32Array;
    for (let t = 0, k = 0; t < steps; t++) {
      for (let unit = 0; unit < units; unit++, k++) {
        sums[unit]! += values[k]!;
        if (values[k] !== 0) active[unit] = true;
      }
    }
  }
  if (!real) return rateHistogram(sums, shape.channels, rows * steps);
  return activationHistogram(
    sums.map((sum) => sum / rows),
    active,
  );
}

/** Firing rates or activations, [row][unit]. */
function meansOf({ steps, shape, row }: Signals, rows: number): Float32Array {
  const units = sizeOf(shape);
  const means = new Float32Array(rows * units);
  for (let at = 0; at < rows; at++) {
    const values = row(at);
    for (let t = 0, k = 0; t < steps; t++)
      for (let unit = 0; unit < units; unit++, k++) means[at * units + unit]! += values[k]! / steps;
  }
  return means;
}

interface Joint {
  readonly name: string;
  readonly up: Weighted;
  readonly down: Weighted | null;
}

/** Weights between neighbouring stages, from the lowest up. */
function joints(model: Scene["experiment"]["model"]): Joint[] {
  const ups = model.net.perception;
  const down = (below: number) => (model.pair ? recallBetween(model.pair, below) : undefined);
  const name = (k: number) => (k === 0 ? "stimulus" : k === ups.length ? "concept" : `stage ${k + 1}`);
  return ups.map((up, k) => ({ name: `${name(k)} and ${name(k + 1)}`, up, down: down(k + 1) ?? null }));
}

function count({ synapses }: Weighted): number {
  return synapses.plainShape("weight").reduce((a, b) => a * b, 1);
}
