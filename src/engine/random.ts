/**
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011). A number depends only on (seed, purpose, counter, position), so there is no state to save:
 * a resumed run, another thread or a browser draws the same numbers.
 */
import { BispikeError } from "../errors.ts";
import { logarithm } from "./elementary.ts";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_32 = 0x1_0000_0000;

/**
 * High 32 bits of the 64-bit product of two unsigned 32-bit integers. Split in halves because a double holds 53 bits; no
 * partial sum passes 2^32, so wrapping 32-bit arithmetic, which engines keep in registers, loses nothing.
 */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carried = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carried >>> 16)) | 0;
}

/** As `philox`, one block into `out`, without allocation. Words may be signed or unsigned. */
export function philoxInto(
  out: Uint32Array,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
  key0: number,
  key1: number,
): void {
  let c0 = word0;
  let c1 = word1;
  let c2 = word2;
  let c3 = word3;
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * One Philox4x32-10 block: four unsigned 32-bit words for a 128-bit counter and a 64-bit key. Equal to Random123's.
 *
 * @example
 * philox([0, 0, 0, 0], [0, 0]); // 6627e8d5 e169c58d bc57ac4c 9b00dbd8
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(4);
  philoxInto(out, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return out;
}

/** Low and high 32-bit word of a non-negative safe integer. */
function words(value: number): [number, number] {
  return [value >>> 0, Math.floor(value / TWO_32)];
}

function requireInteger(code: "config" | "usage", name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new BispikeError(code, `${name}: expected an integer from ${least} to ${most}, got ${String(value)}`);
  }
}

/**
 * The Philox key of a purpose under a seed: two unsigned 32-bit words.
 *
 * Derivation: k = (seed mod 2^32, floor(seed / 2^32)). The purpose's UTF-8 bytes, then one byte 0x80, then zeros up to
 * a multiple of 16, are read as blocks of four little-endian words; for each block b, k = the first two words of
 * philox(b, k). So every bit of the seed and of the purpose reaches every bit of the key.
 *
 * @param seed integer from 0 to 2^53 - 1
 * @param purpose what the numbers are for, such as "init/perception/1" or "shuffle"; the same text gives the same key
 * @throws BispikeError "config" when the seed is not such an integer
 */
