/**
 * safetensors: u64 little-endian header length N, N bytes of JSON header, then the tensors packed in little-endian
 * row-major order. The writer is strict (header starts at "{", padded with spaces to a multiple of 8, equal input gives
 * equal bytes, in the reference writer's order); the reader takes whatever the format's specification allows.
 * Typed views assume a little-endian host, as every engine that runs WebAssembly shows to its memory.
 */

import {
  byteLength,
  DTYPE_BITS,
  type Dtype,
  fault,
  hasLoneSurrogate,
  METADATA_KEY,
  quote,
  scanHeader,
  shapeText,
  type Tensor,
  type TensorInfo,
} from "./safetensors-header.ts";

export type { Dtype, Tensor } from "./safetensors-header.ts";

/** Header bytes a reader accepts at most, as the reference has it. */
const MAX_HEADER_BYTES = 100_000_000;

/** Tensors in the order of their data, and the free-form strings. */
export interface SafetensorsFile {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}

interface ArrayKind {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Tensor["data"];
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}

const ARRAYS: Partial<Record<Dtype, ArrayKind>> = {
  I8: Int8Array,
  I16: Int16Array,
  U16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
};

const DTYPE_RANK = new Map(Object.keys(DTYPE_BITS).map((dtype, rank) => [dtype, rank]));

function arrayKind(dtype: Dtype): ArrayKind {
  return ARRAYS[dtype] ?? Uint8Array;
}

/** Orders strings by code point, as UTF-8 bytes sort; JavaScript's `<` differs where surrogate pairs occur. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === length) return a.length - b.length;
  const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
  const [unitA, unitB] = [a.charCodeAt(at), b.charCodeAt(at)];
  // A surrogate stands for a code point above U+FFFF, so it sorts after any other unit.
  return Number(isSurrogate(unitA)) - Number(isSurrogate(unitB)) || unitA - unitB;
}

function checkTensor(name: string, tensor: Tensor): number {
  const where = `tensor ${quote(name)}`;
  if (name === METADATA_KEY) throw fault(`${where}: the name is reserved for metadata; rename the tensor`);
  if (hasLoneSurrogate(name)) throw fault(`${where}: the name is not valid Unicode; rename the tensor`);
  if (!Object.hasOwn(DTYPE_BITS, tensor.dtype)) throw fault(`${where}: unknown dtype ${quote(String(tensor.dtype))}`);
  for (const size of tensor.shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw fault(`${where}: expected sizes from 0 to 2^53 - 1, found ${size} in shape ${shapeText(tensor.shape)}`);
    }
  }
  const kind = arrayKind(tensor.dtype);
  if (!(tensor.data instanceof kind)) {
    throw fault(`${where}: ${tensor.dtype} is kept in ${kind.name}, found ${tensor.data.constructor.name}`);
  }
  const bytes = byteLength(name, tensor.dtype, tensor.shape);
  if (tensor.data.byteLength !== bytes) {
    const given = tensor.data.byteLength;
    throw fault(`${where}: shape ${shapeText(tensor.shape)} of ${tensor.dtype} is ${bytes} bytes, data holds ${given}`);
  }
  return bytes;
}

function metadataJson(metadata: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(metadata).sort(([a], [b]) => byCodePoint(a, b));
  const fields = pairs.map(([key, value]) => {
    if (typeof value !== "string") throw fault(`metadata ${quote(key)}: expected a string, found ${typeof value}`);
    if (hasLoneSurrogate(key) || hasLoneSurrogate(value)) throw fault(`metadata ${quote(key)}: not valid Unicode`);
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  });
  return `"${METADATA_KEY}":{${fields.join(",")}}`;
}

/**
 * Writes tensors as one safetensors file. The bytes depend only on the names, tensors and metadata, not on their order:
 * tensors are sorted by dtype (widest alignment first), then by name; metadata by key.
 *
 * @param tensors pairs of name and tensor, such as a Map
 * @param metadata free-form strings; an empty record writes nothing
 * @throws BispikeError "checkpoint" for a repeated or reserved name, or data that does not fit its dtype and shape
 * @example
 * const bytes = encodeSafetensors(new Map([["w", { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) }]]));
 */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(([nameA, a], [nameB, b]) => {
    return (DTYPE_RANK.get(b.dtype) ?? 0) - (DTYPE_RANK.get(a.dtype) ?? 0) || byCodePoint(nameA, nameB);
  });
  const fields = Object.keys(metadata).length > 0 ? [metadataJson(metadata)] : [];
  const names = new Set<string>();
  let end = 0;
  for (const [name, tensor] of sorted) {
    if (names.has(name)) throw fault(`tensor ${quote(name)}: the name appears twice`);
    names.add(name);
    const begin = end;
    end += checkTensor(name, tensor);
    const { dtype, shape } = tensor;
    const info = `{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]}`;
    fields.push(`${JSON.stringify(name)}:${info}`);
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw fault(`the header would be ${headerBytes} bytes, more than the ${MAX_HEADER_BYTES} a reader accepts`);
  }
  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  let at = 8 + headerBytes;
  for (const [, { data }] of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** Copies a range. Not `slice`: on a Node Buffer that is a view, whose `buffer` is the whole pool. */
function copyOf(bytes: Uint8Array, begin: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(begin, end));
}

