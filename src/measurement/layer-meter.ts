/** Counts of one layer over batches: synaptic operations of its product and of its weight gradient, and the spikes it sends. */
import type { Team } from "../engine/team.ts";
import type { Layer } from "../network/layer.ts";
import type { Population } from "../network/population.ts";
import { sizeOf } from "../network/shape.ts";
import { isReal, stepsOf } from "../network/synapses.ts";
import { type Connections, sumOf } from "./connections.ts";
import { type Footprint, layerConnections, layerFootprint } from "./footprint.ts";
import {
  addOperations,
  type Effective,
  effectiveOf,
  NO_OPERATIONS,
  type Operations,
  scaleOperations,
} from "./operations.ts";
import { performed } from "./performed.ts";
import { spikeCounts } from "./spike-counts.ts";

export interface LayerCost {
  readonly name: string;
  readonly footprint: Footprint;
  /** Weights, and how many are exactly 0. */
  readonly weights: number;
  readonly zeroWeights: number;
  /** Share of the neurons' outputs that are 0, over steps and samples; null where the drive is read out. */
  readonly activationSparsity: number | null;
  /** Outputs counted for it, and those that are not 0. */
  readonly outputs: number;
  readonly spikes: number;
  /** A sample, all T steps, as NeuroBench counts: an input that is held over time counts T times. */
  readonly operations: Operations;
  /** A sample: what this engine does for the same product (`performed.ts`). */
  readonly engine: Effective;
  /** A sample: products of the weight gradient, for each input that is not 0 one a connection; counted T-fold like `operations`. */
  readonly gradient: Operations;
}

export class LayerMeter {
  readonly #team: Team;
  readonly #layer: Layer;
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

  /** @param steps T, the steps a sample is shown */
  constructor(team: Team, layer: Layer, steps: number) {
    this.#team = team;
    this.#layer = layer;
    this.#steps = steps;
    this.#connections = layerConnections(layer);
    this.#taught = sumOf(this.#connections.taught);
    this.#inputCounts = new Float64Array(sizeOf(layer.synapses.source.shape));
    this.#outputCounts = new Float64Array(sizeOf(layer.synapses.shape));
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
    const { macs, acs } = performed(this.#team, this.#layer, this.#connections, images);
    this.#engine = { macs: this.#engine.macs + macs, acs: this.#engine.acs + acs };
    if (output) {
      for (let b = 0; b < images; b++) this.#spikes += spikeCounts(output, b, this.#outputCounts);
      this.#outputs += images * output.steps * sizeOf(output.shape);
    }
    this.#samples += images;
  }

  /** Adds outputs of neurons that are not the layer's own: the concept's, whose drive it is. */
  addOutputs(spikes: Uint8Array): void {
    this.#outputs += spikes.length;
    for (let i = 0; i < spikes.length; i++) this.#spikes += spikes[i]!;
  }

  #ofValues(
    source: { at: number; stride: number },
    images: number,
    nonZero: Float64Array,
    taught: Float64Array,
  ): { effective: number; updates: number; binary: boolean } {
    const values = new Float32Array(this.#team.arena.memory.buffer, source.at, images * source.stride);
    const rows = Array.from({ length: images }, (_, b) => values.subarray(b * source.stride, (b + 1) * source.stride));
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
    const { weights, zeros } = this.#connections;
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
    };
  }
}

function classed(effective: number, binary: boolean, dense: number): Operations {
  return binary ? { macs: 0, acs: effective, dense } : { macs: effective, acs: 0, dense };
}

function divided({ macs, acs, dense }: Operations, samples: number): Operations {
  const by = Math.max(1, samples);
  return { macs: macs / by, acs: acs / by, dense: dense / by };
}
