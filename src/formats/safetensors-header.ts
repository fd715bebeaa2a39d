/**
 * The JSON header of a safetensors file, scanned by hand: the grammar has three fixed levels, so a scanner that knows it
 * needs no recursion, stops at the first wrong byte, sees duplicate keys (JSON.parse keeps the last one silently) and
 * never makes an object with a key from the file.
 */
import type { BispikeError } from "../errors.ts";
import {
  DTYPE_BITS,
  type Dtype,
  fault,
  hasLoneSurrogate,
  METADATA_KEY,
  quote,
  type TensorInfo,
} from "./safetensors-tensor.ts";

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
