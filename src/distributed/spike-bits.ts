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
