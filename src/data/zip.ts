/**
 * Zip files, read one entry at a time under limits: what an entry claims is checked before memory is taken for it, and what it holds against its size
 * and CRC-32. Runs anywhere. Not read: encrypted files, Zip64 (files above 4 GiB), and methods other than stored and deflate.
 */
import { Inflate } from "fflate";
import { crc32 } from "../engine/checksum.ts";
import { BispikeError } from "../errors.ts";

const END = 0x06054b50;
const END_BYTES = 22;
const DIRECTORY = 0x02014b50;
const DIRECTORY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
/** The end record may be followed by a comment. */
const LONGEST_COMMENT = 65_535;
/** Deflate grows data at most so much. */
const GROWTH = 1032;
/** Bytes pushed at a time, which bounds what one step may produce. */
const SLICE = 16_384;

/** A file in a zip file. */
export interface ZipEntry {
  /** With "/" between folders. */
  readonly name: string;
  /** Bytes as stored. */
  readonly size: number;
  /** Bytes as they were, if the directory does not lie. */
  readonly originalSize: number;
  readonly method: number;
  readonly crc: number;
  /** Where its local header begins. */
  readonly at: number;
}

/** Whether bytes begin as a zip file with something in it does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * The files of a zip file, without its folders, in its directory's order.
 *
 * @param where the file's name, for messages
 * @param most entries. Default 200,000
 * @throws BispikeError "data" for a damaged directory, more entries, or what is not read (see above)
 * @example
 * for (const entry of listZip(bytes, "pictures.zip")) console.log(entry.name);
 */
export function listZip(bytes: Uint8Array, where: string, most = 200_000): ZipEntry[] {
  const fail = (message: string): never => {
    throw new BispikeError("data", `${where}: ${message}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end < 0)
    return fail("expected a zip file's directory at its end, found none (file is truncated, or no zip file)");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) fail("zip files above 4 GiB or of 65535 files and more are not read");
  if (count > most) fail(`expected at most ${most} files in the zip file, found ${count}`);
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index++) {
    if (at + DIRECTORY_BYTES > end || view.getUint32(at, true) !== DIRECTORY)
      fail(`entry ${index} of its directory is damaged`);
    const next =
      at +
      DIRECTORY_BYTES +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
    if (next > end) fail(`entry ${index} of its directory leaves the file`);
    const name = nameAt(bytes, at + DIRECTORY_BYTES, view.getUint16(at + 28, true));
    if (!name.endsWith("/")) {
      if (view.getUint16(at + 8, true) & 1) fail(`${name}: encrypted files are not read`);
      entries.push({
        name,
        method: view.getUint16(at + 10, true),
        crc: view.getUint32(at + 16, true),
        size: view.getUint32(at + 20, true),
        originalSize: view.getUint32(at + 24, true),
        at: view.getUint32(at + 42, true),
      });
    }
    at = next;
  }
  return entries;
}

/**
 * One file of a zip file.
 *
 * @param limit most bytes it may have, decompressed
 * @param where the zip file's name, for messages
 * @throws BispikeError "data" when it claims or has more, or is damaged
 */
export function readZipEntry(bytes: Uint8Array, entry: ZipEntry, limit: number, where: string): Uint8Array {
  const { name, size, originalSize, method, crc, at } = entry;
  const fail = (message: string): never => {
    throw new BispikeError("data", `${where}: ${name}: ${message}`);
  };
  if (originalSize > limit) fail(`expected at most ${limit} bytes, found ${originalSize}`);
  if (originalSize > GROWTH * size + 64) fail(`${size} compressed bytes cannot hold the ${originalSize} they claim`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (at + LOCAL_BYTES > bytes.length || view.getUint32(at, true) !== LOCAL) fail("its header is damaged");
  const from = at + LOCAL_BYTES + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
  if (from + size > bytes.length) fail(`expected ${size} bytes of it (file is truncated)`);
  const stored = bytes.subarray(from, from + size);
  if (method !== STORED && method !== DEFLATED) fail(`its compression (method ${method}) is not read; use plain zip`);
  if (method === STORED && size !== originalSize) fail("its sizes contradict each other");
  const content = method === STORED ? stored : inflate(stored, originalSize, fail);
  if (crc32(content) !== crc) fail("is damaged (checksum differs)");
  return content;
}

/** Decompresses to exactly `size` bytes. */
function inflate(stored: Uint8Array, size: number, fail: (message: string) => never): Uint8Array {
  const content = new Uint8Array(size);
  let filled = 0;
  const stream = new Inflate((piece) => {
    if (filled + piece.length > size) fail(`decompresses to more than the ${size} bytes it claims`);
    content.set(piece, filled);
    filled += piece.length;
  });
  try {
    for (let start = 0; start < stored.length; start += SLICE) stream.push(stored.subarray(start, start + SLICE));
    stream.push(new Uint8Array(0), true);
  } catch (cause) {
    if (cause instanceof BispikeError) throw cause;
    fail(`is damaged or truncated (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (filled !== size) fail(`expected ${size} bytes, found ${filled} (file is truncated)`);
  return content;
}

/** From the end, as a comment may follow; -1 where there is none. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--)
    if (view.getUint32(at, true) === END && view.getUint16(at + 20, true) === last - at) return at;
  return -1;
}

/** Windows' own archiver has written backslashes. */
function nameAt(bytes: Uint8Array, at: number, length: number): string {
  return new TextDecoder().decode(bytes.slice(at, at + length)).replaceAll("\\", "/");
}
