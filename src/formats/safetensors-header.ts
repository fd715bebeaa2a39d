/**
 * What a safetensors tensor is, and the JSON header that says so, scanned by hand: the grammar has three fixed levels, so a scanner that knows it
 * needs no recursion, stops at the first wrong byte, sees duplicate keys (JSON.parse keeps the last one silently) and
 * never makes an object with a key from the file.
 */
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

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(expected: string): BispikeError {
    const found = this.#at < this.#text.length ? quote(this.#text.slice(this.#at, this.#at + 12)) : "its end";
    return fault(`header position ${this.#at}: expected ${expected}, found ${found}`);
  }

  skipSpace(): void {
    for (;;) {
      const char = this.#text.charCodeAt(this.#at);
      if (char !== 0x20 && char !== 0x09 && char !== 0x0a && char !== 0x0d) return;
      this.#at++;
    }
  }

  /** Takes `char` after white space if it is there. */
  takes(char: string): boolean {
    this.skipSpace();
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  take(char: string): void {
    if (!this.takes(char)) throw this.fail(quote(char));
  }

  atEnd(): boolean {
    this.skipSpace();
    return this.#at === this.#text.length;
  }

  string(what: string): string {
    this.skipSpace();
    const start = this.#at;
    if (this.#text[start] !== '"') throw this.fail(`${what} in double quotes`);
    let end = start + 1;
    for (let char = 0; ; end++) {
      char = this.#text.charCodeAt(end);
      if (char === 0x22) break;
      if (Number.isNaN(char)) throw this.fail(`${what} with a closing quote`);
      if (char === 0x5c) end++;
    }
    this.#at = end + 1;
    let value: unknown;
    try {
      value = JSON.parse(this.#text.slice(start, end + 1));
    } catch {
      value = undefined;
    }
    if (typeof value !== "string" || hasLoneSurrogate(value)) {
      this.#at = start;
      throw this.fail(`${what} as a valid JSON string`);
    }
    return value;
  }

  /** A non-negative integer without sign, fraction, exponent or leading zero, at most 2^53 - 1. */
  size(what: string): number {
    this.skipSpace();
    const start = this.#at;
    let value = 0;
    for (;;) {
      const digit = this.#text.charCodeAt(this.#at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      this.#at++;
      if (value > Number.MAX_SAFE_INTEGER || (this.#at - start > 1 && this.#text[start] === "0")) {
        this.#at = start;
        throw this.fail(`${what} as an integer from 0 to 2^53 - 1`);
      }
    }
    if (this.#at === start) throw this.fail(`${what} as an integer from 0 to 2^53 - 1`);
    return value;
  }

  sizes(what: string): number[] {
    this.take("[");
    const values: number[] = [];
    if (this.takes("]")) return values;
    do values.push(this.size(what));
    while (this.takes(","));
    this.take("]");
    return values;
  }

  /** An object: calls `field` at each value and refuses a repeated key. */
  object(where: string, field: (key: string) => void): void {
    this.take("{");
    if (this.takes("}")) return;
    const seen = new Set<string>();
    do {
      const key = this.string(`a key of ${where}`);
      if (seen.has(key)) throw fault(`${where}: key ${quote(key)} appears twice`);
      seen.add(key);
      this.take(":");
      field(key);
    } while (this.takes(","));
    this.take("}");
  }
}

function scanTensor(scanner: Scanner, name: string): TensorInfo {
  const where = `tensor ${quote(name)}`;
  let dtype: Dtype | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scanner.object(where, (key) => {
    if (key === "dtype") {
      const text = scanner.string(`${where}: dtype`);
      if (!Object.hasOwn(DTYPE_BITS, text)) {
        throw fault(`${where}: unknown dtype ${quote(text)}; known are ${Object.keys(DTYPE_BITS).join(" ")}`);
      }
      dtype = text as Dtype;
    } else if (key === "shape") shape = scanner.sizes(`${where}: a size of shape`);
    else if (key === "data_offsets") offsets = scanner.sizes(`${where}: a data offset`);
    else throw fault(`${where}: unknown key ${quote(key)}; expected dtype, shape, data_offsets`);
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw fault(`${where}: expected dtype, shape and data_offsets, found only some of them`);
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    throw fault(`${where}: expected two data_offsets, found ${offsets.length}`);
  }
  return { name, dtype, shape, begin, end };
}

/**
 * Reads a header's text (without its length). Offsets are not yet compared with each other or with the file.
 *
 * @throws BispikeError "checkpoint" for anything that is not a safetensors header
 */
export function scanHeader(text: string): { tensors: TensorInfo[]; metadata: Map<string, string> } {
  const scanner = new Scanner(text);
  const tensors: TensorInfo[] = [];
  const metadata = new Map<string, string>();
  scanner.object("the header", (key) => {
    if (key !== METADATA_KEY) {
      tensors.push(scanTensor(scanner, key));
      return;
    }
    scanner.object(METADATA_KEY, (name) => {
      metadata.set(name, scanner.string(`${METADATA_KEY} ${quote(name)}`));
    });
  });
  if (!scanner.atEnd()) throw scanner.fail("the end of the header");
  return { tensors, metadata };
}
