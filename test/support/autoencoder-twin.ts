/** A pair of autoencoders twice: the engine's, and the float64 reference's with the same numbers; and what a step leaves in the engine, in the reference's order. */
import { RandomStream } from "../../src/engine/random.ts";
import type { AutoencoderPair, Network } from "../../src/nets/autoencoder-pair.ts";
import { ConvSynapses } from "../../src/nets/conv.ts";
import { DrawingSynapses } from "../../src/nets/drawing.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { flat, pixelsOf, type Shape, sizeOf } from "../../src/nets/shape.ts";
import type { AutoencoderBsd } from "../../src/problems/autoencode-learners.ts";
import type { NetworkHalf } from "../reference/autoencoder-reference.ts";
import type { Block, BlockGradients } from "../reference/block.ts";
import type { LocalReadOut } from "../reference/local-reconstruction.ts";
import { channelsFirst, type Kept, readBlock } from "./layer-case.ts";
import { drawParameters } from "./sequence-twin.ts";

/** The engine's blocks by the reference's names. */
const NAMES = { weight: "weight", bias: "bias", scale: "gamma", shift: "beta" } as const;

/** A layer's arrays, by the reference's names; those it has. */
export function arraysOf(layer: Layer, of: Kept): Map<keyof BlockGradients, Float64Array> {
  const names = (Object.keys(NAMES) as (keyof BlockGradients)[]).filter((name) => layer.group.has(NAMES[name]));
  return new Map(names.map((name) => [name, readBlock(layer, NAMES[name], of)]));
}

function synapsesOf({ synapses }: Layer): Block["synapses"] {
  const { source, shape } = synapses;
  if (!(synapses instanceof ConvSynapses || synapses instanceof DrawingSynapses))
    return { kind: "linear", inputs: sizeOf(source.shape), outputs: sizeOf(shape) };
  const upsample = shape.height > source.shape.height;
  const up = upsample ? 2 : 1;
  const plane = { height: source.shape.height * up, width: source.shape.width * up };
  const channels = { channelsIn: source.shape.channels, channelsOut: shape.channels };
  return {
    kind: "conv",
    ...channels,
    ...plane,
    kernel: 3,
    stride: upsample ? 1 : 2,
    padding: 1,
    upsample,
    pool: false,
  };
}

export function blockOf(layer: Layer, arrays = arraysOf(layer, "parameters")): Block {
  const { shape } = layer.synapses;
  const synapses = synapsesOf(layer);
  const units = synapses.kind === "conv" ? synapses.channelsOut : synapses.outputs;
  const [scale, shift] = [arrays.get("scale"), arrays.get("shift")];
  const norm = scale && shift ? { channels: shape.channels, space: pixelsOf(shape), scale, shift } : null;
  return { synapses, weight: arrays.get("weight")!, bias: arrays.get("bias") ?? new Float64Array(units), norm };
}

/** A read-out's tensors as the learner's slots have them, and what part of them counts: the rest fills up tiles. */
interface ReadOutTwin {
  readonly shape: Shape;
  readonly below: Shape;
  readonly spikes: boolean;
}

const padTo = (n: number) => Math.ceil(n / 16) * 16;

/** Places of the counting entries of a read-out's [columns][depth] weight and of its bias, in the reference's order. */
function placesOf({ shape, below, spikes }: ReadOutTwin) {
  const cell = padTo(shape.channels);
  const plane = pixelsOf(shape) > 1;
  const wide = spikes && !plane ? padTo(below.channels) : below.channels;
  const units = plane ? 4 * below.channels : sizeOf(below);
  const [taps, columns] = [plane ? 9 : 1, plane ? units : pixelsOf(below) * wide];
  const depth = taps * cell;
  const bias = new Array<number>(units);
  const weight = new Array<number>(units * taps * shape.channels);
  for (let o = 0; o < units; o++) {
    const column = plane ? o : Math.floor(o / below.channels) * wide + (o % below.channels);
    const unit = plane ? o : channelsFirst(o, below);
    bias[unit] = column;
    for (let c = 0; c < shape.channels; c++)
      for (let tap = 0; tap < taps; tap++)
        weight[(unit * shape.channels + c) * taps + tap] = column * depth + tap * cell + c;
  }
  return { weight, bias, columns };
}

export class AutoencoderTwin {
  readonly pair: AutoencoderPair;
  readonly learner: AutoencoderBsd;
  readonly #seeing = new Map<string, ReturnType<typeof placesOf>>();

