/**
 * A stack of layers written once more in the tests' autodiff: the engine's parameters and input in, drives, norms, neurons and the read-out's mean drive as values to go back
 * from. Everything is channels last, as the engine's plain order is.
 */
import { ConvSynapses } from "../../src/network/conv.ts";
import { NORM_EPSILON } from "../../src/network/norm.ts";
import type { ParameterGroup } from "../../src/network/parameters.ts";
import { type Shape, sizeOf } from "../../src/network/shape.ts";
import type { Synapses } from "../../src/network/synapses.ts";
import * as ad from "./autodiff.ts";

/** What of an engine's layer its plain twin is built from. */
export interface Parts {
  readonly name: string;
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  /** The plane below, where it is upsampled before the synapses read it. */
  readonly below?: Shape;
}

export interface PlainParameters {
  readonly weight: ad.Value;
  readonly bias?: ad.Value;
  readonly gamma?: ad.Value;
  readonly beta?: ad.Value;
}

/** A layer's parameters as values, in plain order. */
export function parametersOf({ synapses, group }: Parts): PlainParameters {
  const block = (name: string) => ad.variable(plainBlock(synapses, group, name, "parameters"));
  return {
    weight: block("weight"),
    ...(group.has("bias") ? { bias: block("bias") } : {}),
    ...(group.has("gamma") ? { gamma: block("gamma"), beta: block("beta") } : {}),
  };
}

/** A block of a group, or its gradient, in plain order. */
export function plainBlock(
  synapses: Synapses,
  group: ParameterGroup,
  block: string,
  of: "parameters" | "gradients",
): Float32Array {
  const packed = group.view(block, group[of]);
  if (block === "gamma" || block === "beta") return packed.slice(0, synapses.shape.channels);
  const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
  synapses.unpack(block, packed, plain);
  return plain;
}

/** Drives [rows][units] of inputs [rows][inputs]. */
export function driveOf({ synapses, below }: Parts, { weight, bias }: PlainParameters, x: ad.Value, rows: number) {
  if (synapses instanceof ConvSynapses)
    return convolved(synapses, below ?? synapses.source.shape, weight, bias, x, rows);
  const units = sizeOf(synapses.shape);
  const product = ad.products(x, weight, synapses.fanIn);
  if (!bias) return product;
  return ad.add(
    product,
    ad.gather(bias, rows * units, (i) => i % units),
  );
}

function convolved(
  synapses: ConvSynapses,
  below: Shape,
  weight: ad.Value,
  bias: ad.Value | undefined,
  x: ad.Value,
  rows: number,
): ad.Value {
  const { pool, stride, padding, outHeight, outWidth } = synapses.geometry;
  const { channels } = below;
  const up = synapses.geometry.up === 1 || below.height < synapses.source.shape.height ? 2 : 1;
  const units = synapses.shape.channels;
  const outputs = outHeight * outWidth;
  const window = 9 * channels;
  const windows = ad.gather(x, rows * outputs * window, (i) => {
    const [c, kx, ky] = [i % channels, Math.floor(i / channels) % 3, Math.floor(i / channels / 3) % 3];
    const [o, row] = [Math.floor(i / window) % outputs, Math.floor(i / window / outputs)];
    const y = Math.floor(o / outWidth) * stride + ky - padding;
    const column = (o % outWidth) * stride + kx - padding;
    if (y < 0 || column < 0 || y >= below.height * up || column >= below.width * up) return -1;
    return ((row * below.height + Math.floor(y / up)) * below.width + Math.floor(column / up)) * channels + c;
  });
  let z = ad.products(windows, weight, window);
  if (bias) {
    const offsets = ad.gather(bias, z.values.length, (i) => i % units);
    z = ad.add(z, offsets);
  }
  if (!pool) return z;
  const { height, width } = synapses.shape;
  const corner = (q: number) =>
    ad.gather(z, rows * height * width * units, (i) => {
      const [u, px, py] = [i % units, Math.floor(i / units) % width, Math.floor(i / units / width) % height];
      const row = Math.floor(i / units / width / height);
      return ((row * outHeight + 2 * py + (q >> 1)) * outWidth + 2 * px + (q & 1)) * units + u;
    });
  return ad.larger(ad.larger(ad.larger(corner(0), corner(1)), corner(2)), corner(3));
}

