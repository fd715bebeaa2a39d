/**
 * The description of a net: a list of layer specs. Nets are built from it (`build.ts`), and whoever wants to know what a net looks like walks it.
 *
 * Stages are numbered from 1, the stimulus. `perception` leads up: its layer of stage i reads stage i - 1. `recall` leads down: its layer of stage i reads stage i + 1, or the
 * target. `mirror` derives recall from perception.
 */
import type { Pooling } from "./neuron.ts";
import { flat, pixelsOf, type Shape, sizeOf } from "./shape.ts";

/** One of the two networks of a pair. */
export type Side = "perception" | "recall";

/** How a layer is connected to what it reads. */
export type SynapsesSpec =
  | { readonly kind: "linear" }
  /** Synapses that `registerLayerKind` gave a name, with options of theirs: plain data, as a spec is. */
  | { readonly kind: `own:${string}`; readonly options?: Readonly<Record<string, unknown>> }
  | {
      /** 3x3 convolution. */
      readonly kind: "conv";
      /** 1 or 2. Default 1. */
      readonly stride?: number;
      /** Pixels of zeros around the input, 0 to 2. Default 1. */
      readonly padding?: number;
      /** Max-pool the drive 2x2. Default false. */
      readonly pool?: boolean;
      /** Upsample the input x2 (nearest) first. Default false. */
      readonly upsample?: boolean;
      /** Average the input over time before the product; a read-out of spikes may. Default false. */
      readonly averaged?: boolean;
    };

/** What hidden units of a net without spikes do with their drive X: max(0, X); tanh X; X, or e^X - 1 where X < 0. */
export type Activation = "relu" | "tanh" | "elu";

/** What turns a drive into a layer's output. A read-out has no output: its drive is the result. */
export type UnitsSpec =
  | { readonly kind: "lif"; readonly tau: number; readonly threshold: number }
  | { readonly kind: Activation }
  | { readonly kind: "readout" };

/** One layer. Its name, `<name of the network>.stage<stage>`, names its tensors and keys the draws of its weights. */
export interface LayerSpec {
  readonly stage: number;
  /** The stage it reads. */
  readonly from: number | "stimulus" | "target";
  /** Shape of its drive, after pooling. */
  readonly shape: Shape;
  readonly synapses: SynapsesSpec;
  /** Synapses from the element before (forward) or after (backward) in a sequence. Default: none. */
  readonly recurrent?: "forward" | "backward";
  readonly bias: boolean;
  /** Statistics of the norm: over a batch, or over each position of a window. */
  readonly norm: "none" | "batch" | "position";
  readonly units: UnitsSpec;
  /** Pool the features of a plane to `side` x `side` cells. Default: features are the neurons'. */
  readonly cells?: { readonly side: number; readonly pooling: Pooling };
  /** Weights and biases from the layer below start uniform within this. Default 1 / sqrt(fan-in). */
  readonly bound?: number;
}

/** Two nets with the same stages. */
export interface PairSpec {
  /** T, the time steps of a sample or an element; 1 for nets without spikes. */
  readonly steps: number;
  /** What layers' names begin with. */
  readonly names: Readonly<Record<Side, string>>;
  readonly stimulus: Shape;
  /** From stage 2 up. */
  readonly perception: readonly LayerSpec[];
  /** From stage 1 up. */
  readonly recall: readonly LayerSpec[];
}

/** What a rule wants of a pair; it decides which memory is shared. */
export interface Needs {
  /** Whether there is a recall network. */
  readonly recall: boolean;
  /** Perception keeps the drives of all its layers until the step's end; without, they share one room. */
  readonly drives: boolean;
  /** All layers keep their gradients until the step's end; without, they share one room. */
  readonly gradients: boolean;
  /** The stages at hand, both included. Default: all. */
  readonly part?: { readonly first: number; readonly last: number };
}

/** A layer's connections, of which `chain` makes specs. */
export type Connections =
  | ({ readonly shape: Shape } & Exclude<SynapsesSpec, { kind: "conv" }>)
  | (Extract<SynapsesSpec, { kind: "conv" }> & { readonly channels: number });

/** What the hidden layers of a net have in common. */
export interface HiddenSpec {
  readonly norm: LayerSpec["norm"];
  readonly units: UnitsSpec;
  readonly recurrent?: "forward" | "backward";
  readonly cells?: { readonly side: number; readonly pooling: Pooling };
}

/** A layer's name. */
export function layerName(spec: PairSpec, side: Side, stage: number): string {
  return `${spec.names[side]}.stage${stage}`;
}

/**
 * Perception's layers, from stage 2 up, each on the one below; the last is a read-out.
 *
 * @example
 * chain(flat(784), [{ kind: "linear", shape: flat(512) }, { kind: "linear", shape: flat(10) }], { norm: "batch", units: { kind: "relu" } });
 */
export function chain(stimulus: Shape, connections: readonly Connections[], hidden: HiddenSpec): LayerSpec[] {
  let below = stimulus;
  return connections.map((own, k) => {
    const shape = shapeOver(below, own);
    below = shape;
    const from = k === 0 ? "stimulus" : k + 1;
    const synapses = synapsesOf(own);
    return k < connections.length - 1
      ? hiddenLayer({ stage: k + 2, from, shape, synapses }, hidden)
      : readout({ stage: k + 2, from, shape, synapses });
  });
}

