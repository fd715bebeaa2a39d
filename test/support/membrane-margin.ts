/**
 * How near the membranes of a run came to their thresholds, in float64 and in units of rounding: where none came within rounding, every right implementation has the same spikes, in whatever
 * order it adds up. Membranes are followed along the engine's own spikes (which reset them and drive the stage above).
 */
import { ConvSynapses } from "../../src/nets/conv.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { NetworkPair } from "../../src/nets/pair.ts";
import { type Shape, sizeOf } from "../../src/nets/shape.ts";
import { convForward, convOutputSize } from "../reference/conv.ts";
import { lifForward } from "../reference/lif.ts";
import { linearForward } from "../reference/linear.ts";
import { channelsFirst, spikesOf } from "./onnx-model.ts";

/** Values as [step][channel][pixel], of one image. */
type Rows = Float64Array;

/** Unit roundoff of single precision. */
const UNIT = 2 ** -24;

type Read = (name: string) => Float32Array | undefined;

/**
 * The least |H - threshold| of each image over perception's hidden stages, in units of single precision's roundoff of the sum of |terms| that H is made of.
 *
 * @param stimulus [image][channel][pixel] of the frame, as the first synapses read it
 */
export function perceptionMargins(pair: NetworkPair, stimulus: Float32Array, images: number): Float64Array {
  const tensors = new Map([...pair.slots(false)].map((slot) => [slot.name, slot.read()]));
  const { steps, image, tau } = pair.options;
  const least = new Float64Array(images).fill(Number.POSITIVE_INFINITY);
  let below: Rows = Float64Array.from(stimulus);
  let source: Shape = image;
  for (const layer of pair.perception.slice(0, -1)) {
    const read: Read = (block) => tensors.get(`${layer.name}.${block}`);
    const rows = below.length / sizeOf(source);
    const drive = drives(layer, read, { x: below, source, rows, sizes: false });
    const terms = drives(layer, read, { x: below, source, rows, sizes: true });
    const fired = Float64Array.from(spikesOf(layer.output!, images));
    for (let b = 0; b < images; b++) {
      const of = (all: Rows) => all.subarray((b * all.length) / images, ((b + 1) * all.length) / images);
      const near = nearest(layer, { drive: of(drive), terms: of(terms), fired: of(fired), steps, tau });
      least[b] = Math.min(least[b]!, near);
    }
    below = fired;
    source = layer.synapses.shape;
  }
  return least;
}

interface Below {
  readonly x: Rows;
  readonly source: Shape;
  readonly rows: number;
  /** Sums of the sizes of terms in place of sums. */
  readonly sizes: boolean;
}

/** X of the rows, or the sum of its terms' sizes. */
function drives(layer: Layer, read: Read, below: Below): Rows {
  const { sizes } = below;
  const { shape } = layer.synapses;
  const size = (values: ArrayLike<number>): Rows => {
    const out = Float64Array.from(values);
    if (sizes) for (let i = 0; i < out.length; i++) out[i] = Math.abs(out[i]!);
    return out;
  };
  const z = synapsesOf(layer, { weight: read("weight")!, bias: read("bias") }, { ...below, x: size(below.x), size });
  if (!layer.norm.enabled) return z;
  const [gamma, beta] = [read("norm.gamma")!, read("norm.beta")!];
  const [mean, variance] = [read("norm.mean")!, read("norm.variance")!];
  const pixels = shape.height * shape.width;
  for (let i = 0; i < z.length; i++) {
    const c = Math.floor(i / pixels) % shape.channels;
    const scale = gamma[c]! / Math.sqrt(variance[c]! + 1e-5);
    const moved = mean[c]! * scale;
    z[i] = sizes ? Math.abs(scale) * z[i]! + Math.abs(moved) + Math.abs(beta[c]!) : scale * z[i]! - moved + beta[c]!;
  }
  return z;
}

function synapsesOf(
  { synapses }: Layer,
  { weight, bias }: { weight: Float32Array; bias: Float32Array | undefined },
  { x, source, rows, size }: Below & { size: (values: ArrayLike<number>) => Rows },
): Rows {
  const { shape } = synapses;
  const outputs = shape.channels;
  const biases = size(bias ?? new Float32Array(outputs));
  if (!(synapses instanceof ConvSynapses)) {
    const columns = size(channelsFirst(weight, outputs, source));
    return linearForward(x, rows, columns, biases, { inputs: sizeOf(source), outputs });
  }
  const { channels: channelsIn, height, width } = source;
  const taps = size(channelsFirst(weight, outputs, { height: 3, width: 3, channels: channelsIn }));
  const { stride, padding } = synapses.wiring;
  const convolution = { channelsIn, channelsOut: outputs, height, width, kernel: 3, stride, padding };
  const plane = convForward(x, rows, taps, biases, convolution);
  const { height: high, width: wide } = convOutputSize(convolution);
  return Float64Array.from({ length: rows * sizeOf(shape) }, (_, i) => {
    const row = Math.floor(i / shape.width);
    const at = (Math.floor(row / shape.height) * high + 2 * (row % shape.height)) * wide + 2 * (i % shape.width);
    return Math.max(plane[at]!, plane[at + 1]!, plane[at + wide]!, plane[at + wide + 1]!);
  });
}

interface Course {
  readonly drive: Rows;
  readonly terms: Rows;
  readonly fired: Rows;
  readonly steps: number;
  readonly tau: number;
}

/** The least distance of one stage and image. A drive of one row is held. */
function nearest({ synapses, neurons }: Layer, { drive, terms, fired, steps, tau }: Course): number {
  const size = sizeOf(synapses.shape);
  const { threshold } = neurons!;
  const held = (rows: Rows) =>
    rows.length === size ? Float64Array.from({ length: steps * size }, (_, i) => rows[i % size]!) : rows;
  const options = { tau, theta: threshold };
  const h = lifForward(held(drive), size, options, undefined, fired).membrane;
  const scale = lifForward(held(terms), size, options, undefined, fired).membrane;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < h.length; i++) {
    least = Math.min(least, Math.abs(h[i]! - threshold) / (UNIT * (scale[i]! + threshold)));
  }
  return least;
}

/** [image][channel][pixel] of the pair's stimulus rows. */
export function stimulusOf(pair: NetworkPair, images: number): Float32Array {
  const { image } = pair.options;
  const size = sizeOf(image);
  const rows = Float32Array.from({ length: images * size }, (_, i) => {
    return pair.stimulus.view[Math.floor(i / size) * pair.stimulusWidth + (i % size)]!;
  });
  return channelsFirst(rows, images, image);
}
