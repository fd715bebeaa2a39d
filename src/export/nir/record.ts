/** Spike trains of a model's networks while they perceive images and recall what these are taken for; nodes are called as in the NIR graphs. */
import type { Split } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { decide } from "../../measurement/decide.ts";
import { conceptSpikes, perceive, recallConcepts } from "../../network/inference.ts";
import type { Model } from "../../network/model.ts";
import type { Population } from "../../network/population.ts";
import { pixelsOf, sizeOf } from "../../network/shape.ts";
import type { SpikeTrain, SpikeTrains } from "./spike-trains.ts";

type Sample = [step: number, neuron: number][];

/** Spikes of a model's networks while they perceived images, by network ("perception", "recall") and node. */
export interface Recording extends SpikeTrains {
  /** Class each image was taken for. */
  readonly decisions: readonly number[];
}

/**
 * Perceives images of a split, and recalls the decided classes where there is recall. Neurons of planes are numbered [channel][height][width], as NIR has them.
 *
 * @param dt seconds a step; default 1e-4
 * @throws BispikeError "usage" for an image that is not there
 * @example
 * const bytes = await encodeSpikeTrains(recordSpikes(model, dataset.test, [0, 1, 2]));
 */
export function recordSpikes(model: Model, split: Split, indices: readonly number[], dt = 1e-4): Recording {
  const bad = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= split.count);
  if (bad !== undefined || indices.length === 0)
    throw new BispikeError(
      "usage",
      `spikes: expected image numbers from 0 to ${split.count - 1}, got ${bad ?? "none"}`,
    );
  const { pair } = model;
  const { steps } = pair.options;
  const all = Int32Array.from(indices);
  const perception = new Map<string, { neurons: number; samples: Sample[] }>();
  const recall = new Map<string, { neurons: number; samples: Sample[] }>();
  const decisions: number[] = [];
  const most = pair.recalls ? Math.min(model.maxImages, pair.redrawn.maxImages) : model.maxImages;
  for (let from = 0; from < all.length; from += most) {
    const count = model.load(split, all, from, Math.min(most, all.length - from));
    perceive(pair, count);
    if (pair.stimulusSpikes) add(perception, "input", pair.stimulusSpikes, count, steps);
    for (const { output, name } of pair.perception) if (output) add(perception, stageOf(name), output, count, steps);
    addConcept(perception, conceptSpikes(pair, count), pair.target.width, steps, count);
    const decided = decide(pair, count).map((decision) => decision.class);
    decisions.push(...decided);
    if (!pair.recalls) continue;
    recallConcepts(pair, decided);
    add(recall, "input", pair.concept, count, steps);
    for (const { output, name } of pair.recall.toReversed())
      if (output) add(recall, stageOf(name), output, count, steps);
  }
  const networks = new Map<string, ReadonlyMap<string, SpikeTrain>>([["perception", perception]]);
  if (pair.recalls) networks.set("recall", recall);
  return { steps, dt, networks, decisions };
}

function stageOf(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}

function trainOf(trains: Map<string, { neurons: number; samples: Sample[] }>, name: string, neurons: number): Sample[] {
  const train = trains.get(name) ?? { neurons, samples: [] };
  trains.set(name, train);
  return train.samples;
}

function add(
  trains: Map<string, { neurons: number; samples: Sample[] }>,
  name: string,
  population: Population,
  images: number,
  steps: number,
): void {
  const { shape } = population;
  const pixels = pixelsOf(shape);
  const samples = trainOf(trains, name, sizeOf(shape));
  for (let b = 0; b < images; b++) {
    const sample: Sample = [];
    for (let t = 0; t < steps; t++) {
      for (let c = 0; c < shape.channels; c++) {
        for (let p = 0; p < pixels; p++) if (population.fired(b, t, p, c)) sample.push([t, c * pixels + p]);
      }
    }
    samples.push(sample);
  }
}

/** `spikes`: [image][step][neuron]. */
function addConcept(
  trains: Map<string, { neurons: number; samples: Sample[] }>,
  spikes: Uint8Array,
  neurons: number,
  steps: number,
  images: number,
): void {
  const samples = trainOf(trains, "concept", neurons);
  for (let b = 0, at = 0; b < images; b++) {
    const sample: Sample = [];
    for (let t = 0; t < steps; t++) for (let n = 0; n < neurons; n++, at++) if (spikes[at]) sample.push([t, n]);
    samples.push(sample);
  }
}
