/**
 * SVHN's cropped digits (`train_32x32.mat`, `test_32x32.mat`): a MAT-file with X, 32 x 32 x 3 x N unsigned bytes, and
 * y, N labels where 10 stands for the digit 0.
 */
import { BispikeError } from "../errors.ts";
import type { ImageShape, Split } from "./dataset.ts";

import { inflateBounded } from "./inflate.ts";

// Numeric arrays of MATLAB level 5 MAT-files, after MathWorks' "MAT-File Format": a 128-byte header, then elements of
// an 8-byte tag (type, length) and data padded to 8 bytes; an array is an element of elements (flags, dimensions,
// name, real part) and may be wrapped in a zlib-compressed element. Both byte orders. Files saved with "-v7.3" are
// HDF5 and are refused.

/** A real numeric array; `values` in column-major order (the first dimension changes fastest). */
export interface MatlabArray {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Uint8Array | Float64Array;
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
  /** Where the next element begins. */
  readonly next: number;
}

const HEADER = 128;
const INT8 = 1;
const UINT8 = 2;
const INT32 = 5;
const UINT32 = 6;
const MATRIX = 14;
const COMPRESSED = 15;
const CLASS_DOUBLE = 6;
const CLASS_UINT64 = 15;
const MAX_DIMS = 8;
const MAX_NAME = 63;
const FLAG_COMPLEX = 0x08;
const MAX_ELEMENTS = 4096;

type Getter = (view: DataView, at: number, little: boolean) => number;
/** Bytes and reader of each numeric storage type. */
const NUMERIC: ReadonlyMap<number, readonly [size: number, get: Getter]> = new Map([
  [INT8, [1, (view, at) => view.getInt8(at)]],
  [UINT8, [1, (view, at) => view.getUint8(at)]],
  [3, [2, (view, at, little) => view.getInt16(at, little)]],
  [4, [2, (view, at, little) => view.getUint16(at, little)]],
  [INT32, [4, (view, at, little) => view.getInt32(at, little)]],
  [UINT32, [4, (view, at, little) => view.getUint32(at, little)]],
  [7, [4, (view, at, little) => view.getFloat32(at, little)]],
  [9, [8, (view, at, little) => view.getFloat64(at, little)]],
] as const satisfies [number, readonly [number, Getter]][]);

/**
 * Reads the named arrays of a MAT-file; others are passed over.
 *
 * @param names arrays that must be there
 * @param file the file's name, for messages
 * @param limit most bytes all compressed elements together may decompress to; default 2 GiB
 * @returns by name. `values` are the file's own bytes for unsigned bytes, else converted to float64
 * @throws BispikeError "data" for a damaged file, a missing array, or one that is not real and numeric
 */
export function parseMatlab(
  bytes: Uint8Array,
  names: readonly string[],
  file: string,
  limit = 2 ** 31,
): Map<string, MatlabArray> {
  const little = readHeader(bytes, file);
  const found = new Map<string, MatlabArray>();
  let budget = limit;
  let at = HEADER;
  for (let index = 0; at < bytes.length; index++) {
    const where = `${file}: element ${index + 1} at byte ${at}`;
    if (index === MAX_ELEMENTS) fail(where, `expected at most ${MAX_ELEMENTS} elements`);
    let element = readElement(bytes, at, little, where);
    at = element.next;
    if (element.type === COMPRESSED) {
      const inner = inflateBounded(element.data, budget, where);
      budget -= inner.length;
      element = readElement(inner, 0, little, `${where}, decompressed`);
    }
    if (element.type !== MATRIX) continue;
    const array = readMatrix(element.data, names, little, where);
    if (array === undefined) continue;
    if (found.has(array.name)) fail(where, `array "${array.name}" is there twice`);
    found.set(array.name, array);
    if (found.size === names.length) break;
  }
  for (const name of names) {
    if (!found.has(name)) fail(file, `expected an array "${name}" in the MAT-file, found none`);
  }
  return found;
}

function fail(where: string, message: string): never {
  throw new BispikeError("data", `${where}: ${message}`);
}

/** Checks the header; true for little-endian. */
function readHeader(bytes: Uint8Array, file: string): boolean {
  if (bytes.length < HEADER) {
    fail(file, `expected a MAT-file's header of ${HEADER} bytes, found ${bytes.length} (file is truncated)`);
  }
  const mark = String.fromCharCode(bytes[126] as number, bytes[127] as number);
  const little = mark === "IM";
  const version = little ? (bytes[125] as number) : (bytes[124] as number);
  if (mark !== "IM" && mark !== "MI") fail(file, "expected a level 5 MAT-file (byte order mark IM or MI at byte 126)");
  if (version === 2) fail(file, 'this is a MAT-file of version 7.3 (HDF5); save it again in MATLAB with "-v7"');
  if (version !== 1) fail(file, `version of the MAT-file: expected 1, found ${version}`);
  return little;
}

