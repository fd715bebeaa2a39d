/** What a safetensors tensor is: element types, arrays, bytes, and how a message quotes it. */
import { BispikeError } from "../errors.ts";

/** Bits an element, in the format's own order of increasing alignment (the order the writer sorts by). */
export const DTYPE_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** A safetensors element type. */
export type Dtype = keyof typeof DTYPE_BITS;

/** The array of each dtype; element types JavaScript lacks stay bytes, as stored. BOOL: one byte an element, 0 or 1. */
interface DataOf {
  BOOL: Uint8Array;
  F4: Uint8Array;
  F6_E2M3: Uint8Array;
  F6_E3M2: Uint8Array;
  U8: Uint8Array;
  I8: Int8Array;
  F8_E5M2: Uint8Array;
  F8_E4M3: Uint8Array;
  F8_E8M0: Uint8Array;
  F8_E4M3FNUZ: Uint8Array;
  F8_E5M2FNUZ: Uint8Array;
  I16: Int16Array;
  U16: Uint16Array;
  F16: Uint8Array;
  BF16: Uint8Array;
  I32: Int32Array;
  U32: Uint32Array;
  F32: Float32Array;
  C64: Uint8Array;
  F64: Float64Array;
  I64: BigInt64Array;
  U64: BigUint64Array;
}

/**
 * A named tensor's value. Testing `dtype` narrows `data`. `shape: []` is a scalar; a size of 0 makes it empty.
 *
 * @example
 * const weight: Tensor = { dtype: "F32", shape: [2, 3], data: new Float32Array(6) };
 */
export type Tensor = {
  [D in Dtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: DataOf[D] };
}[Dtype];

/** A name from an untrusted file for a message: quoted, on one line, at most 80 characters. */
export function quote(text: string): string {
  const clipped = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(clipped).replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A fault of the file as a typed error. */
export function fault(message: string): BispikeError {
  return new BispikeError("checkpoint", `safetensors: ${message}`);
}

/**
 * Bytes of a tensor, checked.
 *
 * @throws BispikeError "checkpoint" when the product passes 2^53 - 1 bits or is not a whole number of bytes
 */
export function byteLength(name: string, dtype: Dtype, shape: readonly number[]): number {
  let bits: number = DTYPE_BITS[dtype];
  for (const size of shape) {
    bits *= size;
    if (bits > Number.MAX_SAFE_INTEGER) {
      throw fault(`tensor ${quote(name)}: ${dtype} of shape ${shapeText(shape)} passes the limit of 2^53 - 1 bits`);
    }
  }
  if (bits % 8 !== 0) {
    throw fault(`tensor ${quote(name)}: ${dtype} of shape ${shapeText(shape)} is ${bits} bits, not whole bytes`);
  }
  return bits / 8;
}

/** A shape for a message, at most eight sizes long. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.slice(0, 8).join(", ")}${shape.length > 8 ? `, … ${shape.length} sizes` : ""}]`;
}

/** One tensor as the header describes it; offsets in bytes from the start of the data, end exclusive. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The key of the free-form string map, which no tensor may use. */
export const METADATA_KEY = "__metadata__";

/** True when a string holds half a surrogate pair, which UTF-8 cannot carry. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
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

/** The array a dtype is kept in. */
export function arrayKind(dtype: Dtype): ArrayKind {
  return ARRAYS[dtype] ?? Uint8Array;
}

/** Header bytes a reader accepts at most, as the reference has it. */
export const MAX_HEADER_BYTES = 100_000_000;
