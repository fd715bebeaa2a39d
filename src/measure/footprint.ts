/**
 * What a network takes in memory and how much of its wiring is missing: NeuroBench's static metrics.
 *
 *   footprint = bytes of parameters + bytes of buffers       connection sparsity = weights that are exactly 0 / weights
 *
 * Parameters are weights, biases, norm scales and shifts; buffers the norms' running means and variances. Counted are the numbers themselves, float32, without
 * the padding of the kernels' layout. Membranes are no buffers here: they live within one pass over a sample's T steps.
 */
import type { Region } from "../engine/memory.ts";
import type { AnnLayer } from "../nets/dense.ts";
import type { Layer } from "../nets/layer.ts";
import type { ParameterGroup } from "../nets/parameters.ts";
import type { Synapses } from "../nets/synapses.ts";
import { type Connections, convConnections, linearConnections } from "./connections.ts";

/** A layer of a spiking net or of a non-spiking one. */
export type AnyLayer = Layer | AnnLayer;

/** Bytes of a float32. */
const FLOAT = 4;

/** How much memory a net's numbers take. */
export interface Footprint {
  /** Learned numbers. */
  readonly parameters: number;
  /** Numbers that are kept but not learned. */
  readonly buffers: number;
  /** Of both. */
  readonly bytes: number;
}

/** Of one layer. */
export function layerFootprint({ synapses, group, norm }: AnyLayer): Footprint {
  const { channels } = synapses.shape;
  const sizes = Object.keys(synapses.blocks).map((block) => synapses.plainShape(block).reduce((a, b) => a * b, 1));
  const parameters = sizes.reduce((a, b) => a + b, 0) + (group.has("gamma") ? 2 * channels : 0);
  return footprint(parameters, norm.enabled ? 2 * channels : 0);
}

/** Of several layers. */
export function footprintOf(layers: readonly AnyLayer[]): Footprint {
  return addFootprints(layers.map(layerFootprint));
}

export function addFootprints(all: readonly Footprint[]): Footprint {
  const total = (key: keyof Footprint) => all.reduce((sum, layer) => sum + layer[key], 0);
  return { parameters: total("parameters"), buffers: total("buffers"), bytes: total("bytes") };
}

/** So many learned numbers, and so many that are kept but not learned. */
export function footprint(parameters: number, buffers = 0): Footprint {
  return { parameters, buffers, bytes: FLOAT * (parameters + buffers) };
}

/** Whatever has weights: a layer of either kind of net. */
export interface Weighted {
  readonly synapses: Pick<Synapses, "plainShape" | "unpack">;
  readonly group: ParameterGroup;
}

/**
 * A layer's weights in plain order: [output][input] or [output channel][ky][kx][input channel].
 *
 * @param of the group's region they are taken from, such as its gradients. Default its parameters
 */
export function plainWeights({ synapses, group }: Weighted, of: Region<Float32Array> = group.parameters): Float32Array {
  const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
  synapses.unpack("weight", group.view("weight", of), plain);
  return plain;
}

/** The connections of a layer as its weights are now. */
export function layerConnections(layer: AnyLayer): Connections {
  const { source, wiring } = layer.synapses;
  const weights = plainWeights(layer);
  return wiring === "full" ? linearConnections(weights, source.shape) : convConnections(weights, source.shape, wiring);
}
