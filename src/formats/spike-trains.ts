/**
 * Recorded spike trains in NIR's format for data (NIRGraphData): for each node of a graph, events of samples.
 *
 *   /                      attribute __type__ = "NIRGraphData"      (dt, our own, besides)
 *   /nodes/<network>       "NIRGraphData": the nodes of one network, by the names its NIR graph has
 *   .../nodes/<node>/observables/spikes   "EventData": attributes n_neurons, t_max (s); idx int64, time float64 [sample][event], padded by -1 and infinity
 *
 * An event of step t is written at (t + 1/2) dt: rounded down by dt it is step t, whatever the rounding of the product.
 */

import { Dataset, Group } from "h5wasm";
import type { Split } from "../data/dataset.ts";
import { BispikeError } from "../errors.ts";
import { decide } from "../measure/decide.ts";
import { conceptSpikes, perceive, recallConcepts } from "../nets/inference.ts";
import type { Model } from "../nets/model.ts";
import type { Population } from "../nets/population.ts";
import { pixelsOf, sizeOf } from "../nets/shape.ts";
import { boundedShape, numbersOf, readHdf5, stringsOf, writeFloats, writeHdf5 } from "./nir-file.ts";
import { nirFault, valuesOf } from "./nir-graph.ts";

/** Spikes of one population. */
export interface SpikeTrain {
  /** Size of the population. */
  readonly neurons: number;
  /** Of each sample, the events in order of time: step (from 0) and neuron. */
  readonly samples: readonly (readonly (readonly [step: number, neuron: number])[])[];
}

/** Spikes of whole networks, by network and node. */
export interface SpikeTrains {
  /** Time steps of every sample. */
  readonly steps: number;
  /** Seconds a step. */
  readonly dt: number;
  /** By network, such as "perception", and node, such as "stage2". */
  readonly networks: ReadonlyMap<string, ReadonlyMap<string, SpikeTrain>>;
}

/** Steps * dt, or the next number above where dividing by dt would round down to fewer steps. */
function endOf(steps: number, dt: number): number {
  const end = steps * dt;
  return Math.floor(end / dt) >= steps ? end : end * (1 + Number.EPSILON);
}

/**
 * Bytes of an HDF5 file that `nir.read_data` reads.
 *
 * @throws BispikeError "usage" for an event outside the steps or neurons
 * @example
 * const train = { neurons: 3, samples: [[[0, 2]]] } as const; // neuron 2 fires at the first step
 * await encodeSpikeTrains({ steps: 4, dt: 1e-4, networks: new Map([["perception", new Map([["stage2", train]])]]) });
 */
export async function encodeSpikeTrains(recorded: SpikeTrains): Promise<Uint8Array<ArrayBuffer>> {
  const { steps, dt, networks } = recorded;
  return writeHdf5((root) => {
    mark(root, "NIRGraphData");
    root.create_attribute("dt", Float64Array.of(dt), []);
    const nodes = root.create_group("nodes");
    for (const [network, trains] of networks) {
      const group = nodes.create_group(network);
      mark(group, "NIRGraphData");
      const inner = group.create_group("nodes");
      for (const [name, train] of trains) writeTrain(inner.create_group(name), name, train, steps, dt);
    }
  });
}

function mark(group: Group, type: string): void {
  group.create_attribute("__type__", type);
}

function writeTrain(node: Group, name: string, { neurons, samples }: SpikeTrain, steps: number, dt: number): void {
  mark(node, "NIRNodeData");
  const group = node.create_group("observables").create_group("spikes");
  mark(group, "EventData");
  group.create_attribute("n_neurons", BigInt64Array.of(BigInt(neurons)), []);
  group.create_attribute("t_max", Float64Array.of(endOf(steps, dt)), []);
  // At least one column, so that there is data to write where nothing fired.
  const events = Math.max(1, ...samples.map(({ length }) => length));
  const idx = new BigInt64Array(samples.length * events).fill(-1n);
  const time = new Float64Array(samples.length * events).fill(Number.POSITIVE_INFINITY);
  for (const [k, sample] of samples.entries()) {
    for (const [e, [step, neuron]] of sample.entries()) {
      if (
        !(
          Number.isInteger(step) &&
          step >= 0 &&
          step < steps &&
          Number.isInteger(neuron) &&
          neuron >= 0 &&
          neuron < neurons
        )
      ) {
        throw new BispikeError(
          "usage",
          `spike trains: ${name}, sample ${k}: expected steps below ${steps} and neurons below ${neurons}, got step ${step}, neuron ${neuron}`,
        );
      }
      idx[k * events + e] = BigInt(neuron);
      time[k * events + e] = (step + 0.5) * dt;
    }
  }
  group.create_dataset({ name: "idx", data: idx, shape: [samples.length, events], dtype: "<q" });
  writeFloats(group, "time", { shape: [samples.length, events], data: time });
}