/** What `mirror` cannot take from perception. */
export interface MirrorOptions {
  /** Shape of the stimulus, which recall's stage 1 reconstructs. */
  readonly stimulus: Shape;
  /** Units of recall's hidden stages. */
  readonly units: UnitsSpec;
  /** What drives hidden stages: the stage above (chain) or the target (broadcast). Default chain. */
  readonly paths?: "chain" | "broadcast";
  /** Recurrent synapses of hidden stages. Default: none. */
  readonly recurrent?: "backward";
  /** Whether a convolution that reconstructs the stimulus averages over time first. Default false. */
  readonly averaged?: boolean;
}

/**
 * Recall's layers, from stage 1 up, each from the stage above: perception's connections the other way round. What halves a plane going up doubles it going down.
 *
 * @example
 * mirror(perception, { stimulus: flat(784), units: { kind: "lif", tau: 2, threshold: 0.6 } });
 */
export function mirror(perception: readonly LayerSpec[], options: MirrorOptions): LayerSpec[] {
  const { stimulus, units, paths = "chain", recurrent, averaged = false } = options;
  return perception.map((up, k) => {
    const stage = k + 1;
    const own = perception[k - 1];
    const shape = own?.shape ?? stimulus;
    const last = k === perception.length - 1;
    const from = last || (own && paths === "broadcast") ? "target" : stage + 1;
    const synapses = from === "target" && !last ? ({ kind: "linear" } as const) : opposite(up.synapses);
    if (!own) {
      const reconstructed = averaged && synapses.kind === "conv" ? { ...synapses, averaged } : synapses;
      return readout({ stage, from, shape, synapses: reconstructed });
    }
    const { norm, cells } = own;
    return hiddenLayer(
      { stage, from, shape, synapses },
      {
        norm,
        units,
        ...(recurrent ? { recurrent } : {}),
        // Recall is compared by the means of its cells, whatever perception is compared by.
        ...(cells ? { cells: { side: cells.side, pooling: "mean" as const } } : {}),
      },
    );
  });
}

type Wiring = Pick<LayerSpec, "stage" | "from" | "shape" | "synapses">;

function hiddenLayer(wiring: Wiring, hidden: HiddenSpec): LayerSpec {
  // A norm takes a bias away again, unless one norm serves many pixels with a bias each.
  const ownBiases = wiring.synapses.kind === "linear" && pixelsOf(wiring.shape) > 1;
  return { ...wiring, ...hidden, bias: hidden.norm === "none" || ownBiases };
}

function readout(wiring: Wiring): LayerSpec {
  return { ...wiring, bias: true, norm: "none", units: { kind: "readout" } };
}

function opposite(synapses: SynapsesSpec): SynapsesSpec {
  if (synapses.kind !== "conv") return synapses;
  if (synapses.upsample) return { kind: "conv", stride: 2 };
  return synapses.pool || synapses.stride === 2 ? { kind: "conv", upsample: true } : { kind: "conv" };
}

function synapsesOf(connections: Connections): SynapsesSpec {
  if (connections.kind !== "conv") {
    const { shape: _, ...synapses } = connections;
    return synapses;
  }
  const { channels: _, ...synapses } = connections;
  return synapses;
}

function shapeOver(below: Shape, connections: Connections): Shape {
  if (connections.kind !== "conv") return connections.shape;
  const { channels, stride = 1, padding = 1, pool = false, upsample = false } = connections;
  const side = (size: number) => {
    const convolved = Math.floor(((upsample ? 2 * size : size) + 2 * padding - 3) / stride) + 1;
    return pool ? convolved >> 1 : convolved;
  };
  return { height: side(below.height), width: side(below.width), channels };
}

/** Shape of a stage: the stimulus's (1), or that of perception's layer. */
export function stageShape(spec: PairSpec, stage: number): Shape {
  return spec.perception[stage - 2]?.shape ?? spec.stimulus;
}

/** Shape of what a layer reads. */
export function inputShape(spec: PairSpec, { from }: LayerSpec): Shape {
  if (typeof from === "number") return stageShape(spec, from);
  return from === "stimulus" ? spec.stimulus : stageShape(spec, spec.perception.length + 1);
}

/** Numbers a layer without recurrent synapses learns, and connections of one step: weights times the places they are used at, before pooling. */
export function layerSize({ synapses, shape, bias, norm }: LayerSpec, inputs: Shape) {
  const conv = synapses.kind === "conv";
  const weights = conv ? 9 * inputs.channels * shape.channels : sizeOf(inputs) * sizeOf(shape);
  const places = conv ? pixelsOf(shape) * (synapses.pool ? 4 : 1) : 1;
  const biases = bias ? (conv ? shape.channels : sizeOf(shape)) : 0;
  return { weights, biases, norms: norm === "none" ? 0 : 2 * shape.channels, connections: weights * places };
}

/** What reads the spikes of a stage among the layers of one network. */
export function readerOf(layers: readonly LayerSpec[], stage: LayerSpec["from"]): "linear" | "conv" | "none" {
  const reader = layers.find(({ from }) => from === stage);
  if (!reader) return "none";
  return reader.synapses.kind === "conv" ? "conv" : "linear";
}

/** Flat populations, one after the other. @example dense([512, 256]) */
export function dense(widths: readonly number[]): Connections[] {
  return widths.map((width) => ({ kind: "linear", shape: flat(width) }));
}
