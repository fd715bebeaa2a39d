/** NumPy's .npz: a zip file of .npy arrays, of which one is the series (PEMS04, PEMS08 and others: "data"). */
import { unzipSync } from "fflate";
import { crc32 } from "../../engine/checksum.ts";
import { BispikeError } from "../../errors.ts";
import { listNames } from "./columns.ts";

import { checkSize, type RawSeries } from "./series.ts";

// NumPy's array files: a magic number, a header that is a Python dictionary, and the numbers, in C (last index fastest)
// or Fortran order (first index fastest). Source: NumPy's description of the format, versions 1.0 to 3.0.

/** Which value of each [time][node][feature] is read. */
export interface NpyOptions {
  /** Place of the feature in arrays of three axes; default 0. */
  readonly feature?: number | undefined;
}

interface Header {
  readonly type: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly start: number;
}

const HEADER = /^\{\s*'descr':\s*'([^']+)',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;
const MAX_HEADER = 65_536;

type Read = (view: DataView, at: number, little: boolean) => number;

/** By kind and bytes. Integers beyond 2^53 lose their last digits, as they would in float32. */
const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["f8", (view, at, little) => view.getFloat64(at, little)],
  ["f4", (view, at, little) => view.getFloat32(at, little)],
  ["i1", (view, at) => view.getInt8(at)],
  ["i2", (view, at, little) => view.getInt16(at, little)],
  ["i4", (view, at, little) => view.getInt32(at, little)],
  ["i8", (view, at, little) => Number(view.getBigInt64(at, little))],
  ["u1", (view, at) => view.getUint8(at)],
  ["u2", (view, at, little) => view.getUint16(at, little)],
  ["u4", (view, at, little) => view.getUint32(at, little)],
  ["u8", (view, at, little) => Number(view.getBigUint64(at, little))],
]);

/**
 * Reads an array of one axis (time), two (time, column), or three (time, node, feature).
 *
 * @returns columns named "0", "1", ... ; NaN where the array has NaN
 * @throws BispikeError "data" for a damaged file, other types of numbers, another number of axes, or too many values;
 *   "config" for a feature that does not exist
 * @example
 * parseNpy(bytes, "speed.npy");
 */
export function parseNpy(bytes: Uint8Array, file: string, options: NpyOptions = {}): RawSeries {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { type, fortran, shape, start } = readHeader(bytes, view, file);
  const read = READERS.get(type.slice(1));
  if (read === undefined || !"<>|=".includes(type[0]!)) {
    throw new BispikeError(
      "data",
      `${file}: expected numbers of type f4, f8, i1 to i8 or u1 to u8, found ${JSON.stringify(type)}`,
    );
  }
  if (shape.length < 1 || shape.length > 3) {
    throw new BispikeError(
      "data",
      `${file}: expected an array of 1 to 3 axes (time, column, feature), found ${shape.length}`,
    );
  }
  const [rows = 0, columns = 1, features = 1] = shape;
  checkSize(rows, columns, file);
  const feature = options.feature ?? 0;
  if (!Number.isInteger(feature) || feature < 0 || feature >= features) {
    throw new BispikeError(
      "config",
      `feature: expected 0 to ${features - 1} as ${file} has ${features} a column, got ${feature}`,
    );
  }
  const size = Number(type[2]);
  const length = rows * columns * features * size;
  if (bytes.length - start !== length) {
    throw new BispikeError(
      "data",
      `${file}: expected ${length} bytes of numbers for shape ${shape.join(" x ")}, found ${bytes.length - start} ` +
        "(file is truncated or damaged)",
    );
  }
  const steps = fortran ? [1, rows, rows * columns] : [columns * features, features, 1];
  const [rowStep = 0, columnStep = 0, featureStep = 0] = steps;
  const values = new Float32Array(rows * columns);
  const little = type[0] !== ">";
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[at++] = read(view, start + size * (row * rowStep + column * columnStep + feature * featureStep), little);
    }
  }
  const names = Array.from({ length: columns }, (_, column) => String(column));
  return { name: file, columns: names, length: rows, values, times: null, lines: null };
}