export function streamKey(seed: number, purpose: string): [number, number] {
  requireInteger("config", "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  const text = new TextEncoder().encode(purpose);
  const padded = new Uint8Array((Math.floor(text.length / 16) + 1) * 16);
  padded.set(text);
  padded[text.length] = 0x80;
  const view = new DataView(padded.buffer);
  let [k0, k1] = words(seed);
  const out = new Uint32Array(4);
  for (let at = 0; at < padded.length; at += 16) {
    const word = (index: number): number => view.getUint32(at + 4 * index, true);
    philoxInto(out, word(0), word(1), word(2), word(3), k0, k1);
    k0 = out[0] as number;
    k1 = out[1] as number;
  }
  return [k0, k1];
}

/**
 * A stream of random numbers. `counter` picks one of 2^53 streams of a purpose (an epoch, a training step, a sample);
 * streams of different counters never overlap: the counter is the upper half of Philox's 128-bit counter, the block's
 * position in the stream the lower half.
 *
 * @example
 * const stream = new RandomStream(1, "init/perception/1");
 * stream.fillUniform(weights, -0.1, 0.1);
 */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #counter: readonly [number, number];
  readonly #block = new Uint32Array(4);
  #position = 0;
  #used = 4;

  /**
   * @param counter integer from 0 to 2^53 - 1, default 0
   * @throws BispikeError "config" for a bad seed, "usage" for a bad counter
   */
  constructor(seed: number, purpose: string, counter = 0) {
    requireInteger("usage", `random stream "${purpose}": counter`, counter, 0, Number.MAX_SAFE_INTEGER);
    this.#key = streamKey(seed, purpose);
    this.#counter = words(counter);
  }

  /** The next integer, uniform over 0 .. 2^32 - 1. */
  nextU32(): number {
    if (this.#used === 4) {
      const [low, high] = words(this.#position++);
      philoxInto(this.#block, low, high, this.#counter[0], this.#counter[1], this.#key[0], this.#key[1]);
      this.#used = 0;
    }
    return this.#block[this.#used++] as number;
  }

  /** The next number in [0, 1): a multiple of 2^-24, so exact in float32. One word of the stream a call. */
  uniform(): number {
    return (this.nextU32() >>> 8) / 0x100_0000;
  }

  /** The next integer in 0 .. bound - 1, without bias (words of the incomplete last interval are drawn again). */
  below(bound: number): number {
    requireInteger("usage", "below: bound", bound, 1, TWO_32);
    const limit = TWO_32 - (TWO_32 % bound);
    let word = this.nextU32();
    while (word >= limit) word = this.nextU32();
    return word % bound;
  }

  /**
   * Fills `out` with low + (high - low) * uniform(), computed in float64 and rounded once to float32. That rounding may
   * reach `high` itself; without it the interval is [low, high).
   *
   * @throws BispikeError "usage" unless low and high are finite and low <= high
   */
  fillUniform(out: Float32Array, low: number, high: number): void {
    const width = high - low;
    if (!Number.isFinite(width) || width < 0) {
      throw new BispikeError("usage", `fillUniform: expected finite low <= high, got low ${low} and high ${high}`);
    }
    for (let index = 0; index < out.length; index++) out[index] = low + width * this.uniform();
  }
}

/**
 * A uniformly random order of 0 .. n - 1 (Fisher-Yates), such as the samples' order in epoch `counter`.
 *
 * @param n integer from 0 to 2^32 - 1
 * @example
 * const order = permutation(seed, "shuffle", epoch, sampleCount);
 */
export function permutation(seed: number, purpose: string, counter: number, n: number): Uint32Array<ArrayBuffer> {
  requireInteger("usage", `permutation "${purpose}": n`, n, 0, TWO_32 - 1);
  const stream = new RandomStream(seed, purpose, counter);
  const order = new Uint32Array(n);
  for (let index = 0; index < n; index++) order[index] = index;
  for (let last = n - 1; last > 0; last--) {
    const chosen = stream.below(last + 1);
    const moved = order[chosen] as number;
    order[chosen] = order[last] as number;
    order[last] = moved;
  }
  return order;
}

/**
 * Normally distributed numbers by Marsaglia's polar method, from a Philox stream:
 *
 *   u, v uniform over (-1, 1), drawn again until q = u^2 + v^2 < 1;   u sqrt(-2 ln q / q) and v sqrt(-2 ln q / q) are two of them
 *
 * The logarithm is our own and square roots are exact to the last bit everywhere, so the numbers are the same on every machine.
 */

const TWO_31 = 0x8000_0000;

export class NormalStream {
  readonly #stream: RandomStream;
  /** The second of a pair; NaN when it has been given. */
  #kept = Number.NaN;

  /**
   * @param stream uniform numbers, which it uses up; nobody else should draw from it
   * @example
   * new NormalStream(new RandomStream(1, "pixel noise", image)).next();
   */
  constructor(stream: RandomStream) {
    this.#stream = stream;
  }

  /** The next number, of mean 0 and variance 1. */
  next(): number {
    const kept = this.#kept;
    if (!Number.isNaN(kept)) {
      this.#kept = Number.NaN;
      return kept;
    }
    let [u, v, q] = [0, 0, 1];
    while (q >= 1) {
      u = this.#signed();
      v = this.#signed();
      q = u * u + v * v;
    }
    const scale = Math.sqrt((-2 * logarithm(q)) / q);
    this.#kept = v * scale;
    return u * scale;
  }

  /** Uniform over 2^32 places in (-1, 1), half a place from its ends and from 0. */
  #signed(): number {
    return (this.#stream.nextU32() + 0.5) / TWO_31 - 1;
  }
}