function readElement(bytes: Uint8Array, at: number, little: boolean, where: string): Element {
  if (bytes.length - at < 8) fail(where, `expected a tag of 8 bytes, found ${bytes.length - at} (file is truncated)`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  const first = view.getUint32(0, little);
  const smallLength = first >>> 16;
  if (smallLength > 0) {
    if (smallLength > 4) fail(where, `length of a small element: expected 1 to 4, found ${smallLength}`);
    return { type: first & 0xffff, data: bytes.subarray(at + 4, at + 4 + smallLength), next: at + 8 };
  }
  const length = view.getUint32(4, little);
  const start = at + 8;
  if (length > bytes.length - start) {
    fail(where, `expected ${length} bytes of data, found ${bytes.length - start} (file is truncated)`);
  }
  // Compressed elements follow each other without padding; the last one of a file may lack it.
  const padded = first === COMPRESSED ? length : Math.min(Math.ceil(length / 8) * 8, bytes.length - start);
  return { type: first, data: bytes.subarray(start, start + length), next: start + padded };
}

/** The array, or undefined when its name is not asked for. */
function readMatrix(
  data: Uint8Array,
  names: readonly string[],
  little: boolean,
  where: string,
): MatlabArray | undefined {
  const flags = readElement(data, 0, little, `${where}, flags`);
  if (flags.type !== UINT32 || flags.data.length !== 8) fail(where, "array flags: expected two 32-bit integers");
  const sizes = readElement(data, flags.next, little, `${where}, dimensions`);
  const label = readElement(data, sizes.next, little, `${where}, name`);
  if (label.type !== INT8 || label.data.length > MAX_NAME) fail(where, `name: expected at most ${MAX_NAME} bytes`);
  const name = String.fromCharCode(...label.data);
  if (!names.includes(name)) return undefined;

  const word = new DataView(flags.data.buffer, flags.data.byteOffset, 4).getUint32(0, little);
  const kind = word & 0xff;
  if (kind < CLASS_DOUBLE || kind > CLASS_UINT64 || ((word >>> 8) & FLAG_COMPLEX) !== 0) {
    fail(where, `array "${name}": expected a real numeric array, found class ${kind}`);
  }
  const dims = readDims(sizes, little, `${where}, dimensions of "${name}"`);
  const real = readElement(data, label.next, little, `${where}, values of "${name}"`);
  const numeric = NUMERIC.get(real.type);
  if (numeric === undefined) fail(where, `array "${name}": storage type ${real.type} is not supported`);
  const [size, get] = numeric;
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (real.data.length !== count * size) {
    fail(where, `array "${name}": expected ${count * size} bytes for ${dims.join(" x ")}, found ${real.data.length}`);
  }
  if (real.type === UINT8) return { name, dims, values: real.data };
  const view = new DataView(real.data.buffer, real.data.byteOffset, real.data.length);
  const values = Float64Array.from({ length: count }, (_, index) => get(view, index * size, little));
  return { name, dims, values };
}

function readDims(sizes: Element, little: boolean, where: string): number[] {
  const rank = sizes.data.length / 4;
  if (sizes.type !== INT32 || !Number.isInteger(rank) || rank < 2 || rank > MAX_DIMS) {
    fail(where, `expected 2 to ${MAX_DIMS} 32-bit integers, found ${sizes.data.length} bytes of type ${sizes.type}`);
  }
  const view = new DataView(sizes.data.buffer, sizes.data.byteOffset, sizes.data.length);
  return Array.from({ length: rank }, (_, axis) => {
    const dim = view.getInt32(4 * axis, little);
    if (dim < 0) fail(where, `expected sizes of 0 or more, found ${dim}`);
    return dim;
  });
}

/** Every SVHN image: 32 x 32, red, green, blue. */
export const SVHN_SHAPE: ImageShape = { height: 32, width: 32, channels: 3 };

const SIDE = 32;
const PLANE = SIDE * SIDE;
const IMAGE = 3 * PLANE;

/**
 * Reads a file of SVHN.
 *
 * @param file the file's name, for messages
 * @returns images channels last, labels 0 to 9 (the digit)
 * @throws BispikeError "data" for a damaged file, other dimensions, or a label that is not 1 to 10
 */
export function parseSvhn(bytes: Uint8Array, file: string): Split {
  const arrays = parseMatlab(bytes, ["X", "y"], file);
  const { dims, values: pixels } = arrays.get("X") as NonNullable<ReturnType<typeof arrays.get>>;
  const labelled = arrays.get("y") as NonNullable<ReturnType<typeof arrays.get>>;
  // MATLAB drops a last dimension of 1.
  const [height, width, channels, count = 1] = dims;
  if (height !== SIDE || width !== SIDE || channels !== 3 || dims.length > 4 || count < 1) {
    throw new BispikeError("data", `${file}: array "X": expected 32 x 32 x 3 x N, found ${dims.join(" x ")}`);
  }
  if (!(pixels instanceof Uint8Array)) {
    throw new BispikeError("data", `${file}: array "X": expected unsigned bytes`);
  }
  if (labelled.values.length !== count || Math.max(...labelled.dims) !== count) {
    throw new BispikeError(
      "data",
      `${file}: array "y": expected ${count} x 1 labels as there are ${count} images, found ${labelled.dims.join(" x ")}`,
    );
  }
  return { images: toRows(pixels, count), labels: toDigits(labelled.values, file), count };
}

/** Column-major 32 x 32 x 3 x N to N images of rows, channels last. */
function toRows(pixels: Uint8Array, count: number): Uint8Array {
  const images = new Uint8Array(count * IMAGE);
  for (let index = 0; index < count; index++) {
    const start = index * IMAGE;
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const from = start + row + SIDE * column;
        const to = start + 3 * (SIDE * row + column);
        images[to] = pixels[from] as number;
        images[to + 1] = pixels[from + PLANE] as number;
        images[to + 2] = pixels[from + 2 * PLANE] as number;
      }
    }
  }
  return images;
}

function toDigits(values: Uint8Array | Float64Array, file: string): Uint16Array {
  const labels = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const label = values[index] as number;
    if (!Number.isInteger(label) || label < 1 || label > 10) {
      throw new BispikeError(
        "data",
        `${file}: label of image ${index}: expected 1 to 10 (10 is the digit 0), found ${label}`,
      );
    }
    labels[index] = label % 10;
  }
  return labels;
}
