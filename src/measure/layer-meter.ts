/** Counts of one layer over batches: synaptic operations of its product and of its weight gradient, and the spikes it sends. */
import type { Team } from "../engine/team.ts";
import { Layer } from "../nets/layer.ts";
import type { Population } from "../nets/population.ts";
import { sizeOf } from "../nets/shape.ts";
import { isReal, type RealInput, stepsOf } from "../nets/synapses.ts";
import { type Connections, sumOf } from "./connections.ts";
import { type AnyLayer, type Footprint, layerConnections, layerFootprint } from "./footprint.ts";
import {
  addOperations,
  type Effective,
  effectiveOf,
  NO_OPERATIONS,
  type Operations,
  scaleOperations,
} from "./operations.ts";
import { spikeCounts } from "./spike-counts.ts";

/** What a layer did for the images seen: its weights, the spikes that reached it and the operations that they made. */
export interface LayerCost {
  /** Such as perception.stage2. */
  readonly name: string;
  readonly footprint: Footprint;
  /** Number of weights. */
  readonly weights: number;
  /** How many of them are exactly 0. */
  readonly zeroWeights: number;
  /** Share of the neurons' outputs that are 0, over steps and samples; null where the drive is read out. */
  readonly activationSparsity: number | null;
  /** Outputs counted for `activationSparsity`. */
  readonly outputs: number;
  /** How many of them were not 0. */
  readonly spikes: number;
  /** A sample, all T steps, as NeuroBench counts: an input that is held over time counts T times. */
  readonly operations: Operations;
  /** A sample: what this engine does for the same product: what is held over time counts once. */
  readonly engine: Effective;
  /** A sample: products of the weight gradient, for each input that is not 0 one a connection; counted T-fold like `operations`. */
  readonly gradient: Operations;
  /** A sample: products that carry errors from its drives back to what it reads, T-fold too. Errors are real: MACs, all taken as not 0. No rule of stages that are local needs them. */
  readonly errors: Operations;
  /** A sample whose inputs are real and none of them 0. */
  readonly full: Operations;
  /** A sample: neurons' features, that is outputs' means over time (pooled, where the layer pools its features), and how many are not 0; zeros where the drive is read out. */
  readonly features: { readonly all: number; readonly nonZero: number };
}

export class LayerMeter {
  readonly #team: Team;
  readonly #layer: AnyLayer;
  readonly #steps: number;
  readonly #connections: Connections;
  readonly #taught: number;
  readonly #inputCounts: Float64Array;
  readonly #outputCounts: Float64Array;
  #samples = 0;
  #operations = NO_OPERATIONS;
  #gradient = NO_OPERATIONS;
  #engine: Effective = { macs: 0, acs: 0 };
  #outputs = 0;
  #spikes = 0;
  #features = 0;
  /** Features of the image at hand that are not 0. */
  readonly #seen: Uint8Array;

  /**
   * @param steps T, the steps a sample is shown
   * @param connections the layer's, where they are known: finding them reads every weight. Default: as its weights are now
   */
  constructor(team: Team, layer: AnyLayer, steps: number, connections: Connections = layerConnections(layer)) {
    this.#team = team;
    this.#layer = layer;
    this.#steps = steps;
    this.#connections = connections;
    this.#taught = sumOf(this.#connections.taught);
    this.#inputCounts = new Float64Array(sizeOf(layer.synapses.source.shape));
    this.#outputCounts = new Float64Array(sizeOf(layer.synapses.shape));
    this.#seen = new Uint8Array(layer.output ? featuresOf(layer) : 0);
  }

