/**
 * One layer twice: the engine's (float32, packed, events) and the float64 reference's, with the same numbers in both.
 *
 * Weights, biases and real inputs are multiples of 1/64, so that drives before a norm are exact in float32: equal values
 * tie in both, and a max-pool chooses the same winner.
 */

import { RandomStream } from "../../src/engine/random.ts";
import type { Team } from "../../src/engine/team.ts";
import { ConvSynapses } from "../../src/nets/conv.ts";
import { DrawingSynapses } from "../../src/nets/drawing.ts";
import { Layer } from "../../src/nets/layer.ts";
import { LinearSynapses, type Product } from "../../src/nets/linear.ts";
import type { Pooling } from "../../src/nets/neuron.ts";
import { Population } from "../../src/nets/population.ts";
import { pixelsOf, type Shape, sizeOf } from "../../src/nets/shape.ts";
import type { Source } from "../../src/nets/synapses.ts";
import type { Block } from "../reference/block.ts";
import { holdOverTime } from "../reference/stage.ts";

export interface LayerCase {
  readonly kind: "linear" | "conv";
  /** Real values held over time, spikes held over time, or spikes of their own at each step. */
  readonly source: "real" | "held" | "spikes";
  readonly input: Shape;
  /** The output; a convolution's height and width follow from its input. */
  readonly output: Shape;
  readonly upsample: boolean;
  readonly pool: boolean;
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
  readonly images: number;
  /** Images the layer has room for beyond those shown. */
  readonly room: number;
  readonly steps: number;
  /** How a linear layer multiplies spikes. Default: as it chooses. */
  readonly product?: Product;
  /** Share of inputs that fire, or differ from the background: 0 is all silent, 1 all firing. */
  readonly density: number;
  readonly seed: number;
  /** Absent: the drive is read out. */
  readonly neurons?: {
    readonly norm: boolean;
    readonly tau: number;
    readonly theta: number;
    readonly alpha: number;
    /** Cells a side the features are pooled to; 0 for none. */
    readonly cells: number;
    /** What of a cell's rates is its feature. Default mean. */
    readonly pooling?: Pooling;
  };
}

export interface BuiltLayer {
  readonly layer: Layer;
  readonly block: Block;
  /** [steps][images][channels][height][width] */
  readonly input: Float64Array;
  readonly random: RandomStream;
}

/** `length` multiples of 1/64 in [-bound, bound). */
export function grid(random: RandomStream, length: number, bound: number): Float64Array {
  return Float64Array.from({ length }, () => Math.floor((2 * random.uniform() - 1) * bound * 64) / 64);
}

/** Index in the reference's order (channel, pixel) of unit `plain` in the engine's (pixel, channel). */
export function channelsFirst(plain: number, shape: Shape): number {
  return (plain % shape.channels) * pixelsOf(shape) + Math.floor(plain / shape.channels);
}

/** Index in the reference's array of entry `plain` of a parameter block in the engine's plain order. */
function referenceIndex(layer: Layer, block: string, plain: number): number {
  const { shape, source } = layer.synapses;
  const conv = layer.synapses instanceof ConvSynapses || layer.synapses instanceof DrawingSynapses;
  const unit = (index: number) => (conv ? index : channelsFirst(index, shape));
  if (block !== "weight") return block === "bias" ? unit(plain) : plain;
  const inputs = layer.synapses.fanIn;
  const window = conv ? { height: 3, width: 3, channels: source.shape.channels } : source.shape;
  return unit(Math.floor(plain / inputs)) * inputs + channelsFirst(plain % inputs, window);
}

/** The regions of a layer's group. */
export type Kept = "parameters" | "gradients" | "firstMoment" | "secondMoment";

/** A parameter block (or its gradient, or a moment of AdamW's) of a layer in the reference's order. */
export function readBlock(layer: Layer, block: string, of: Kept): Float64Array {
  const { synapses, group } = layer;
  const packed = group.view(block, group[of]);
  if (block === "gamma" || block === "beta") return Float64Array.from(packed.subarray(0, synapses.shape.channels));
  const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
  synapses.unpack(block, packed, plain);
  const out = new Float64Array(plain.length);
  for (let i = 0; i < plain.length; i++) out[referenceIndex(layer, block, i)] = plain[i]!;
  return out;
}

function writeBlock(layer: Layer, block: string, values: Float64Array): void {
  const { synapses, group } = layer;
  if (block === "gamma" || block === "beta") {
    group.view(block).set(values);
    return;
  }
  const plain = Float32Array.from(values, (_, i) => values[referenceIndex(layer, block, i)]!);
  synapses.pack(block, plain, group.view(block));
}

