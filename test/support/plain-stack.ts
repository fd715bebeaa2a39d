/**
 * A stack of layers written once more in the tests' autodiff: the engine's parameters and input in, drives, norms, neurons and the read-out's mean drive as values to go back
 * from. Everything is channels last, as the engine's plain order is.
 */
import { expect } from "vitest";
import { ConvSynapses } from "../../src/nets/conv.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { NORM_EPSILON } from "../../src/nets/norm.ts";
import type { ParameterGroup } from "../../src/nets/parameters.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "../../src/nets/shape.ts";
import type { Synapses } from "../../src/nets/synapses.ts";
import { worstGap } from "../reference/close.ts";
import * as ad from "./autodiff.ts";

/** What of an engine's layer its plain twin is built from. */
export interface Parts {
  readonly name: string;
  readonly synapses: Synapses;
  readonly group: ParameterGroup;
  /** The plane below, where it is upsampled before the synapses read it. */
  readonly below?: Shape;
  /** Which of a pool's four the engine took, where drives are not exact: rounding does not decide twice. */
  readonly winner?: (row: number, pixel: number, unit: number) => number;
  /** Whether the engine's choice need not be the largest here: other inputs go the way of those it was made for. */
  readonly led?: boolean;
}

/** Which of a pool's four the engine took in a layer's newest training pass. */
export function winnersOf(
  memory: WebAssembly.Memory,
  { workspace, synapses: { shape } }: Pick<Layer, "workspace" | "synapses">,
  images: number,
): NonNullable<Parts["winner"]> {
  const pixels = pixelsOf(shape);
  const bytes = new Uint8Array(memory.buffer, workspace.winner, images * pixels * tilesOf(shape) * 16);
  return (image, pixel, unit) => bytes[(((unit >> 4) * images + image) * pixels + pixel) * 16 + (unit & 15)]!;
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
export function driveOf(
  { synapses, below, winner, led = false }: Parts,
  { weight, bias }: PlainParameters,
  x: ad.Value,
  rows: number,
) {
  if (synapses instanceof ConvSynapses)
    return pooled(
      synapses,
      convolved(synapses, below ?? synapses.source.shape, weight, bias, x, rows),
      rows,
      winner,
      led,
    );
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
  const { stride, padding, outHeight, outWidth } = synapses.wiring;
  const { channels } = below;
  const up = synapses.wiring.up === 1 || below.height < synapses.source.shape.height ? 2 : 1;
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
  const z = ad.products(windows, weight, window);
  if (!bias) return z;
  return ad.add(
    z,
    ad.gather(bias, z.values.length, (i) => i % units),
  );
}

/** Of each 2x2 outputs the largest, or the engine's choice, which must be as large but for rounding. */
function pooled(
  { wiring, shape }: ConvSynapses,
  z: ad.Value,
  rows: number,
  winner: Parts["winner"],
  led: boolean,
): ad.Value {
  if (!wiring.pool) return z;
  const { height, width, channels } = shape;
  const length = rows * height * width * channels;
  const parts = (i: number) => {
    const [u, pixel] = [i % channels, Math.floor(i / channels) % (height * width)];
    return { u, pixel, row: Math.floor(i / channels / height / width) };
  };
  const corner = (choose: (i: number) => number) =>
    ad.gather(z, length, (i) => {
      const { u, pixel, row } = parts(i);
      const q = choose(i);
      const y = 2 * Math.floor(pixel / width) + (q >> 1);
      return ((row * wiring.outHeight + y) * wiring.outWidth + 2 * (pixel % width) + (q & 1)) * channels + u;
    });
  const [first, second, third, fourth] = [0, 1, 2, 3].map((q) => corner(() => q)) as [
    ad.Value,
    ad.Value,
    ad.Value,
    ad.Value,
  ];
  const most = ad.larger(ad.larger(ad.larger(first, second), third), fourth);
  if (!winner) return most;
  const chosen = corner((i) => {
    const { u, pixel, row } = parts(i);
    return winner(row, pixel, u);
  });
  if (led) return chosen;
  const rounding = 1e-5 * Math.max(...z.values.map(Math.abs));
  expect(worstGap(chosen.values, most.values).gap, "winners").toBeLessThanOrEqual(rounding);
  return chosen;
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
  /** Of any entry of X. */
  readonly drive: number;
  /** Of any entry of dL/d(what the layer reads). */
  readonly below: number;
  /** Of any of the layer's gradients. */
  readonly gradients: number;
}

/** What a layer's allowance follows from. */
export interface Computed {
  readonly parts: Parts;
  readonly parameters: PlainParameters;
  readonly z: ad.Value;
  readonly x: ad.Value;
  /** Largest value the layer reads, and allowance of any. */
  readonly read: { readonly largest: number; readonly off: number };
}

/** @param inherited allowance of dL/dX, from the layer above through the neuron */
export function allowance({ parts, parameters, z, x, read }: Computed, inherited: number): Allowance {
  const { synapses } = parts;
  const { weight, gamma } = parameters;
  const { channels } = synapses.shape;
  const rows = z.values.length / channels;
  const norms = weightNorms(synapses, weight.values);
  let [drive, error, sums, standard, kept] = [0, 0, 0, 1, 0];
  for (let c = 0; c < channels; c++) {
    let [mean, square, total, most, size] = [0, 0, 0, 0, 0];
    for (let i = c; i < z.values.length; i += channels) mean += z.values[i]! / rows;
    for (let i = c; i < z.values.length; i += channels) {
      square += (z.values[i]! - mean) ** 2 / rows;
      total += Math.abs(x.gradient[i]!);
      most = Math.max(most, Math.abs(x.gradient[i]!));
      size = Math.max(size, Math.abs(z.values[i]!));
      kept = Math.max(kept, Math.abs(z.gradient[i]!));
    }
    const inverse = gamma ? 1 / Math.sqrt(square + NORM_EPSILON) : 1;
    const slope = gamma ? Math.max(1, Math.abs(gamma.values[c]!) * inverse) : 1;
    const terms = read.off === 0 ? size : Math.max(size, read.largest * norms.unit);
    const own = slope * (ROUNDING * terms + read.off * norms.unit);
    drive = Math.max(drive, own);
    // A drive that varies little about a large mean is known, once normed, to the mean's digits; so is a surrogate's slope there, which is steep by at most a few times itself.
    const rounding = ROUNDING + (gamma ? 5 * own : 0);
    error = Math.max(error, slope * (inherited + rounding * most));
    sums = Math.max(sums, slope * rounding * total);
    for (let i = c; gamma && i < z.values.length; i += channels)
      standard = Math.max(standard, Math.abs(z.values[i]! - mean) * inverse);
  }
  const errorDepth = Math.max(1, read.largest);
  const gradients = errorDepth * (sums + standard * error * Math.sqrt(rows)) + read.off * kept * rows;
  return { drive, below: error * norms.input, gradients };
}

/** Largest root of a sum of squares of the weights into a unit, and out of an input. */
function weightNorms(synapses: Synapses, weight: ArrayLike<number>): { unit: number; input: number } {
  const { fanIn } = synapses;
  const perInput = new Float64Array(fanIn);
  const perUnit = new Float64Array(weight.length / fanIn);
  for (let i = 0; i < weight.length; i++) {
    perInput[i % fanIn]! += weight[i]! ** 2;
    perUnit[Math.floor(i / fanIn)]! += weight[i]! ** 2;
  }
  // An input pixel is seen under nine taps, an upsampled one under all of four pixels'.
  const seen = synapses instanceof ConvSynapses ? 36 : 1;
  return { unit: Math.sqrt(Math.max(...perUnit)), input: Math.sqrt(seen * Math.max(...perInput)) };
}