  constructor(pair: AutoencoderPair, learner: AutoencoderBsd, reconstructions: boolean) {
    this.pair = pair;
    this.learner = learner;
    if (!reconstructions) return;
    for (const network of ["perception", "recall"] as const) {
      for (const [k, layer] of pair
        .path(network)
        .slice(0, pair.latent + 1)
        .entries()) {
        const { shape, source } = layer.synapses;
        this.#seeing.set(layer.name, placesOf({ shape, below: source.shape, spikes: k > 0 }));
      }
    }
  }

  /** Draws parameters, running statistics and moments; what fills up the tiles of read-outs stays 0. */
  draw(seed: number): void {
    drawParameters(this.learner, seed);
    for (const [name, places] of this.#seeing) {
      for (const block of ["weight", "bias"] as const) {
        for (const prefix of ["", "optimiser.first.", "optimiser.second."]) {
          const slot = this.#slot(`${prefix}${name}.redraw.${block}`);
          const values = slot.read();
          const kept = new Float32Array(values.length);
          for (const place of places[block]) kept[place] = values[place]!;
          slot.write(kept);
        }
      }
    }
  }

  #slot(name: string) {
    const found = [...this.learner.slots(true)].find((slot) => slot.name === name);
    if (!found) throw new Error(`no slot ${name}`);
    return found;
  }

  /** A read-out's weight and bias, or a moment of them, and the largest size of what fills up its tiles. */
  readOut(layer: Layer, prefix: "" | "optimiser.first." | "optimiser.second.") {
    const places = this.#seeing.get(layer.name)!;
    let padding = 0;
    const arrays = new Map<string, Float64Array>();
    for (const block of ["weight", "bias"] as const) {
      const values = this.#slot(`${prefix}${layer.name}.redraw.${block}`).read();
      arrays.set(
        block,
        Float64Array.from(places[block], (place) => values[place]!),
      );
      for (const place of places[block]) values[place] = 0;
      padding = values.reduce((most, value) => Math.max(most, Math.abs(value)), padding);
    }
    return { arrays, padding };
  }

  reconstructions(layer: Layer): boolean {
    return this.#seeing.has(layer.name);
  }

  /** The reference's network with the numbers of now. */
  half(network: Network): NetworkHalf {
    const layers = this.pair.path(network);
    const hidden = layers.slice(0, -1);
    return {
      blocks: layers.map((layer) => blockOf(layer)),
      planes: hidden.map(({ synapses }) => synapses.shape),
      theta: Math.fround(this.pair.options.threshold[network]),
      readOuts: hidden
        .filter((layer) => this.reconstructions(layer))
        .map((layer): LocalReadOut => {
          const { arrays } = this.readOut(layer, "");
          return { weight: arrays.get("weight")!, bias: arrays.get("bias")! };
        }),
    };
  }

  /** Shows `images` images, half of whose values are the background; the same in the reference's order, [batch][channels][height][width]. */
  show(images: number, seed: number): Float64Array {
    const { pair } = this;
    const { stimulus, stimulusWidth, options } = pair;
    const shape = options.kind === "mlp" ? flat(sizeOf(options.image)) : options.image;
    const random = new RandomStream(seed, "images");
    const size = sizeOf(shape);
    const out = new Float64Array(images * size);
    stimulus.view.fill(0);
    for (let b = 0; b < images; b++) {
      for (let i = 0; i < size; i++) {
        const value = Math.fround(random.uniform() < 0.5 ? -0.5 : 2 * random.uniform() - 1);
        stimulus.view[b * stimulusWidth + i] = value;
        out[b * size + channelsFirst(i, shape)] = value;
      }
    }
    return out;
  }

  /** A network's newest drawing, in the reference's order. */
  drawing(network: Network, images: number): Float64Array {
    const layer = this.pair.path(network).at(-1)!;
    const { shape } = layer.synapses;
    const size = sizeOf(shape);
    const out = new Float64Array(images * size);
    for (let at = 0; at < out.length; at++) {
      const [b, i] = [Math.floor(at / size), at % size];
      out[b * size + channelsFirst(i, shape)] = layer.features.view[b * layer.featureWidth + i]!;
    }
    return out;
  }

  /** A layer's newest spikes, [steps][batch][channels][space]. */
  spikes(layer: Layer, images: number): Float64Array {
    const { steps } = this.pair.options;
    const { shape } = layer.synapses;
    const size = sizeOf(shape);
    const out = new Float64Array(steps * images * size);
    for (let t = 0; t < steps; t++)
      for (let b = 0; b < images; b++)
        for (let i = 0; i < size; i++) {
          if (!layer.output!.fired(b, t, Math.floor(i / shape.channels), i % shape.channels)) continue;
          out[(t * images + b) * size + channelsFirst(i, shape)] = 1;
        }
    return out;
  }
}
