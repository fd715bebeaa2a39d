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
import {
  coefficientWidth,
  extentOf,
  type FrequencyPair,
  frequencyPairs,
  isFlat,
  type Plane,
  radicesOf,
  twiddlesOf,
} from "./fourier-plan.ts";
import { LANES, padded } from "./kernels.ts";
import type { Address, Region } from "./memory.ts";
import type { Team } from "./team.ts";

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
