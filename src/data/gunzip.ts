/** gzip files (RFC 1952) with a limit on the output, so that a small hostile file cannot fill the memory. */
import { Gunzip } from "fflate";
import { BispikeError } from "../errors.ts";
import { crc32 } from "./crc32.ts";

/** Bytes pushed at a time: deflate grows data at most 1032-fold, so this bounds what one step may produce. */
const SLICE = 16_384;
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
