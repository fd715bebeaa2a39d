/**
 * What a real orthonormal Fourier transform needs to know beforehand, in plain numbers: factors of its sizes, cosines and sines, and the pairs of conjugate
 * frequencies in the order of their bands. The transform itself is `fourier.ts`.
 */
import { cosineOfPi } from "./elementary.ts";
import { padded } from "./kernels.ts";

/** A plane of pixels, or a flat population of `channels` neurons (one pixel). A `Shape` of the networks is one. */
export interface Plane {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A frequency k that stands for itself and its conjugate -k: two coefficients, or one where they are the same. */
export interface FrequencyPair {
  /** Points k and -k of the plane (y * width + x). */
  readonly point: number;
  readonly conjugate: number;
  /** Distance from 0 in cycles a pixel (or neuron), each axis taken within -0.5..0.5: 0 to sqrt(0.5), or 0.5 in one dimension. */
  readonly radius: number;
  readonly band: number;
}

/** Cuts are met by frequencies that equal them but for the last bits of a square root. */
const SLACK = 1 + 1e-12;

/** Radices of the passes over `length` points: fours first, as they cost least a point, then 2, 3, 5 and other primes. */
export function radicesOf(length: number): number[] {
  const radices: number[] = [];
  let left = length;
  for (let r = 4; left > 1; ) {
    if (left % r === 0) {
      radices.push(r);
      left /= r;
    } else if (r === 4) r = 2;
    else if (r === 2) r = 3;
    else r = r * r > left ? left : r + 2;
  }
  return radices;
}

/** cos and sin of 2 pi k / length for k = 0..length - 1, alternating. */
export function twiddlesOf(length: number): Float64Array {
  const twiddles = new Float64Array(2 * length);
  for (let k = 0; k < length; k++) {
    twiddles[2 * k] = cosineOfTurns(4 * k, 4 * length);
    twiddles[2 * k + 1] = cosineOfTurns(Math.abs(4 * k - length), 4 * length);
  }
  return twiddles;
}

/** cos(2 pi part / whole) for whole numbers, part in 0..whole; exact at quarters. */
function cosineOfTurns(part: number, whole: number): number {
  if (4 * part === whole || 4 * part === 3 * whole) return 0;
  return cosineOfPi((2 * Math.min(part, whole - part)) / whole);
}

/** Distance of frequency (y, x) from 0 in cycles a pixel, each axis within -0.5..0.5. */
function radiusOf(y: number, x: number, height: number, width: number): number {
  const fy = Math.min(y, height - y) / height;
  const fx = Math.min(x, width - x) / width;
  return Math.sqrt(fy * fy + fx * fx);
}

/** The band of a radius: b where edges[b - 1] < radius <= edges[b]; what lies above all edges is the last band. */
export function bandOf(radius: number, edges: readonly number[]): number {
  let band = 0;
  while (band < edges.length && radius > edges[band]! * SLACK) band++;
  return band;
}

/** All frequencies of a plane (or, of a flat population, over its neurons), each pair once, in the order of their bands, within a band of their points. */
export function frequencyPairs(plane: Plane, edges: readonly number[]): FrequencyPair[] {
  const { height, width } = extentOf(plane);
  const pairs: FrequencyPair[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const point = y * width + x;
      const conjugate = ((height - y) % height) * width + ((width - x) % width);
      if (conjugate < point) continue;
      const radius = radiusOf(y, x, height, width);
      pairs.push({ point, conjugate, radius, band: bandOf(radius, edges) });
    }
  }
  return pairs.sort((a, b) => a.band - b.band || a.point - b.point);
}

/** Whether a population has no plane, so that its transform goes over its neurons. */
export function isFlat({ height, width }: Plane): boolean {
  return height * width === 1;
}

/** What is transformed: the plane, or a flat population's neurons in a row. */
export function extentOf(plane: Plane): { readonly height: number; readonly width: number } {
  return isFlat(plane) ? { height: 1, width: plane.channels } : plane;
}

/** Floats that stand for one coefficient: all channels of a plane, padded to tiles; 1 in a flat population. */
export function coefficientWidth(plane: Plane): number {
  return isFlat(plane) ? 1 : padded(plane.channels);
}
