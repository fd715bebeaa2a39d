/**
 * Real orthonormal Fourier transforms of feature rows on the engine: over the two axes of a plane, or over the neurons of a flat population.
 *
 *   X_k = 1 / sqrt(N) sum over n of x_n e^(-2 pi i k . n)
 *   one coefficient X_k where k is its own conjugate, otherwise two for k and -k: sqrt(2) Re X_k and sqrt(2) Im X_k
 *
 * That is an orthogonal matrix: as many coefficients as values, lengths and dot products are kept (Parseval), its inverse is its transpose, and the gradient of a
 * loss of coefficients becomes one of the values by `inverse`. The real and imaginary parts of all N frequencies, as features, would hold each conjugate
 * pair twice: the square roots of 2 give the same dot products from half as many numbers.
 *
 * Coefficients lie by bands of radius, each band [row][width] and contiguous, so that it can be aligned by itself. The kernels are `assembly/fourier.ts` and
 * `assembly/fourier-line.ts`.
 */
import { BispikeError } from "../errors.ts";
import { cosineOfPi } from "./elementary.ts";
import { LANES, padded } from "./kernels.ts";
import type { Address, Region } from "./memory.ts";
import type { Team } from "./team.ts";

// What a real orthonormal Fourier transform needs to know beforehand, in plain numbers: factors of its sizes, cosines and sines, and the pairs of conjugate
// frequencies in the order of their bands. The transform itself is `fourier.ts`.

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

export interface Band {
  /** Its number among the bands the edges make, empty ones counted. */
  readonly band: number;
  /** Floats of a row, a multiple of 16; those past the coefficients are 0. */
  readonly width: number;
  /** Floats of a row in the bands before this one. */
  readonly start: number;
  /** Real coefficients of a row, without padding: of each channel, as many as the band has. */
  readonly features: number;
}

/** Points a transform may have: its buffers take 128 bytes a point and thread. */
const MOST_POINTS = 65536;
/** Bytes of scratch a point: two buffers of 16 floats. */
const POINT_BYTES = 128;
/** Rows an item of the flat transform. */
const GROUP = 8;

/**
 * The transform of rows of one shape.
 *
 * @example
 * const fourier = new Fourier(team, { height: 14, width: 14, channels: 32 }, [0.25]);
 * const spectrum = team.arena.f32(fourier.size(rows));
 * fourier.forward(features.at, rows, spectrum.at);
 * const low = fourier.bands[0]; // [row][low.width] from spectrum.at
 */
export class Fourier {
  /** The bands that hold any frequency, lowest first. A plane of 1 x 1 is flat; a small one may have no low or no high band but 0. */
  readonly bands: readonly Band[];
  /** Floats of a row of values, and of a row of all bands together. */
  readonly rowWidth: number;
  readonly spectrumWidth: number;
  /** The frequencies in the order of their coefficients. */
  readonly pairs: readonly FrequencyPair[];
  readonly #team: Team;
  readonly #plane: Plane;
  readonly #points: number;
  readonly #plan: Region<Int32Array>;

  /**
   * @param edges upper radii, in cycles a pixel, of all bands but the last, ascending: band b holds edges[b - 1] < radius <= edges[b]. None: one band.
   * Throws a `shape` error for a plane that is empty or has more than 65,536 points.
   */
  constructor(team: Team, plane: Plane, edges: readonly number[]) {
    const { height, width } = extentOf(plane);
    const points = height * width;
    if (!(points * plane.channels >= 1 && points <= MOST_POINTS)) {
      throw new BispikeError(
        "shape",
        `Fourier transform: expected 1 to ${MOST_POINTS} points, got ${plane.height}x${plane.width}x${plane.channels}`,
      );
    }
    this.#team = team;
    this.#plane = plane;
    this.#points = points;
    this.pairs = frequencyPairs(plane, edges);
    this.rowWidth = isFlat(plane) ? padded(width) : points * padded(plane.channels);
    this.bands = bandsOf(this.pairs, plane);
    const last = this.bands.at(-1)!;
    this.spectrumWidth = last.start + last.width;
    const entries = entriesOf(this.pairs, this.bands, coefficientWidth(plane));
    this.#plan = team.arena.i32(8);
    this.#plan.view.set([height, width, entries.length / 5, ...this.#axis(height), ...this.#axis(width)]);
    const table = team.arena.i32(entries.length);
    table.view.set(entries);
    this.#plan.view[7] = table.at;
  }

  /** Floats of the bands of `rows` rows. */
  size(rows: number): number {
    return rows * this.spectrumWidth;
  }

  /** Coefficients of `rows` rows of `rowWidth` floats at x, to `out`: band b is [row][width] from float rows * start of it. */
  forward(x: Address, rows: number, out: Address): void {
    const args = this.#arguments(x, rows, out);
    if (isFlat(this.#plane)) this.#team.run("lineSpectrum", Math.ceil(rows / GROUP), args);
    else this.#team.run("planeSpectrum", rows * args.tiles, args);
  }

  /** The transpose and inverse: rows from coefficients at `spectrum`, which lie as `forward` leaves them. */
  inverse(spectrum: Address, rows: number, out: Address): void {
    const args = this.#arguments(spectrum, rows, out);
    if (isFlat(this.#plane)) this.#team.run("lineFromSpectrum", Math.ceil(rows / GROUP), args);
    else this.#team.run("planeFromSpectrum", rows * args.tiles, args);
  }

  /** What the transforms' kernels are told, those of lines and of planes. */
  #arguments(x: Address, rows: number, out: Address) {
    const { channels } = this.#plane;
    const scratch = this.#team.scratch(this.#points * POINT_BYTES);
    return {
      stride: this.rowWidth,
      tiles: padded(channels) / LANES,
      channels,
      rows,
      plan: this.#plan.at,
      x,
      out,
      scratch: scratch.at,
      scratchStride: scratch.stride,
    };
  }

  /** Addresses of the radices and twiddles of an axis. */
  #axis(length: number): readonly [Address, Address] {
    const { arena } = this.#team;
    const radices = radicesOf(length);
    const passes = arena.i32(radices.length);
    passes.view.set(radices);
    const twiddles = arena.f32(2 * length);
    twiddles.view.set(twiddlesOf(length));
    return [passes.at, twiddles.at];
  }
}

/** Real coefficients of a pair of frequencies. */
function coefficientsOf({ point, conjugate }: FrequencyPair): number {
  return point === conjugate ? 1 : 2;
}

function bandsOf(pairs: readonly FrequencyPair[], plane: Plane): Band[] {
  const counts = new Map<number, number>();
  for (const pair of pairs) counts.set(pair.band, (counts.get(pair.band) ?? 0) + coefficientsOf(pair));
  const bands: Band[] = [];
  let start = 0;
  for (const [band, count] of counts) {
    const width = padded(count * coefficientWidth(plane));
    bands.push({ band, width, start, features: count * (isFlat(plane) ? 1 : plane.channels) });
    start += width;
  }
  return bands;
}

/** The kernels' table: five numbers a pair of frequencies or a float of padding, places in units of `unit` floats. */
function entriesOf(pairs: readonly FrequencyPair[], bands: readonly Band[], unit: number): number[] {
  const entries: number[] = [];
  for (const { band, start, width } of bands) {
    let at = 0;
    for (const pair of pairs) {
      if (pair.band !== band) continue;
      entries.push(pair.point, pair.conjugate, start / unit, width / unit, at);
      at += coefficientsOf(pair);
    }
    for (; at < width / unit; at++) entries.push(0, -1, start / unit, width / unit, at);
  }
  return entries;
}