/**
 * Reads what `encodeSpikeTrains` writes.
 *
 * @param source file name for error messages
 * @throws BispikeError "data" for any other file
 * @example
 * const { networks } = await decodeSpikeTrains(readFileSync("spikes.h5"), "spikes.h5");
 * networks.get("perception")?.get("stage2")?.samples[0]; // [step, neuron] of the first image
 */
export function decodeSpikeTrains(bytes: Uint8Array, source: string): Promise<SpikeTrains> {
  return readHdf5(bytes, source, (root) => {
    expectMark(root, "NIRGraphData", "/");
    const dt = numberAttribute(root, "dt", "/");
    if (!(dt > 0)) throw nirFault(`attribute dt: expected seconds above 0, got ${dt}`);
    const networks = new Map<string, Map<string, SpikeTrain>>();
    let steps = 0;
    for (const [network, group] of groupsOf(root, "nodes")) {
      expectMark(group, "NIRGraphData", network);
      const trains = new Map<string, SpikeTrain>();
      for (const [name, node] of groupsOf(group, "nodes")) {
        const spikes = groupsOf(node, "observables").find(([observable]) => observable === "spikes")?.[1];
        if (!spikes) throw nirFault(`${network}, ${name}: expected an observable spikes, found none`);
        const read = readTrain(spikes, `${network}, ${name}`, dt);
        steps = Math.max(steps, read.steps);
        trains.set(name, read.train);
      }
      networks.set(network, trains);
    }
    return { steps, dt, networks };
  });
}

function groupsOf(group: Group, name: string): [string, Group][] {
  const inner = group.keys().includes(name) ? group.get(name) : null;
  if (!(inner instanceof Group))
    throw nirFault(`expected a group ${name}, found none; is this a file of spike trains?`);
  return inner.keys().map((key) => {
    const found = inner.get(key);
    if (!(found instanceof Group)) throw nirFault(`${name}/${key}: expected a group`);
    return [key, found];
  });
}

function expectMark(group: Group, type: string, where: string): void {
  const found = Object.hasOwn(group.attrs, "__type__") ? group.attrs.__type__?.value : undefined;
  if (found !== type) throw nirFault(`${where}: expected __type__ ${type}, got ${JSON.stringify(found ?? null)}`);
}

function numberAttribute(group: Group, name: string, where: string): number {
  const value = Object.hasOwn(group.attrs, name) ? Number(group.attrs[name]?.value) : Number.NaN;
  if (!Number.isFinite(value)) throw nirFault(`${where}: expected an attribute ${name} that is a number`);
  return value;
}

function readTrain(group: Group, where: string, dt: number): { steps: number; train: SpikeTrain } {
  expectMark(group, "EventData", where);
  const neurons = numberAttribute(group, "n_neurons", where);
  const steps = Math.floor(numberAttribute(group, "t_max", where) / dt);
  const [idx, time] = ["idx", "time"].map((name) => {
    const data = group.keys().includes(name) ? group.get(name) : null;
    if (!(data instanceof Dataset)) throw nirFault(`${where}: expected an array ${name}, found none`);
    return { shape: boundedShape(data, where), values: stringsOf(data, where) ? null : numbersOf(data, where) };
  });
  const { shape } = idx!;
  if (
    !idx!.values ||
    !time!.values ||
    shape.length !== 2 ||
    shape.join() !== time!.shape.join() ||
    valuesOf(shape) !== idx!.values.length
  )
    throw nirFault(`${where}: expected idx and time as numbers [sample][event] of one shape`);
  const [count = 0, events = 0] = shape;
  const samples = Array.from({ length: count }, (_, k) => {
    const sample: [number, number][] = [];
    for (let e = k * events; e < (k + 1) * events; e++) {
      const neuron = Number(idx!.values![e]);
      if (neuron === -1) continue;
      const step = Math.floor(Number(time!.values![e]) / dt);
      if (!(neuron >= 0 && neuron < neurons && step >= 0 && step < steps))
        throw nirFault(
          `${where}: event ${e}: expected a neuron below ${neurons} and a step below ${steps}, got ${neuron} and ${step}`,
        );
      sample.push([step, neuron]);
    }
    return sample;
  });
  return { steps, train: { neurons, samples } };
}

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
  const most = pair.recalls ? Math.min(model.maxImages, pair.reconstructed.maxImages) : model.maxImages;
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
