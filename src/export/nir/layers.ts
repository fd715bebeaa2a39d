/**
 * A network's layers as NIR nodes. Norms are folded into the synapses as evaluation uses them, by running statistics:
 *
 *   X = a (W s + bias) + shift,  a = gamma / sqrt(var + eps),  shift = beta - mean a      ->  weight a W,  bias a bias + shift
 *
 * Neurons: v' = v + (X - v) / tau is NIR's LIF by a step of dt, with tau dt for its tau, r = 1, v_leak = v_reset = 0.
 *
 * NIR has planes as [channel][height][width], ours are [pixel][channel]: weights are put in its order. It has no max-pooling, no upsampling.
 */
import { BispikeError } from "../../errors.ts";
import { ConvSynapses } from "../../network/conv.ts";
import type { Layer } from "../../network/layer.ts";
import { LinearSynapses } from "../../network/linear.ts";
import { pixelsOf, type Shape, sizeOf } from "../../network/shape.ts";
import { channelOf, foldLayer } from "../folded.ts";
import { filled, type NirArray, type NirNode } from "./node.ts";

/** What membranes are described with. */
export interface NeuronUnits {
  /** Seconds a time step. */
  readonly dt: number;
  /** Membrane time constant in steps. */
  readonly tau: number;
  /** Whether a reader's `v > v_threshold` shall fire where ours fires at `v >= threshold`: the next smaller float32 is written. */
  readonly strict: boolean;
}

/** [channel][height][width] of a plane, or [neurons] of a flat population. */
export function nirShape(shape: Shape): number[] {
  return pixelsOf(shape) === 1 ? [shape.channels] : [shape.channels, shape.height, shape.width];
}

/** The next float32 below (-1) or above (1) a positive one: for float32 membranes v >= x is v > below(x), and v > x is v >= above(x). */
export function neighbour(value: number, direction: -1 | 1): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0]! += direction;
  return new Float32Array(bits.buffer)[0]!;
}

/** LIF neurons of one population. */
export function lifNode(shape: readonly number[], threshold: number, { dt, tau, strict }: NeuronUnits): NirNode {
  const v_threshold = filled(shape, strict ? neighbour(threshold, -1) : threshold);
  return { ...integrator(shape, dt * tau), type: "LIF", v_threshold, v_reset: filled(shape, 0) };
}

/** Leaky integrators without spikes. */
export function liNode(shape: readonly number[], { dt, tau }: NeuronUnits): NirNode {
  return { type: "LI", ...integrator(shape, dt * tau) };
}

function integrator(shape: readonly number[], tau: number) {
  return { tau: filled(shape, tau), r: filled(shape, 1), v_leak: filled(shape, 0) };
}

/**
 * A layer's synapses with its norm folded in; two nodes where full connections read a plane.
 *
 * @throws BispikeError "usage" that names the stage where NIR has no node for what it does
 */
export function synapseNodes(layer: Layer): NirNode[] {
  const { synapses } = layer;
  const source = synapses.source.shape;
  if (synapses instanceof LinearSynapses) {
    if (pixelsOf(synapses.shape) > 1)
      throw inexpressible(layer, "fully connected synapses onto a plane, which NIR flattens but cannot unfold again");
    const { weight, bias } = folded(layer);
    const affine: NirNode = {
      type: "Affine",
      weight: { shape: [sizeOf(synapses.shape), sizeOf(source)], data: weight },
      bias,
    };
    if (pixelsOf(source) === 1) return [affine];
    return [{ type: "Flatten", input_type: nirShape(source), start_dim: 0, end_dim: -1 }, affine];
  }
  if (!(synapses instanceof ConvSynapses))
    throw inexpressible(layer, "drawing synapses, which upsample (nearest x2) before a 3x3 convolution");
  const { up, pool, stride, padding } = synapses.geometry;
  if (pool) throw inexpressible(layer, "2x2 max-pooling of its drives, before norm and neurons");
  if (up) throw inexpressible(layer, "nearest x2 upsampling before its convolution");
  const { weight, bias } = folded(layer);
  const { channels } = synapses.shape;
  return [
    {
      type: "Conv2d",
      input_shape: [source.height, source.width],
      weight: { shape: [channels, source.channels, 3, 3], data: weight },
      bias,
      stride: [stride, stride],
      padding: [padding, padding],
      dilation: [1, 1],
      groups: 1,
    },
  ];
}

function inexpressible({ name }: Layer, what: string): BispikeError {
  return new BispikeError(
    "usage",
    `NIR cannot express ${name}: it has ${what}, and NIR has no node for that; nothing was approximated. Fully connected networks (network.kind mlp) can be written, and autoencoders up to their latent`,
  );
}

/** Weights and biases with the norm in them. */
function folded(layer: Layer): { weight: Float32Array; bias: NirArray } {
  const parts = foldLayer(layer);
  const { scale, shift, bias } = parts;
  const outputs = bias.length;
  const inputs = parts.weight.length / outputs;
  const channel = channelOf(parts);
  const weight = Float32Array.from(parts.weight, (value, i) => value * scale[channel(Math.floor(i / inputs))]!);
  const data = Float32Array.from(bias, (value, n) => scale[channel(n)]! * value + shift[channel(n)]!);
  return { weight, bias: { shape: [outputs], data } };
}
