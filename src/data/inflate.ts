/** gzip and zlib streams (RFC 1952, 1950) with a limit on the output, so that a small hostile file cannot fill the memory. */
import { Gunzip, Unzlib } from "fflate";
import { crc32 } from "../engine/checksum.ts";
import { BispikeError } from "../errors.ts";

const SLICE = 16_384;
const ADLER_MODULUS = 65_521;
/** Most bytes whose Adler-32 sums fit in 32 bits before the remainder must be taken. */
const ADLER_RUN = 5552;

/**
 * Decompresses a zlib stream of at most `limit` bytes and checks its Adler-32 sum.
 *
 * @param where file and part, for messages
 * @throws BispikeError "data" when the stream is damaged, truncated or larger than `limit`
 */
export function inflateBounded(bytes: Uint8Array, limit: number, where: string): Uint8Array {
  const pieces: Uint8Array[] = [];
  const total = inflatePieces(bytes, limit, where, (piece) => pieces.push(piece));
  const out = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/**
 * As `inflateBounded`, but only counts: the decompressed length, with memory for a few slices.
 *
 * @throws BispikeError "data" as `inflateBounded`
 */
export function inflatedLength(bytes: Uint8Array, limit: number, where: string): number {
  return inflatePieces(bytes, limit, where, () => {});
}

function inflatePieces(bytes: Uint8Array, limit: number, where: string, take: (piece: Uint8Array) => void): number {
  let total = 0;
  let low = 1;
  let high = 0;
  const stream = new Unzlib((piece) => {
    total += piece.length;
    if (total > limit) {
      throw new BispikeError("data", `${where}: decompresses to more than the ${limit} bytes it may have`);
    }
    for (let start = 0; start < piece.length; start += ADLER_RUN) {
      const end = Math.min(start + ADLER_RUN, piece.length);
      for (let index = start; index < end; index++) {
        low += piece[index] as number;
        high += low;
      }
      low %= ADLER_MODULUS;
      high %= ADLER_MODULUS;
    }
    if (piece.length > 0) take(piece);
  });
  try {
    for (let start = 0; start < bytes.length; start += SLICE) {
      stream.push(bytes.subarray(start, start + SLICE));
    }
    stream.push(new Uint8Array(0), true);
  } catch (cause) {
    if (cause instanceof BispikeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BispikeError("data", `${where}: compressed data are damaged or truncated (${reason})`, { cause });
  }
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0);
  if (trailer !== high * 65_536 + low) {
    throw new BispikeError("data", `${where}: compressed data are damaged (checksum differs)`);
  }
  return total;
}

/** Checksum and length at the end of each member. */
const TRAILER = 8;

/**
 * Decompresses a gzip file of one or more members and checks each one's CRC-32 and length.
 *
 * @param limit most bytes of output
 * @param where file, for messages
 * @throws BispikeError "data" when the file is damaged, truncated or decompresses to more than `limit`
 */
export function gunzipBounded(bytes: Uint8Array, limit: number, where: string): Uint8Array {
  const pieces: Uint8Array[] = [];
  let total = 0;
  let sum = 0;
  let length = 0;
  const endMember = (end: number): void => {
    const at = end - TRAILER;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (at < 0 || view.getUint32(at, true) !== sum || view.getUint32(at + 4, true) !== length >>> 0) {
      throw new BispikeError("data", `${where}: the gzip file is damaged or truncated (checksum or length differ)`);
    }
    sum = 0;
    length = 0;
  };
  const stream = new Gunzip((piece) => {
    total += piece.length;
    if (total > limit) {
      throw new BispikeError("data", `${where}: decompresses to more than the ${limit} bytes it may have`);
    }
    sum = crc32(piece, sum);
    length += piece.length;
    if (piece.length > 0) pieces.push(piece);
  });
  stream.onmember = endMember;
  try {
    for (let start = 0; start < bytes.length; start += SLICE) stream.push(bytes.subarray(start, start + SLICE));
    stream.push(new Uint8Array(0), true);
  } catch (cause) {
    if (cause instanceof BispikeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BispikeError("data", `${where}: the gzip file is damaged or truncated (${reason})`, { cause });
  }
  endMember(bytes.length);
  return join(pieces, total);
}

function join(pieces: readonly Uint8Array[], total: number): Uint8Array {
  const out = new Uint8Array(total);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
