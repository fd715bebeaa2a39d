/**
 * What a network takes in memory and how much of its wiring is missing: NeuroBench's static metrics.
 *
 *   footprint = bytes of parameters + bytes of buffers       connection sparsity = weights that are exactly 0 / weights
 *
 * Parameters are weights, biases, norm scales and shifts; buffers the norms' running means and variances. Counted are the numbers themselves, float32, without
 * the padding of the kernels' layout. Membranes are no buffers here: they live within one pass over a sample's T steps.
 */
import { BispikeError } from "../errors.ts";
import { ConvSynapses } from "../network/conv.ts";
import type { Layer } from "../network/layer.ts";
import { LinearSynapses } from "../network/linear.ts";
import type { NetworkPair } from "../network/pair.ts";
import type { Slot } from "../network/slots.ts";
import { type Connections, convConnections, linearConnections } from "./connections.ts";

/** Bytes of a float32. */
const FLOAT = 4;

export interface Footprint {
  /** Learned numbers. */
  readonly parameters: number;
  /** Numbers that are kept but not learned. */
  readonly buffers: number;
  /** Of both. */
  readonly bytes: number;
}

/** Of one layer. */
export function layerFootprint({ synapses, group, norm }: Layer): Footprint {
  const { channels } = synapses.shape;
  const sizes = Object.keys(synapses.blocks).map((block) => synapses.plainShape(block).reduce((a, b) => a * b, 1));
  const parameters = sizes.reduce((a, b) => a + b, 0) + (group.has("gamma") ? 2 * channels : 0);
  const buffers = norm.enabled ? 2 * channels : 0;
  return { parameters, buffers, bytes: FLOAT * (parameters + buffers) };
}

/** Of several layers. */
export function footprintOf(layers: readonly Layer[]): Footprint {
  const all = layers.map(layerFootprint);
  const total = (key: keyof Footprint) => all.reduce((sum, layer) => sum + layer[key], 0);
  return { parameters: total("parameters"), buffers: total("buffers"), bytes: total("bytes") };
}

/** Learned numbers of each network. */
export function parametersOf({ perception, recall }: NetworkPair): { perception: number; recall: number } {
  return { perception: footprintOf(perception).parameters, recall: footprintOf(recall).parameters };
}

/** Learned numbers among tensors; the norms' running statistics are measured, not learned. */
export function learnedNumbers(slots: readonly Pick<Slot, "name" | "shape">[]): number {
  const learned = slots.filter(({ name }) => !/\.norm\.(mean|variance)$/.test(name));
  return learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** A layer's weights in plain order: [output][input] or [output channel][ky][kx][input channel]. */
export function plainWeights({ synapses, group }: Layer): Float32Array {
  const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
  synapses.unpack("weight", group.view("weight"), plain);
  return plain;
}

/**
 * The connections of a layer as its weights are now.
 *
 * @throws BispikeError "usage" for synapses that are neither linear nor convolutional
 */
export function layerConnections(layer: Layer): Connections {
  const { synapses } = layer;
  const inputs = synapses.source.shape;
  if (synapses instanceof ConvSynapses) return convConnections(plainWeights(layer), inputs, synapses.geometry);
  if (synapses instanceof LinearSynapses) return linearConnections(plainWeights(layer), inputs);
  throw new BispikeError(
    "usage",
    `${layer.name}: operations are counted of linear and convolutional synapses; these are others`,
  );
}