function readHeader(bytes: Uint8Array, view: DataView, file: string): Header {
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  const version = bytes[6]!;
  const lengthBytes = version === 1 ? 2 : 4;
  if (magic !== "\x93NUMPY" || bytes.length < 8 + lengthBytes || version < 1 || version > 3) {
    throw new BispikeError("data", `${file}: expected a .npy array of version 1 to 3, found something else`);
  }
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = 8 + lengthBytes + length;
  const text = length > MAX_HEADER || start > bytes.length ? "" : latin(bytes.subarray(8 + lengthBytes, start));
  const [, type, order, dimensions] = HEADER.exec(text) ?? [];
  if (type === undefined || dimensions === undefined || !/^.[a-zA-Z]\d?/.test(type)) {
    throw new BispikeError("data", `${file}: expected the header of an array of plain numbers, found another`);
  }
  const shape = dimensions
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map(Number);
  return { type, fortran: order === "True", shape, start };
}

function latin(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Which array of an archive is to be read. */
export interface NpzOptions extends NpyOptions {
  /** Name of the array; default the only one, else "data". */
  readonly key?: string | undefined;
}

/** Most bytes an array may decompress to. */
const MAX_ARRAY_BYTES = 2 ** 30;

const COMMON_KEY = "data";
const DIRECTORY_ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
/** Most files in a zip file: a damaged directory may claim billions. */
const MAX_ENTRIES = 1000;

/**
 * Reads one array of an .npz file.
 *
 * @throws BispikeError "data" for a damaged file or an array that `parseNpy` refuses, "config" for a key that is not there
 * @example
 * parseNpz(bytes, "PEMS04.npz", { key: "data", feature: 0 }); // flow
 */
export function parseNpz(bytes: Uint8Array, file: string, options: NpzOptions = {}): RawSeries {
  const keys: string[] = [];
  unzip(bytes, file, ({ name }) => {
    if (name.endsWith(".npy")) keys.push(name.slice(0, -4));
    return false;
  });
  if (keys.length === 0) throw new BispikeError("data", `${file}: expected .npy arrays in the zip file, found none`);
  const key = options.key ?? (keys.length === 1 ? keys[0]! : COMMON_KEY);
  if (!keys.includes(key)) {
    const got = options.key === undefined ? "none" : JSON.stringify(key);
    throw new BispikeError("config", `key: expected an array of ${file} (${listNames(keys)}), got ${got}`);
  }
  const files = unzip(bytes, file, ({ name, size, originalSize, compression }) => {
    if (name !== `${key}.npy`) return false;
    // A stored array is as long as it says; deflate grows data at most 1032-fold.
    if (
      originalSize > MAX_ARRAY_BYTES ||
      (compression === 0 ? originalSize !== size : originalSize > 1032 * size + 64)
    ) {
      throw new BispikeError(
        "data",
        `${file}: array ${JSON.stringify(key)}: expected at most ${MAX_ARRAY_BYTES} bytes, and of ${size} compressed ` +
          `ones, found ${originalSize}`,
      );
    }
    return true;
  });
  const array = files[`${key}.npy`];
  if (array === undefined || directorySum(bytes, `${key}.npy`) !== crc32(array)) {
    throw new BispikeError("data", `${file}: array ${JSON.stringify(key)} is damaged (checksum differs)`);
  }
  return parseNpy(array, `${file}, array ${key}`, options);
}

interface Entry {
  readonly name: string;
  readonly size: number;
  readonly originalSize: number;
  readonly compression: number;
}

function unzip(bytes: Uint8Array, file: string, filter: (entry: Entry) => boolean): Record<string, Uint8Array> {
  let entries = 0;
  const counted = (entry: Entry): boolean => {
    if (++entries > MAX_ENTRIES) {
      throw new BispikeError("data", `${file}: expected at most ${MAX_ENTRIES} files in the zip file, found more`);
    }
    return filter(entry);
  };
  try {
    return unzipSync(bytes, { filter: counted });
  } catch (cause) {
    if (cause instanceof BispikeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BispikeError("data", `${file}: the zip file is damaged or truncated (${reason})`, { cause });
  }
}

/** CRC-32 that the zip directory states for a file; fflate reads the directory but does not compare. */
function directorySum(bytes: Uint8Array, name: string): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wanted = new TextEncoder().encode(name);
  // The directory is at the end; an entry is found by its signature and name.
  for (let at = bytes.length - ENTRY_BYTES - wanted.length; at >= 0; at--) {
    if (bytes[at] !== 0x50 || view.getUint32(at, true) !== DIRECTORY_ENTRY) continue;
    if (view.getUint16(at + 28, true) !== wanted.length) continue;
    if (wanted.every((byte, index) => bytes[at + ENTRY_BYTES + index] === byte)) return view.getUint32(at + 16, true);
  }
  return undefined;
}