  /** Adds the first `images` images of the layer's newest pass; their spikes must still be in its source and output. */
  add(images: number): void {
    const { synapses, output } = this.#layer;
    const { source } = synapses;
    // What is held over time is the input of T calls.
    const calls = this.#steps / stepsOf(source);
    const { nonZero, taught, dense } = this.#connections;
    const { effective, updates, binary } = isReal(source)
      ? this.#ofValues(source, images, nonZero, taught)
      : this.#ofSpikes(source as Population, images, nonZero, taught);
    const every = images * stepsOf(source);
    this.#operations = addOperations(
      this.#operations,
      scaleOperations(classed(effective, binary, every * dense), calls),
    );
    this.#gradient = addOperations(
      this.#gradient,
      scaleOperations(classed(updates, binary, every * this.#taught), calls),
    );
    const { macs, acs } = synapses.performed(images, this.#connections.looked);
    this.#engine = { macs: this.#engine.macs + macs, acs: this.#engine.acs + acs };
    if (output && isReal(output)) {
      const units = this.#rowsOf(output, images).reduce((sum, row) => sum + nonZeros(row, sizeOf(output.shape)), 0);
      this.#spikes += units;
      this.#features += units;
      this.#outputs += images * sizeOf(output.shape);
    } else if (output) {
      for (let b = 0; b < images; b++) {
        this.#spikes += spikeCounts(output, b, this.#outputCounts);
        this.#features += this.#firedFeatures();
      }
      this.#outputs += images * output.steps * sizeOf(output.shape);
    }
    this.#samples += images;
  }

  /** Adds outputs of neurons that are not the layer's own: the concept's, whose drive it is. */
  addOutputs(spikes: Uint8Array): void {
    this.#outputs += spikes.length;
    for (let i = 0; i < spikes.length; i++) this.#spikes += spikes[i]!;
  }

  #rowsOf({ at, stride }: RealInput, images: number): Float32Array[] {
    const values = new Float32Array(this.#team.arena.memory.buffer, at, images * stride);
    return Array.from({ length: images }, (_, b) => values.subarray(b * stride, (b + 1) * stride));
  }

  /** Cells and channels in which a neuron fired, by the image's counts. */
  #firedFeatures(): number {
    const layer = this.#layer as Layer;
    const { channels } = layer.synapses.shape;
    const counts = this.#outputCounts;
    const seen = this.#seen.fill(0);
    for (let unit = 0; unit < counts.length; unit++)
      if (counts[unit] !== 0) seen[layer.cells.view[Math.floor(unit / channels)]! * channels + (unit % channels)] = 1;
    return sumOf(seen);
  }

  #ofValues(
    source: RealInput,
    images: number,
    nonZero: Float64Array,
    taught: Float64Array,
  ): { effective: number; updates: number; binary: boolean } {
    const rows = this.#rowsOf(source, images);
    return { ...effectiveOf(rows, nonZero), updates: effectiveOf(rows, taught).effective };
  }

  #ofSpikes(
    source: Population,
    images: number,
    nonZero: Float64Array,
    taught: Float64Array,
  ): { effective: number; updates: number; binary: true } {
    const counts = this.#inputCounts;
    let effective = 0;
    let updates = 0;
    for (let b = 0; b < images; b++) {
      spikeCounts(source, b, counts);
      for (let i = 0; i < counts.length; i++) {
        effective += counts[i]! * nonZero[i]!;
        updates += counts[i]! * taught[i]!;
      }
    }
    return { effective, updates, binary: true };
  }

  /** Means over the samples added; zeros before the first. */
  result(): LayerCost {
    const { weights, zeros, dense, nonZero, carried } = this.#connections;
    const steps = this.#steps;
    const per = 1 / Math.max(1, this.#samples);
    return {
      name: this.#layer.name,
      footprint: layerFootprint(this.#layer),
      weights,
      zeroWeights: zeros,
      activationSparsity: this.#outputs === 0 ? null : 1 - this.#spikes / this.#outputs,
      outputs: this.#outputs,
      spikes: this.#spikes,
      operations: divided(this.#operations, this.#samples),
      engine: { macs: this.#engine.macs * per, acs: this.#engine.acs * per },
      gradient: divided(this.#gradient, this.#samples),
      errors: { macs: steps * carried, acs: 0, dense: steps * this.#taught },
      full: { macs: steps * sumOf(nonZero), acs: 0, dense: steps * dense },
      features: { all: this.#seen.length, nonZero: this.#features * per },
    };
  }
}

/** Features of a layer: of a spiking one what its rule compares, cells times channels; of a real one its units. */
export function featuresOf(layer: AnyLayer): number {
  const { shape } = layer.synapses;
  return layer instanceof Layer ? layer.cellCount * shape.channels : sizeOf(shape);
}

function nonZeros(row: Float32Array, length: number): number {
  let count = 0;
  for (let i = 0; i < length; i++) if (row[i] !== 0) count++;
  return count;
}

function classed(effective: number, binary: boolean, dense: number): Operations {
  return binary ? { macs: 0, acs: effective, dense } : { macs: effective, acs: 0, dense };
}

function divided({ macs, acs, dense }: Operations, samples: number): Operations {
  const by = Math.max(1, samples);
  return { macs: macs / by, acs: acs / by, dense: dense / by };
}
