/**
 * Synapses, pooling and norm as operators: a value [rows][source] to the folded drive X [rows][shape]. A population of several pixels is a plane [C][H][W], one of one pixel is flat, whether
 * neurons or an image.
 */

import type { Layer } from "../nets/layer.ts";
import { pixelsOf, type Shape, sizeOf } from "../nets/shape.ts";
import { channelOf, type FoldedLayer, type FoldOptions, foldLayer } from "./folded.ts";
import type { Graph } from "./onnx-graph.ts";

/** X of a layer. Weights and bias are named after the layer. */
export function driveOf(graph: Graph, layer: FoldedLayer, value: string): string {
  return layer.convolution ? convolved(graph, layer, value) : connected(graph, layer, value);
}

/** Scales the rows of the weights and makes the bias that belongs to them. */
function scaled(graph: Graph, layer: FoldedLayer, scale: (channel: number) => number, dimensions: readonly number[]) {
  const { name, weight, bias, shift } = layer;
  const channel = channelOf(layer);
  const inputs = weight.length / bias.length;
  const weights = Float32Array.from(weight, (w, i) => w * scale(channel(Math.floor(i / inputs))));
  const biases = Float32Array.from(bias, (b, i) => b * scale(channel(i)) + shift[channel(i)]!);
  return [
    graph.floats(`${name}.weight`, dimensions, weights),
    graph.floats(`${name}.bias`, [biases.length], biases),
  ] as const;
}

function connected(graph: Graph, layer: FoldedLayer, value: string): string {
  const { name, source, shape, scale, weight, bias } = layer;
  const parameters = scaled(graph, layer, (c) => scale[c]!, [bias.length, weight.length / bias.length]);
  const rows = pixelsOf(source) > 1 ? graph.node("Flatten", [value], `${name}.inputs`, { axis: 1 }) : value;
  const drive = graph.node("Gemm", [rows, ...parameters], `${name}.drive`, { transB: 1 });
  if (pixelsOf(shape) === 1) return drive;
  return planeOf(graph, drive, shape, name);
}

function planeOf(graph: Graph, value: string, { height, width, channels }: Shape, name: string): string {
  return graph.node("Reshape", [value, graph.wholes([-1, channels, height, width])], `${name}.plane`);
}

function flatWhereOne(graph: Graph, plane: string, shape: Shape, name: string): string {
  return pixelsOf(shape) > 1 ? plane : graph.node("Flatten", [plane], `${name}.flat`, { axis: 1 });
}

/**
 * The engine takes the largest drive of each 2x2 pixels before the norm. A norm that turns a channel round (a negative scale) would have the smallest win if it were all folded into the
 * weights, so weights take the scale's size, and the sign comes after the pooling: s max(|s| z + sign b) with s = sign. Where no channel is turned there is no such step.
 */
function convolved(graph: Graph, layer: FoldedLayer, value: string): string {
  const { name, source, shape, scale } = layer;
  const { up, pool, stride, padding } = layer.convolution!;
  const signs = Float32Array.from(scale, (s) => (pool && s < 0 ? -1 : 1));
  const turned = signs.includes(-1);
  const unsigned = { ...layer, shift: layer.shift.map((s, c) => s * signs[c]!) };
  const dimensions = [shape.channels, source.channels, 3, 3];
  const parameters = scaled(graph, unsigned, (c) => scale[c]! * signs[c]!, dimensions);
  const attributes = { kernel_shape: [3, 3], strides: [stride, stride], pads: [padding, padding, padding, padding] };
  const plane = pixelsOf(source) > 1 ? value : planeOf(graph, value, source, name);
  const seen = up ? upsampled(graph, plane, name) : plane;
  const drive = graph.node("Conv", [seen, ...parameters], `${name}.drive`, attributes);
  if (!pool) return flatWhereOne(graph, drive, shape, name);
  const largest = graph.node("MaxPool", [drive], `${name}.largest`, { kernel_shape: [2, 2], strides: [2, 2] });
  if (!turned) return flatWhereOne(graph, largest, shape, name);
  const factors = graph.floats(`${name}.sign`, [1, shape.channels, 1, 1], signs);
  return flatWhereOne(graph, graph.node("Mul", [largest, factors], `${name}.turned`), shape, name);
}

