/** Writes safetensors: the header starts at "{" and is padded with spaces to a multiple of 8; equal input gives equal bytes, in the reference writer's order. */
import {
  arrayKind,
  byteLength,
  DTYPE_BITS,
  fault,
  hasLoneSurrogate,
  MAX_HEADER_BYTES,
  METADATA_KEY,
  quote,
  shapeText,
  type Tensor,
} from "./safetensors-tensor.ts";

const DTYPE_RANK = new Map(Object.keys(DTYPE_BITS).map((dtype, rank) => [dtype, rank]));

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