/** Batch norm of the training pass, per channel, with the batch's own mean and biased variance; x as it is where there is no norm. */
export function normed({ synapses }: Parts, { gamma, beta }: PlainParameters, z: ad.Value): ad.Value {
  if (!gamma || !beta) return z;
  const { channels } = synapses.shape;
  const { length } = z.values;
  const spread = (v: ad.Value) => ad.gather(v, length, (i) => i % channels);
  const mean = (v: ad.Value) =>
    ad.affine(
      ad.gatherSums(v, channels, (i) => i % channels),
      channels / length,
    );
  const centred = ad.subtract(z, spread(mean(z)));
  const inverse = ad.inverseRoot(ad.affine(mean(ad.multiply(centred, centred)), 1, NORM_EPSILON));
  return ad.add(ad.multiply(ad.multiply(centred, spread(inverse)), spread(gamma)), spread(beta));
}

/** Mean over time of rows [image][step][units]. */
export function timeMean(x: ad.Value, steps: number, units: number): ad.Value {
  const images = x.values.length / steps / units;
  const total = ad.gatherSums(x, images * units, (i) => Math.floor(i / units / steps) * units + (i % units));
  return ad.affine(total, 1 / steps);
}

/** Rounding of a float32 sum of a few terms, relative to their size. */
const ROUNDING = 8 * 2 ** -24;

/**
 * How far float32 may be off, absolutely: rounding is relative to what goes into a sum, not to what is left of it (a norm with few rows leaves next to nothing of its gradient), and
 * goes on from layer to layer as independent errors do, by the root of a sum of squares.
 */
export interface Allowance {
  /** Of any entry of dL/d(what the layer reads). */
  readonly below: number;
  /** Of any of the layer's gradients. */
  readonly gradients: number;
}

/** @param inherited allowance of dL/dX, from the layer above through the neuron */
export function allowance(
  { synapses }: Parts,
  { weight, gamma }: PlainParameters,
  z: ad.Value,
  x: ad.Value,
  inherited: number,
): Allowance {
  const { channels } = synapses.shape;
  const rows = z.values.length / channels;
  let [error, sums, standard] = [0, 0, 1];
  for (let c = 0; c < channels; c++) {
    let [mean, square, total, most, size] = [0, 0, 0, 0, 0];
    for (let i = c; i < z.values.length; i += channels) mean += z.values[i]! / rows;
    for (let i = c; i < z.values.length; i += channels) {
      square += (z.values[i]! - mean) ** 2 / rows;
      total += Math.abs(x.gradient[i]!);
      most = Math.max(most, Math.abs(x.gradient[i]!));
      size = Math.max(size, Math.abs(z.values[i]!));
    }
    const inverse = gamma ? 1 / Math.sqrt(square + NORM_EPSILON) : 1;
    const slope = gamma ? Math.max(1, Math.abs(gamma.values[c]!) * inverse) : 1;
    // A drive that varies little about a large mean is known, once normed, to the mean's digits; so is a surrogate's slope there, which is steep by at most a few times itself.
    const rounding = ROUNDING * (1 + (gamma ? 5 * slope * size : 0));
    error = Math.max(error, slope * (inherited + rounding * most));
    sums = Math.max(sums, slope * rounding * total);
    for (let i = c; gamma && i < z.values.length; i += channels)
      standard = Math.max(standard, Math.abs(z.values[i]! - mean) * inverse);
  }
  const perInput = new Float64Array(synapses.fanIn);
  for (let i = 0; i < weight.values.length; i++) perInput[i % synapses.fanIn]! += weight.values[i]! ** 2;
  // An input pixel is seen under nine taps, an upsampled one under all of four pixels'.
  const squares = synapses instanceof ConvSynapses ? 36 * Math.max(...perInput) : Math.max(...perInput);
  return { below: error * Math.sqrt(squares), gradients: sums + standard * error * Math.sqrt(rows) };
}
