/** NumPy's .npz: a zip file of .npy arrays, of which one is the series (PEMS04, PEMS08 and others: "data"). */
import { unzipSync } from "fflate";
import { BispikeError } from "../../errors.ts";
import { crc32 } from "../crc32.ts";
import { listNames } from "./columns.ts";
import { type NpyOptions, parseNpy } from "./npy.ts";
import type { RawSeries } from "./series.ts";

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
