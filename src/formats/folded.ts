/**
 * A layer as other formats have it: weights in plain order, and the norm of evaluation folded into what follows the synapses,
 *
 *   X = scale z + shift,  scale = gain gamma / sqrt(var + eps),  shift = gain (beta - mean gamma / sqrt(var + eps))
 *
 * with the running statistics. Planes are given channels first, [C][H][W], as other tools have them; the engine's are [H][W][C].
 */
import { NORM_EPSILON } from "../nets/norm.ts";
import type { ParameterGroup } from "../nets/parameters.ts";
import { pixelsOf, type Shape, sizeOf } from "../nets/shape.ts";
import type { ConvGeometry, Synapses } from "../nets/synapses.ts";

/** What is folded: a spiking layer, a real one, or a read-out. */
export interface FoldableLayer {
  readonly name: string;
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  readonly norm: {
    readonly enabled: boolean;
    readonly runningMean: { readonly view: Float32Array };
    readonly runningVariance: { readonly view: Float32Array };
  };
}

export interface FoldedLayer {
  readonly name: string;
  /** Shapes of what is read and of the drive, after pooling. A flat population that is an image all the same has the image's shape. */
  readonly source: Shape;
  readonly shape: Shape;
  /** Full connections: [C H W of the shape][C H W of the source]. Convolutions: [C][source C][3][3]. */
  readonly weight: Float64Array;
  /** One number an output: C H W of the shape, or C of a convolution. */
  readonly bias: Float64Array;
  /** Of the norm and the gain, one a channel. */
  readonly scale: Float64Array;
  readonly shift: Float64Array;
  /** Absent for full connections. */
  readonly convolution?: ConvGeometry;
}

export interface FoldOptions {
  /** What the drive is multiplied with: 1 / tau for neurons. Default 1. */
  readonly gain?: number;
  /** The shape of a flat source that is an image, or of a flat drive without norm that is one. */
  readonly source?: Shape;
  readonly shape?: Shape;
}

/** Places of a plane's values: place[c * pixels + p] = p * channels + c. */
function channelsFirst(shape: Shape): Int32Array {
  const pixels = pixelsOf(shape);
  const { channels } = shape;
  return Int32Array.from({ length: sizeOf(shape) }, (_, i) => (i % pixels) * channels + Math.floor(i / pixels));
}

export function foldLayer(layer: FoldableLayer, options: FoldOptions = {}): FoldedLayer {
  const { name, synapses, group, norm } = layer;
  const { gain = 1, source = synapses.source.shape, shape = synapses.shape } = options;
  const { channels } = shape;
  const plain = plainReader(synapses, group);
  const convolution = synapses.wiring === "full" ? undefined : synapses.wiring;
  const scale = new Float64Array(channels).fill(gain);
  const shift = new Float64Array(channels);
  if (norm.enabled) {
    const [gamma, beta] = [group.view("gamma"), group.view("beta")];
    for (let c = 0; c < channels; c++) {
      const factor = gamma[c]! / Math.sqrt(norm.runningVariance.view[c]! + NORM_EPSILON);
      scale[c] = gain * factor;
      shift[c] = gain * (beta[c]! - norm.runningMean.view[c]! * factor);
    }
  }
  const base = { name, source, shape, scale, shift };
  if (convolution) {
    const taps = { height: 3, width: 3, channels: source.channels };
    const weight = reordered(plain("weight"), channelsFirst(flatOf(channels)), channelsFirst(taps));
    return { ...base, weight, bias: Float64Array.from(plain("bias")), convolution };
  }
  const rows = channelsFirst(shape);
  const weight = reordered(plain("weight"), rows, channelsFirst(source));
  return { ...base, weight, bias: reordered(plain("bias"), rows, Int32Array.of(0)) };
}

const flatOf = (channels: number): Shape => ({ height: 1, width: 1, channels });

/** A block's plain values; zeros for a bias that is not there. */
function plainReader(synapses: Synapses, group: ParameterGroup): (block: "weight" | "bias") => Float32Array {
  return (block) => {
    const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
    if (group.has(block)) synapses.unpack(block, group.view(block), plain);
    return plain;
  };
}

/** Rows and columns of a matrix in another order. */
function reordered(matrix: Float32Array, rows: Int32Array, columns: Int32Array): Float64Array {
  const width = columns.length;
  const out = new Float64Array(rows.length * width);
  for (const [r, row] of rows.entries())
    for (let c = 0; c < width; c++) out[r * width + c] = matrix[row * width + columns[c]!]!;
  return out;
}

/** Channel of each output: of C H W values, or of a convolution's C. */
export function channelOf({ shape, bias }: FoldedLayer): (output: number) => number {
  const each = bias.length / shape.channels;
  return (output) => Math.floor(output / each);
}
