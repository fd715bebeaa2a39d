/**
 * Spikes as bytes on their way to another part of a pair.
 *
 *   bits     one bit a unit and step, [row][step][pixel][channel], lowest bit of a byte first: the engine's masks without the padding of their tiles
 *   events   the distances between spikes in that order, Rice-coded: distance d = q 2^k + r as q ones, a zero, and k bits of r
 *
 * A sender may use either; events are shorter where fewer than about one unit in seven fires. Readers trust neither: every length and place is checked.
 */
import { LANES } from "../engine/kernels.ts";
import { BispikeError } from "../errors.ts";
import { pixelsOf, type Shape, tilesOf } from "../nets/shape.ts";

/** What the masks of a population are read as. */
export interface Spikes {
  readonly shape: Shape;
  readonly steps: number;
  /** [row][step][pixel][tile], 16 bits a tile. */
  readonly masks: { readonly view: Uint16Array };
}

/** Bits of `rows` rows. */
export function bitsOf({ shape, steps }: Pick<Spikes, "shape" | "steps">, rows: number): number {
  return rows * steps * pixelsOf(shape) * shape.channels;
}

/** Bytes of `rows` rows as bits: the most a sender ever needs. */
export function bytesOf(spikes: Pick<Spikes, "shape" | "steps">, rows: number): number {
  return Math.ceil(bitsOf(spikes, rows) / 8);
}

/** The first `rows` rows as bits. A copy: the masks may change afterwards. */
export function packSpikes({ shape, steps, masks }: Spikes, rows: number): Uint8Array {
  const { view } = masks;
  const words = rows * steps * pixelsOf(shape) * tilesOf(shape);
  if (shape.channels % LANES === 0) return new Uint8Array(view.buffer, view.byteOffset, words * 2).slice();
  const bytes = new Uint8Array(bytesOf({ shape, steps }, rows));
  const tiles = tilesOf(shape);
  let held = 0;
  let count = 0;
  let at = 0;
  for (let word = 0; word < words; word += tiles) {
    for (let tile = 0; tile < tiles; tile++) {
      const lanes = Math.min(LANES, shape.channels - tile * LANES);
      held |= (view[word + tile]! & ((1 << lanes) - 1)) << count;
      for (count += lanes; count >= 8; count -= 8, held >>>= 8) bytes[at++] = held & 255;
    }
  }
  if (count > 0) bytes[at] = held;
  return bytes;
}

/**
 * Writes bits into the masks of `rows` rows.
 *
 * @throws BispikeError "data" for bytes of another length, or bits set beyond the last unit
 */
export function unpackSpikes(bytes: Uint8Array, { shape, steps, masks }: Spikes, rows: number): void {
  const { view } = masks;
  assertBits(bytes, bitsOf({ shape, steps }, rows));
  const words = rows * steps * pixelsOf(shape) * tilesOf(shape);
  if (shape.channels % LANES === 0) {
    new Uint8Array(view.buffer, view.byteOffset, words * 2).set(bytes);
    return;
  }
  const tiles = tilesOf(shape);
  let held = 0;
  let count = 0;
  let at = 0;
  for (let word = 0; word < words; word += tiles) {
    for (let tile = 0; tile < tiles; tile++) {
      const lanes = Math.min(LANES, shape.channels - tile * LANES);
      for (; count < lanes; count += 8) held |= bytes[at++]! << count;
      view[word + tile] = held & ((1 << lanes) - 1);
      held >>>= lanes;
      count -= lanes;
    }
  }
}

function assertBits(bytes: Uint8Array, bits: number): void {
  const expected = Math.ceil(bits / 8);
  if (bytes.length !== expected)
    throw new BispikeError("data", `expected ${bits} spike bits in ${expected} bytes, got ${bytes.length} bytes`);
  if (bits % 8 > 0 && bytes[expected - 1]! >> (bits % 8) !== 0)
    throw new BispikeError("data", "spike bits are set beyond the last unit");
}

// Spike bits as events: the distances between set bits, Rice-coded (Rice and Plaunt 1971), which is near the entropy of units that fire independently.
//
//   payload   k (1 byte), spikes (4 bytes, little-endian), then for each spike its distance d from the one before (minus 1): d >> k ones, a zero, k bits of d

const HEADER = 5;
const LARGEST_SHIFT = 24;

/** The events of bits, or undefined where they would not be shorter than the bits themselves. */
export function encodeEvents(bits: Uint8Array): Uint8Array | undefined {
  let spikes = 0;
  for (const byte of bits) spikes += ONES[byte]!;
  const out = new Uint8Array(bits.length);
  const k = shiftFor(bits.length * 8, spikes);
  if (out.length <= HEADER) return undefined;
  out[0] = k;
  new DataView(out.buffer).setUint32(1, spikes, true);
  let at = HEADER * 8;
  const end = out.length * 8;
  let last = -1;
  for (let i = 0; i < bits.length; i++) {
    for (let byte = bits[i]!; byte !== 0; byte &= byte - 1) {
      const place = 8 * i + LOWEST[byte]!;
      const distance = place - last - 1;
      last = place;
      const ones = distance >>> k;
      if (at + ones + 1 + k > end) return undefined;
      for (let n = 0; n < ones; n++, at++) out[at >> 3]! |= 1 << (at & 7);
      at++;
      for (let n = 0; n < k; n++, at++) if ((distance >>> n) & 1) out[at >> 3]! |= 1 << (at & 7);
    }
  }
  const length = (at + 7) >> 3;
  return length < bits.length ? out.slice(0, length) : undefined;
}

/**
 * Bits from events.
 *
 * @param bits how many there are
 * @throws BispikeError "data" for anything `encodeEvents` does not write for so many bits
 */
export function decodeEvents(bytes: Uint8Array, bits: number): Uint8Array {
  const fault = (what: string) => new BispikeError("data", `spike events: ${what}`);
  if (bytes.length < HEADER) throw fault(`expected at least ${HEADER} bytes, got ${bytes.length}`);
  const k = bytes[0]!;
  const spikes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  if (k > LARGEST_SHIFT || spikes > bits)
    throw fault(`expected at most ${bits} spikes and a shift up to ${LARGEST_SHIFT}, got ${spikes} and ${k}`);
  const out = new Uint8Array(Math.ceil(bits / 8));
  const end = bytes.length * 8;
  let at = HEADER * 8;
  let place = -1;
  for (let n = 0; n < spikes; n++) {
    let distance = 0;
    while (at < end && (bytes[at >> 3]! >> (at & 7)) & 1) {
      distance += 2 ** k;
      at++;
    }
    at++;
    if (at + k > end) throw fault(`they end before spike ${n + 1} of ${spikes}`);
    for (let i = 0; i < k; i++, at++) if ((bytes[at >> 3]! >> (at & 7)) & 1) distance += 2 ** i;
    place += distance + 1;
    if (place >= bits) throw fault(`spike ${n + 1} is at ${place}, beyond ${bits} units`);
    out[place >> 3]! |= 1 << (place & 7);
  }
  if ((at + 7) >> 3 !== bytes.length) throw fault(`expected ${(at + 7) >> 3} bytes, got ${bytes.length}`);
  return out;
}

/** The k that suits distances of this mean: 2^k is about ln 2 times it. */
function shiftFor(bits: number, spikes: number): number {
  let k = 0;
  while (k < LARGEST_SHIFT && 2 ** (k + 1) <= Math.LN2 * (bits / (spikes + 1))) k++;
  return k;
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);
const LOWEST = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 0 ? 8 : Math.log2(byte & -byte)));
