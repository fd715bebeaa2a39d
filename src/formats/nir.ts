/** The networks of trained models as NIR graphs: chains from an Input to an Output. */
import { BispikeError } from "../errors.ts";
import type { AutoencoderPair, Network } from "../nets/autoencoder-pair.ts";
import type { Layer } from "../nets/layer.ts";
import { type DataSummary, type ImageModel, spikingModel } from "../nets/model.ts";
import { CONCEPT_THRESHOLD } from "../nets/neuron.ts";
import { pixelsOf, type Shape, sizeOf } from "../nets/shape.ts";
import { channelOf, foldLayer } from "./folded.ts";
import { filled, type NirArray, type NirGraph, type NirMetadata, type NirNode } from "./nir-graph.ts";

// A network's layers as NIR nodes. Norms are folded into the synapses as evaluation uses them, by running statistics:
//
// X = a (W s + bias) + shift,  a = gamma / sqrt(var + eps),  shift = beta - mean a      ->  weight a W,  bias a bias + shift
//
// Neurons: v' = v + (X - v) / tau is NIR's LIF by a step of dt, with tau dt for its tau, r = 1, v_leak = v_reset = 0.
//
// NIR has planes as [channel][height][width], ours are [pixel][channel]: weights are put in its order. It has no max-pooling, no upsampling.

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
  const { wiring } = synapses;
  const source = synapses.source.shape;
  if (wiring === "full") {
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
  const { up, pool, stride, padding } = wiring;
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

/** How the concept is read out: LIF neurons of the concept's threshold, leaky integrators, or the drive itself. */
export type NirReadout = "spikes" | "membrane" | "drive";

/** How a net is written as a graph. */
export interface NirOptions {
  /** Seconds a time step. Default 1e-4, which snnTorch's importer takes for granted (Norse's takes 1e-3). */
  readonly dt?: number;
  /**
   * Our neurons fire at v >= threshold, NIR's at v > v_threshold. ">=" (default) writes the threshold as it is; ">" the next smaller float32, so that a
   * reader that follows NIR fires exactly where ours does.
   */
  readonly comparison?: ">=" | ">";
  /** Perception alone: how the concept is read out. Default "spikes", what decisions are made from. */
  readonly readout?: NirReadout;
}

const DEFAULT_DT = 1e-4;

/** Options checked, with their defaults. */
function unitsOf({ dt = DEFAULT_DT, comparison = ">=" }: NirOptions, tau: number): NeuronUnits {
  if (!(Number.isFinite(dt) && dt > 0)) throw new BispikeError("usage", `dt: expected seconds above 0, got ${dt}`);
  return { dt, tau, strict: comparison === ">" };
}

/** A chain under construction. */
class Chain {
  readonly #nodes = new Map<string, NirNode>();

  constructor(shape: readonly number[]) {
    this.#nodes.set("input", { type: "Input", shape });
  }

  add(name: string, node: NirNode): void {
    this.#nodes.set(name, node);
  }

  /** A layer's synapses and, where it has them, its neurons, which bear the stage's name. */
  layer(layer: Layer, stage: string, units: NeuronUnits): void {
    for (const node of synapseNodes(layer)) {
      this.add(`${stage}_${node.type === "Flatten" ? "flatten" : "synapses"}`, node);
    }
    if (layer.neurons) this.add(stage, lifNode(nirShape(layer.synapses.shape), layer.neurons.threshold, units));
  }

  close(shape: readonly number[], metadata: NirMetadata): NirGraph {
    this.add("output", { type: "Output", shape });
    const names = [...this.#nodes.keys()];
    const edges = names.slice(1).map((name, k) => [names[k]!, name] as const);
    return { nodes: this.#nodes, edges, metadata };
  }
}

/** "stage2" of "perception.stage2". */
function stageOf({ name }: Layer): string {
  return name.slice(name.indexOf(".") + 1);
}

/** What a reader must know that NIR has no field for. */
function about({ dt, tau, strict }: NeuronUnits, network: string, steps: number, data: DataSummary): NirMetadata {
  return {
    generator: "bispike",
    network,
    dt,
    steps,
    tau_steps: tau,
    reset: "zero",
    comparison: strict ? ">" : ">=",
    comparison_note: strict
      ? "trained with v >= threshold; v_threshold is the next smaller float32, so v > v_threshold is the same"
      : "trained with v >= v_threshold, where NIR has v > v_threshold",
    update: "v' = v + (x - v) dt / tau, then the spike, then v' = 0 where it fired; v starts at 0",
    data_name: data.name,
    class_names: JSON.stringify(data.classNames),
    image_shape: [data.shape.height, data.shape.width, data.shape.channels],
  };
}

/** How pixels become the input of a perception network. */
function inputNotes(
  model: Pick<ImageModel, "stimulusMean" | "stimulusScale">,
  coding: string,
  flatInput: boolean,
): NirMetadata {
  const layout = flatInput ? "[height][width][channel], flattened" : "[channel][height][width]";
  const values =
    coding === "direct"
      ? "(pixel / 255 - input_mean) / input_std of each channel, the same at every step"
      : `spikes, 0 or 1: ${coding} code of pixel / 255`;
  return {
    input_coding: coding,
    input_layout: layout,
    input_values: values,
    input_mean: [...model.stimulusMean],
    input_std: [...model.stimulusScale],
  };
}

/**
 * Perception of an image pair: Input, (Affine, LIF) a hidden stage, Affine onto the concept and its read-out, Output. Nodes of neurons are called
 * as their stage, `stage2` on, and `concept`.
 *
 * @throws BispikeError "usage" for non-spiking nets and for convolutional pairs, whose max-pooling NIR cannot express
 * @example
 * await encodeNir(perceptionToNir(model, { dt: 1e-3 }));
 */
export function perceptionToNir(imageModel: ImageModel, options: NirOptions = {}): NirGraph {
  const model = spikingModel(imageModel, "a NIR graph");
  const { pair, data } = model;
  const { tau, steps, stimulus, kind, target, targetSize, seed, threshold } = pair.options;
  const units = unitsOf(options, tau);
  const chain = new Chain(kind === "mlp" ? [pair.stimulusShape.channels] : nirShape(pair.stimulusShape));
  for (const layer of pair.perception.slice(0, -1)) chain.layer(layer, stageOf(layer), units);
  chain.layer(pair.conceptDrive, "concept", units);
  const width = [pair.target.width];
  const { readout = "spikes" } = options;
  if (readout === "spikes") chain.add("concept", lifNode(width, threshold.concept ?? CONCEPT_THRESHOLD, units));
  if (readout === "membrane") chain.add("concept", liNode(width, units));
  return chain.close(width, {
    ...about(units, "perception", steps, data),
    ...inputNotes(model, stimulus, kind === "mlp"),
    readout,
    target_coding: target,
    target_size: targetSize,
    target_seed: seed,
    target_codes: Array.from(pair.target.bits),
    decision:
      "the class whose row of target_codes [class][neuron] has the highest cosine with the concept's spike counts; ties: the mean drive of the concept",
  });
}

/**
 * Recall of an image pair: the concept's spikes (a class's target code, held for all steps) in, the reconstructed stimulus at each step out; its mean over
 * time is what recall draws.
 *
 * @throws BispikeError "usage" where there is no recall, and for convolutional pairs, whose upsampling NIR cannot express
 * @example
 * await encodeNir(recallToNir(model));
 */
export function recallToNir(imageModel: ImageModel, options: NirOptions = {}): NirGraph {
  const model = spikingModel(imageModel, "a NIR graph");
  const { pair, data } = model;
  pair.assertRecalls();
  const { tau, steps } = pair.options;
  const units = unitsOf(options, tau);
  const chain = new Chain([pair.target.width]);
  // Of stages that the concept drives by itself, the lowest alone leads to the stimulus.
  const way = pair.options.recall === "broadcast" ? pair.recall.slice(0, 2) : pair.recall;
  for (const layer of way.toReversed()) chain.layer(layer, stageOf(layer), units);
  return chain.close(nirShape(pair.stimulusShape), {
    ...about(units, "recall", steps, data),
    target_codes: Array.from(pair.target.bits),
    input_values: "a class's row of target_codes [class][neuron], the same at every step",
    output_layout: "[height][width][channel], flattened",
    output_values:
      "mean over time of output_std * output + output_mean is in units of pixel / 255; a cosine loss leaves its scale free",
    output_mean: [...model.stimulusMean],
    output_std: [...model.stimulusScale],
  });
}

/**
 * A network of an autoencoder: the image in; out the reconstructed image at each step (fully connected ones), or the latent's spikes.
 *
 * @param options.network default perception
 * @param options.until "image" (default) or "latent", to which convolutional ones can be written: their way out upsamples
 * @throws BispikeError "usage" for what NIR cannot express
 * @example
 * const graph = autoencoderToNir(pair, model.data, { network: "recall", until: "latent" });
 */
export function autoencoderToNir(
  pair: AutoencoderPair,
  data: DataSummary,
  options: NirOptions & { readonly network?: Network; readonly until?: "image" | "latent" } = {},
): NirGraph {
  const { network = "perception", until = "image" } = options;
  const units = unitsOf(options, pair.options.tau);
  const path = pair.path(network);
  const layers = until === "latent" ? path.slice(0, pair.latent + 1) : path;
  const chain = new Chain(nirShape(pair.stimulusShape));
  for (const layer of layers) chain.layer(layer, stageOf(layer), units);
  const statistics = { stimulusMean: data.statistics.mean, stimulusScale: data.statistics.std };
  return chain.close(nirShape(layers.at(-1)!.synapses.shape), {
    ...about(units, `autoencoder ${network}`, pair.options.steps, data),
    ...inputNotes(statistics, "direct", pair.options.kind === "mlp"),
    until,
  });
}