/** A source filled at random: what the engine reads, and the same in the reference's order. */
function makeSource(team: Team, c: LayerCase, random: RandomStream): { source: Source; input: Float64Array } {
  const size = sizeOf(c.input);
  const maxImages = c.images + c.room;
  const fires = () => random.uniform() < c.density;
  if (c.source === "real") {
    const stride = size + 3;
    const region = team.arena.f32(maxImages * stride);
    const input = new Float64Array(c.images * size);
    // What does not fire is background: 0, or another constant, as a normalised picture's is.
    const background = random.below(2) === 0 ? 0 : grid(random, 1, 1)[0]!;
    for (let b = 0; b < c.images; b++) {
      for (let i = 0; i < size; i++) {
        const value = fires() ? grid(random, 1, 1)[0]! : background;
        region.view[b * stride + i] = value;
        input[b * size + channelsFirst(i, c.input)] = value;
      }
    }
    return {
      source: { kind: "real", shape: c.input, at: region.at, stride, maxImages },
      input: holdOverTime(input, c.steps),
    };
  }
  const steps = c.source === "held" ? 1 : c.steps;
  const population = new Population(team, c.input, steps, maxImages, c.kind);
  const input = new Float64Array(steps * c.images * size);
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < c.images; b++) {
      for (let i = 0; i < size; i++) {
        if (!fires()) continue;
        population.set(b, t, Math.floor(i / c.input.channels), i % c.input.channels, true);
        input[(t * c.images + b) * size + channelsFirst(i, c.input)] = 1;
      }
    }
  }
  population.list(c.images, true);
  return { source: population, input: steps === c.steps ? input : holdOverTime(input, c.steps) };
}

function synapticBlock(c: LayerCase): Block["synapses"] {
  if (c.kind === "linear") return { kind: "linear", inputs: sizeOf(c.input), outputs: sizeOf(c.output) };
  const { stride, padding, upsample, pool } = c;
  const up = upsample ? 2 : 1;
  const size = { channelsIn: c.input.channels, channelsOut: c.output.channels };
  const plane = { height: c.input.height * up, width: c.input.width * up };
  return { kind: "conv", ...size, ...plane, kernel: 3, stride, padding, upsample, pool };
}

/** Makes the layer; what it is to write starts as NaN or all bits set, so that nothing can lean on zeroed memory. */
export function buildLayer(team: Team, c: LayerCase): BuiltLayer {
  const random = new RandomStream(c.seed, "layer case");
  const { source, input } = makeSource(team, c, random);
  const { upsample, pool, stride, padding, bias } = c;
  const synapses =
    c.kind === "linear"
      ? new LinearSynapses(team, source, c.output, bias, c.product)
      : new ConvSynapses(team, source, { channels: c.output.channels, upsample, pool, stride, padding, bias });
  const maxImages = c.images + c.room;
  const n = c.neurons;
  const neurons = n && {
    norm: n.norm,
    tau: n.tau,
    threshold: n.theta,
    alpha: n.alpha,
    pool: n.cells,
    pooling: n.pooling ?? "mean",
  };
  const layer = new Layer(team, {
    name: "case",
    synapses,
    maxImages,
    steps: c.steps,
    ...(neurons ? { neurons: { ...neurons, reader: "none" } } : {}),
  });
  const { drives, winners } = synapses.workspace(maxImages);
  const { buffer } = team.arena.memory;
  for (const at of [layer.workspace.z, layer.workspace.g]) new Float32Array(buffer, at, drives).fill(Number.NaN);
  new Uint8Array(buffer, layer.workspace.winner, winners).fill(0xff);
  if (n) layer.features.view.fill(Number.NaN);
  layer.output?.masks.view.fill(0xffff);

  const units = c.kind === "conv" ? c.output.channels : sizeOf(c.output);
  const weight = grid(random, units * synapses.fanIn, 1);
  const biases = bias ? grid(random, units, 0.5) : new Float64Array(units);
  const { channels } = synapses.shape;
  const scale = grid(random, channels, 0.5).map((x) => x + 1);
  const shift = grid(random, channels, 0.5);
  const norm = n?.norm ? { channels, space: pixelsOf(synapses.shape), scale, shift } : null;
  writeBlock(layer, "weight", weight);
  if (bias) writeBlock(layer, "bias", biases);
  if (norm) {
    writeBlock(layer, "gamma", scale);
    writeBlock(layer, "beta", shift);
  }
  return { layer, block: { synapses: synapticBlock(c), weight, bias: biases, norm }, input, random };
}