/** Checks that tensors sorted by offsets cover the data without a hole or overlap; the reference reader's order. */
function checkLayout(sorted: readonly TensorInfo[], dataBytes: number): void {
  let covered = 0;
  for (const { name, dtype, shape, begin, end } of sorted) {
    const where = `tensor ${quote(name)}`;
    if (begin !== covered) {
      const what = begin > covered ? "a hole" : "an overlap";
      throw fault(`${where}: data begins at ${begin}, expected ${covered}, the end of the one before (${what})`);
    }
    if (end < begin) throw fault(`${where}: data ends at ${end}, before its begin ${begin}`);
    const bytes = byteLength(name, dtype, shape);
    if (end - begin !== bytes) {
      const offsets = `data_offsets [${begin}, ${end}] hold ${end - begin}`;
      throw fault(`${where}: shape ${shapeText(shape)} of ${dtype} is ${bytes} bytes, ${offsets}`);
    }
    if (end > dataBytes) {
      throw fault(`${where}: data ends at ${end}, but only ${dataBytes} bytes follow the header (file is truncated?)`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw fault(`the tensors end at ${covered}, but ${dataBytes} bytes follow the header (trailing bytes)`);
  }
}

/**
 * Reads a whole safetensors file. Each `data` is a view into `bytes` where alignment allows, else a copy: keep `bytes`
 * unchanged while the tensors are in use. Memory beyond that is in proportion to the header, at most 100 MB long.
 *
 * @throws BispikeError "checkpoint" naming the tensor and both numbers, for any file the format does not allow
 * @example
 * const { tensors, metadata } = decodeSafetensors(new Uint8Array(await file.arrayBuffer()));
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.byteLength < 8) throw fault(`expected at least 8 bytes, found ${bytes.byteLength} (file is truncated)`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw fault(`expected a safetensors file, but its header length ${length} is more than ${MAX_HEADER_BYTES}`);
  }
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.byteLength) {
    throw fault(`header length ${length}, but only ${bytes.byteLength - 8} bytes follow it (file is truncated?)`);
  }
  let text: string;
  try {
    // A copy, because browsers do not decode shared memory; ignoreBOM, because a mark before "{" is not JSON.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(copyOf(bytes, 8, dataStart));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw fault("the header is not valid UTF-8");
  }
  const { tensors: infos, metadata } = scanHeader(text);
  checkLayout(
    infos.sort((a, b) => a.begin - b.begin || a.end - b.end),
    bytes.byteLength - dataStart,
  );
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of infos) {
    const kind = arrayKind(dtype);
    const from = bytes.byteOffset + dataStart + begin;
    const aligned = from % kind.BYTES_PER_ELEMENT === 0;
    const buffer = aligned ? bytes.buffer : copyOf(bytes, dataStart + begin, dataStart + end).buffer;
    const data = new kind(buffer, aligned ? from : 0, (end - begin) / kind.BYTES_PER_ELEMENT);
    tensors.set(name, { dtype, shape, data } as Tensor);
  }
  return { tensors, metadata };
}
