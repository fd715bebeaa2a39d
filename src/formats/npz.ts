/**
 * NumPy's files. A .npy is "\x93NUMPY", version 1.0, u16 header length, a Python dictionary padded by spaces to a multiple of 64 bytes and ended by a new line, then
 * the numbers, little-endian, last index fastest. A .npz is a zip file of them. Source: NumPy's description of the format.
 */

import { zipSync } from "fflate";
import { BispikeError } from "../errors.ts";

/** Numbers with a shape; `[]` is a scalar. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigInt64Array;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0];
const ALIGNMENT = 64;
/** Zip files date their parts; equal arrays are to be equal bytes. */
const DATE = new Date(1980, 0, 1);

/** By the name of the array's class: engines agree on that, not on which realm made it. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  Float32Array: "<f4",
  Float64Array: "<f8",
  Int32Array: "<i4",
  Uint8Array: "|u1",
  Uint16Array: "<u2",
  Uint32Array: "<u4",
  BigInt64Array: "<i8",
};

/**
 * Bytes of a .npy file.
 *
 * @throws BispikeError "shape" when the shape is not that of the numbers
 * @example
 * const bytes = encodeNpy({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
 */
export function encodeNpy(array: NpyArray): Uint8Array<ArrayBuffer> {
  const { shape, data } = array;
  const values = shape.reduce((product, size) => product * size, 1);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || values !== data.length)
    throw new BispikeError("shape", `npy: shape [${shape.join(", ")}] is of ${values} values, got ${data.length}`);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${DESCRIPTIONS[data.constructor.name]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = Math.ceil((MAGIC.length + 2 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(start + data.byteLength).fill(0x20, 0, start);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint16(MAGIC.length, start - MAGIC.length - 2, true);
  bytes.set(new TextEncoder().encode(text), MAGIC.length + 2);
  bytes[start - 1] = 0x0a;
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}

/**
 * Bytes of a .npz file, compressed. Equal arrays in equal order give equal bytes.
 *
 * @throws BispikeError "shape" as `encodeNpy`; "usage" for a name that is no plain file name
 * @example
 * const bytes = encodeNpz(new Map([["labels", { shape: [2], data: Uint16Array.of(7, 1) }]]));
 */
export function encodeNpz(arrays: ReadonlyMap<string, NpyArray>): Uint8Array {
  const files: Record<string, [Uint8Array, { mtime: Date }]> = Object.create(null);
  for (const [name, array] of arrays) {
    if (!/^[\w][\w.-]*$/.test(name))
      throw new BispikeError(
        "usage",
        `npz: expected a name of letters, digits, "_", "." and "-", got ${JSON.stringify(name)}`,
      );
    files[`${name}.npy`] = [encodeNpy(array), { mtime: DATE }];
  }
  return zipSync(files, { level: 6 });
}
