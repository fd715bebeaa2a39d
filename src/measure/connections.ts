/**
 * The connections of a layer, counted from its weights. What an input costs is how many outputs it reaches:
 *
 *   linear        input i reaches every output u, by weight W[u, i]
 *   convolution   input (y, x, c) reaches output (p, q, o) by tap (k, l) where p stride + k - padding is one of the rows that y becomes by
 *                 upsampling, and alike for columns; a tap that lies outside is no connection
 *
 * So the sums of NeuroBench's metric, a forward pass of ones, become one addition an active input.
 */

import { pixelsOf, type Shape, sizeOf } from "../nets/shape.ts";
import type { ConvGeometry } from "../nets/synapses.ts";

/** Taps a side of every convolution here. */
const KERNEL = 3;

/** Of each input unit, [pixel][channel], where nothing else is said. */
export interface Connections {
  /** The layer's inputs. */
  readonly inputs: Shape;
  /** Weights of the layer (a convolution's are shared by its pixels), and how many of them are exactly 0. */
  readonly weights: number;
  readonly zeros: number;
  /** Connections in all, those of weight 0 too: NeuroBench's dense operations of one time step. */
  readonly dense: number;
  /** Connections by any weight. */
  readonly all: Float64Array;
  /** Connections by a weight that is not 0. */
  readonly nonZero: Float64Array;
  /**
   * Products of the weight gradient: one a connection, but that max-pooling lets one output in four through. Which one differs from image to image; counted is the
   * mean over the four.
   */
  readonly taught: Float64Array;
  /** Products that carry errors from outputs back to inputs: one a connection by a weight that is not 0, of the outputs max-pooling lets through (as `taught`). */
  readonly carried: number;
  /** Rows of weights a listed spike is looked up in, an input pixel: as `all`, but taps of one output on copies of the same pixel are one, and outputs that pooling drops are none. */
  readonly looked: Float64Array;
}

/**
 * Connections of a fully connected layer.
 *
 * @param weight [output][input]
 * @example
 * linearConnections([1.3, 0, -3.2, 0, 1.2, -5.1, -1.1, 2.7, 0], flat(3)).nonZero; // [2, 2, 2]
 */
export function linearConnections(weight: ArrayLike<number>, inputs: Shape): Connections {
  const size = sizeOf(inputs);
  const outputs = weight.length / size;
  const nonZero = new Float64Array(size);
  let zeros = 0;
  for (let at = 0; at < weight.length; at++) {
    if (weight[at] === 0) zeros++;
    else nonZero[at % size]!++;
  }
  const all = new Float64Array(size).fill(outputs);
  const looked = new Float64Array(pixelsOf(inputs)).fill(outputs);
  const carried = weight.length - zeros;
  return { inputs, weights: weight.length, zeros, dense: weight.length, all, nonZero, taught: all, carried, looked };
}

/**
 * Connections of a convolution.
 *
 * @param weight [output channel][ky][kx][input channel]
 */
export function convConnections(weight: ArrayLike<number>, inputs: Shape, geometry: ConvGeometry): Connections {
  const { height, width, channels } = inputs;
  const { outHeight, outWidth, pool } = geometry;
  const window = KERNEL * KERNEL * channels;
  const outputs = weight.length / window;
  const present = new Float64Array(window);
  let zeros = 0;
  for (let at = 0; at < weight.length; at++) {
    if (weight[at] === 0) zeros++;
    else present[at % window]!++;
  }
  const kept = (outs: number) => (pool ? outs - (outs % 2) : outs);
  const [rows, columns] = [tapCounts(height, outHeight, geometry), tapCounts(width, outWidth, geometry)];
  const [keptRows, keptColumns] = [
    tapCounts(height, kept(outHeight), geometry),
    tapCounts(width, kept(outWidth), geometry),
  ];
  const [seenRows, seenColumns] = [
    seenCounts(height, kept(outHeight), geometry),
    seenCounts(width, kept(outWidth), geometry),
  ];
  const all = new Float64Array(sizeOf(inputs));
  const nonZero = new Float64Array(sizeOf(inputs));
  const taught = new Float64Array(sizeOf(inputs));
  const looked = new Float64Array(pixelsOf(inputs));
  const share = pool ? 1 / 4 : 1;
  let carried = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      looked[pixel] = seenRows[y]! * seenColumns[x]! * outputs;
      for (let ky = 0; ky < KERNEL; ky++) {
        for (let kx = 0; kx < KERNEL; kx++) {
          const places = rows[y * KERNEL + ky]! * columns[x * KERNEL + kx]!;
          const pooled = keptRows[y * KERNEL + ky]! * keptColumns[x * KERNEL + kx]!;
          for (let c = 0; c < channels; c++) {
            const unit = pixel * channels + c;
            all[unit]! += places * outputs;
            const weighted = present[(ky * KERNEL + kx) * channels + c]!;
            nonZero[unit]! += places * weighted;
            taught[unit]! += share * pooled * outputs;
            carried += share * pooled * weighted;
          }
        }
      }
    }
  }
  return { inputs, weights: weight.length, zeros, dense: sumOf(all), all, nonZero, taught, carried, looked };
}

/** Along one axis, [source][tap]: outputs that see the source through the tap, once for each of its copies. */
function tapCounts(size: number, outs: number, { up, stride, padding }: ConvGeometry): Float64Array {
  const counts = new Float64Array(size * KERNEL);
  for (let out = 0; out < outs; out++) {
    for (let tap = 0; tap < KERNEL; tap++) {
      const source = Math.floor((out * stride + tap - padding) / 2 ** up);
      if (source >= 0 && source < size) counts[source * KERNEL + tap]!++;
    }
  }
  return counts;
}

/** Along one axis: outputs that see a source at all. */
function seenCounts(size: number, outs: number, { up, stride, padding }: ConvGeometry): Float64Array {
  const counts = new Float64Array(size);
  for (let out = 0; out < outs; out++) {
    const first = Math.max(0, Math.floor((out * stride - padding) / 2 ** up));
    const last = Math.min(size - 1, Math.floor((out * stride - padding + KERNEL - 1) / 2 ** up));
    for (let source = first; source <= last; source++) counts[source]!++;
  }
  return counts;
}

/** Counts are whole numbers (or quarters) below 2^50, so sums are exact. */
export function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}