/** Each pixel four times. */
function upsampled(graph: Graph, value: string, name: string): string {
  const scales = graph.floats(`${name}.scales`, [4], [1, 1, 2, 2]);
  return graph.node("Resize", [value, "", scales], `${name}.upsampled`, {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}

// Leaky integrate-and-fire neurons as operators, over the steps of one run of the graph:
//
// hidden stages   H = (1 - 1/tau) V + X              X is folded with 1 / tau, as the kernels have it
// the concept's   H = V + (z - V) / tau
// S = H >= threshold,  V = H where S is 0, else 0
//
// Values of several steps lie one step after the other in the first axis, [T rows][...], so that synapses see them all at once; at every step the same ones ("held") lie there once.

/** What goes from stage to stage. */
export interface Signal {
  /** [T N][...], or held [N][...]. */
  readonly value: string;
  readonly held: boolean;
}

export interface NeuronOptions {
  readonly name: string;
  readonly tau: number;
  readonly threshold: number;
  /** Hidden stages' drives are folded with 1 / tau, the concept's is not. */
  readonly folded: boolean;
  /** T of this graph: all steps of a sample, or 1. */
  readonly steps: number;
  /** V of the step before; zeros where absent. */
  readonly membrane?: string;
}

export interface FiredNeurons {
  /** 0 and 1 as floats. */
  readonly spikes: Signal;
  /** V after the last step. */
  readonly membrane: string;
}

/** The smallest single-precision number that is not below a threshold: single-precision potentials that reach one reach the other. */
export function singleAtLeast(threshold: number): number {
  const single = Math.fround(threshold);
  if (single >= threshold) return single;
  const bits = new Uint32Array(1);
  const view = new Float32Array(bits.buffer);
  view[0] = single;
  bits[0]! += 1;
  return view[0]!;
}

export function fire(graph: Graph, drive: Signal, options: NeuronOptions): FiredNeurons {
  const { name, steps } = options;
  const drives = eachStep(graph, drive, steps, `${name}.drive`);
  // The kernels round a threshold to single precision; the concept's potentials are compared with it as it is.
  const threshold = graph.scalar(options.folded ? Math.fround(options.threshold) : singleAtLeast(options.threshold));
  const zero = graph.scalar(0);
  let membrane = options.membrane;
  const spikes: string[] = [];
  for (const [t, x] of drives.entries()) {
    const at = `${name}.t${t + 1}`;
    const charged = charge(graph, x, membrane, options, at);
    const fired = graph.node("GreaterOrEqual", [charged, threshold], `${at}.fired`);
    membrane = graph.node("Where", [fired, zero, charged], `${at}.membrane`);
    spikes.push(graph.cast(fired, "float", `${at}.spikes`));
  }
  const value = spikes.length === 1 ? spikes[0]! : graph.node("Concat", spikes, `${name}.trains`, { axis: 0 });
  return { spikes: { value, held: steps === 1 }, membrane: membrane! };
}

/** H. */
function charge(graph: Graph, x: string, before: string | undefined, options: NeuronOptions, at: string): string {
  const { tau, folded } = options;
  if (folded) {
    if (before === undefined) return x;
    const kept = graph.node("Mul", [before, graph.scalar(1 - Math.fround(1 / tau))], `${at}.kept`);
    return graph.node("Add", [kept, x], `${at}.charged`);
  }
  const distance = before === undefined ? x : graph.node("Sub", [x, before], `${at}.distance`);
  const step = graph.node("Div", [distance, graph.scalar(tau)], `${at}.step`);
  return before === undefined ? step : graph.node("Add", [before, step], `${at}.charged`);
}

/** The values of each step. */
function eachStep(graph: Graph, { value, held }: Signal, steps: number, wish: string): readonly string[] {
  if (held) return Array<string>(steps).fill(value);
  const wishes = Array.from({ length: steps }, (_, t) => `${wish}.t${t + 1}`);
  return graph.nodeOf("Split", [value], wishes, { axis: 0 });
}

/** The mean over the steps, [N][...]; a value that is held is its own. */
export function overSteps(
  graph: Graph,
  { value, held }: Signal,
  how: "mean" | "sum",
  { steps, sizes, name }: { steps: number; sizes: readonly number[]; name: string },
): string {
  if (held) {
    return how === "mean" || steps === 1 ? value : graph.node("Mul", [value, graph.scalar(steps)], `${name}.sum`);
  }
  const apart = graph.node("Reshape", [value, graph.wholes([steps, -1, ...sizes])], `${name}.apart`);
  if (how === "mean") return graph.node("ReduceMean", [apart], `${name}.mean`, { axes: [0], keepdims: 0 });
  return graph.node("ReduceSum", [apart, graph.wholes([0])], `${name}.sum`, { keepdims: 0 });
}

/** Spikes as a user of the file sees them: uint8, [N][T][...] of several steps, [N][...] of one. */
export function shownSpikes(
  graph: Graph,
  { value }: Signal,
  { steps, sizes, name }: { steps: number; sizes: readonly number[]; name: string },
): string {
  const small = graph.cast(value, "uint8", `${name}.small`);
  if (steps === 1) return small;
  const apart = graph.node("Reshape", [small, graph.wholes([steps, -1, ...sizes])], `${name}.by.step`);
  const perm = [1, 0, ...sizes.map((_, axis) => axis + 2)];
  return graph.node("Transpose", [apart], `${name}.by.image`, { perm });
}

// Spiking stages of either network as operators, with their membranes as inputs and outputs where a graph has one step.

/** Sizes of a population but for its images: [C][H][W], or [units] where it is flat. */
export function sizesOf(shape: Shape): readonly number[] {
  return shape.height * shape.width === 1 ? [sizeOf(shape)] : [shape.channels, shape.height, shape.width];
}

export interface StageOptions {
  /** T of a sample, for what is said of it. */
  readonly steps: number;
  /** Of the graph: T, or 1. */
  readonly graphSteps: number;
  /** Whether membranes go in and out. */
  readonly stateful: boolean;
  /** Whether spikes are outputs. */
  readonly spikes: boolean;
  readonly tau: number;
}

/** Builds stages one after the other. */
export class Stages {
  readonly graph: Graph;
  readonly options: StageOptions;
  /** Inputs that are state, and the outputs with their next values. */
  readonly states: Record<string, string> = {};
  /** Outputs are declared last, state after results. */
  readonly #later: (() => void)[] = [];

  constructor(graph: Graph, options: StageOptions) {
    this.graph = graph;
    this.options = options;
  }

  /** The folded drive of a layer that neurons or a read-out see. */
  drive(layer: Layer, source: Signal, fold: FoldOptions): Signal {
    return { ...source, value: driveOf(this.graph, foldLayer(layer, fold), source.value) };
  }

  /** A hidden stage. */
  hidden(layer: Layer, source: Signal, fold: FoldOptions): Signal {
    const { tau } = this.options;
    const drive = this.drive(layer, source, { ...fold, gain: Math.fround(1 / tau) });
    return this.neurons(layer.name.replace(/^.*\./, ""), drive, layer.synapses.shape, layer.neurons!.threshold, true);
  }

  /** Neurons under a drive. `folded`: see `fire`. */
  neurons(name: string, drive: Signal, shape: Shape, threshold: number, folded: boolean): Signal {
    const { graph } = this;
    const { tau, graphSteps: steps, steps: all, stateful, spikes: shown } = this.options;
    const sizes = sizesOf(shape);
    const membrane = stateful
      ? this.state(
          `${name}.membrane`,
          sizes,
          `membrane potential of ${name} before the step; zeros at a sample's start`,
        )
      : undefined;
    const fired = fire(graph, drive, {
      name,
      tau,
      threshold,
      folded,
      steps,
      ...(membrane ? { membrane: membrane.name } : {}),
    });
    membrane?.next(fired.membrane);
    if (shown) {
      const dimensions = steps === 1 && stateful ? ["N", ...sizes] : ["N", all, ...sizes];
      const value = shownSpikes(graph, fired.spikes, { steps, sizes, name });
      // A graph of all steps of a sample that has one still gives the axis of steps.
      const spikes =
        !stateful && steps === 1
          ? graph.node("Reshape", [value, graph.wholes([-1, 1, ...sizes])], `${name}.one.step`)
          : value;
      const about = `spikes of ${name}, 0 or 1${stateful ? ", at this step" : ", step by step"}`;
      this.#later.push(() => graph.output({ name: `${name}.spikes`, element: "uint8", dimensions, about }, spikes));
    }
    return fired.spikes;
  }

  /** A value that goes from run to run: the input's name, and what takes its next value. */
  state(name: string, sizes: readonly number[], about: string): { name: string; next: (value: string) => void } {
    const dimensions = ["N", ...sizes];
    this.graph.input({ name, element: "float", dimensions, about });
    const next = `${name}.next`;
    this.states[name] = next;
    return {
      name,
      next: (value) => {
        this.#later.push(() =>
          this.graph.output({ name: next, element: "float", dimensions, about: `${name} for the next step` }, value),
        );
      },
    };
  }

  /** Declares the outputs of spikes and state; after all others. */
  finish(): void {
    for (const declare of this.#later) declare();
  }
}
