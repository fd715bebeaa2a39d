/**
 * Spike bits as events: the distances between set bits, Rice-coded (Rice and Plaunt 1971), which is near the entropy of units that fire independently.
 *
 *   payload   k (1 byte), spikes (4 bytes, little-endian), then for each spike its distance d from the one before (minus 1): d >> k ones, a zero, k bits of d
 */
import { BispikeError } from "../errors.ts";

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
