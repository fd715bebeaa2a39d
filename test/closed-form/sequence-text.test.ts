/** Characters to symbols and back, and what is said of those that cannot be. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  alphabetOf,
  decode,
  decodeUtf8,
  encode,
  invalidOffset,
  readText,
  textOf,
} from "../../src/data/sequence/text.ts";

import { BispikeError } from "../../src/errors.ts";
import { bytesOf } from "../support/series-files.ts";

describe("alphabet", () => {
  it("is sorted by code point, beyond the 16-bit ones too", () => {
    // By UTF-16 code unit, U+1F600 would come before U+FF21.
    expect(alphabetOf("\u{1F600}bA\uFF21a")).toEqual(["A", "a", "b", "\uFF21", "\u{1F600}"]);
  });

  it("refuses too few, too many, and half a surrogate pair", () => {
    expect(() => alphabetOf("aaa", "x.txt")).toThrow(/x.txt: expected 2 to 65535 different characters, found 1/);
    const all = Array.from({ length: 70_000 }, (_, index) => String.fromCodePoint(0x1_0000 + index)).join("");
    expect(() => alphabetOf(all)).toThrow(/found 70000/);
    expect(alphabetOf(all.slice(0, 2 * 65_535))).toHaveLength(65_535);
    expect(() => alphabetOf("ab\nc\uD800")).toThrow(/line 2, column 2: .* \(U\+D800\) is half a surrogate pair/);
  });
});

describe("symbols", () => {
  it("come back as the text they were", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 2 }), (text) => {
        fc.pre(new Set([...text]).size > 1);
        const { alphabet, symbols } = textOf("a", text);
        expect(symbols.length).toBe([...text].length);
        expect(decode(symbols, alphabet)).toBe(text);
      }),
    );
  });

  it("names an unknown character, its code point and its place", () => {
    const alphabet = alphabetOf("abc \r\n");
    expect(() => encode("ab\r\n\r\nca é", alphabet, "error", "p.txt")).toThrow(
      'p.txt: line 3, column 4: "é" (U+00E9) is not among the 6 characters of the alphabet',
    );
    expect(() => encode("\u{1F600}", alphabet)).toThrow(/line 1, column 1: ".*" \(U\+1F600\)/);
    expect(() => encode("a\rb\rx", alphabet)).toThrow(/line 3, column 1: "x"/);
  });

  it("skips or replaces unknown characters when asked", () => {
    const alphabet = alphabetOf("abc_");
    expect(decode(encode("a?b\u{1F600}c", alphabet, "skip"), alphabet)).toBe("abc");
    expect(decode(encode("a?b\u{1F600}c", alphabet, "_"), alphabet)).toBe("a_b_c");
    expect(() => encode("a", alphabet, "?")).toThrow(
      /unknown: expected error, skip, or one character of the alphabet, got "\?"/,
    );
    expect(() => decode([4], alphabet)).toThrow(/expected symbols below 4, got 4/);
  });
});

describe("bytes", () => {
  it("keep their line ends, or have them made LF", () => {
    const bytes = bytesOf("a\r\nb\rc\n");
    expect(readText(bytes, "a")).toBe("a\r\nb\rc\n");
    expect(readText(bytes, "a", "lf")).toBe("a\nb\nc\n");
    expect(readText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41), "a")).toBe("A");
  });

  it.each([
    [[], /x: expected text, found none \(the file is empty\)/],
    [[0x61, 0xc3], /byte 1 \(0xc3\) begins no character/],
    [[0x61, 0x62, 0xc0, 0x80], /byte 2 \(0xc0\)/],
    [[0xed, 0xa0, 0x80], /byte 0 \(0xed\)/],
    [[0xe2, 0x82, 0xac, 0xff, 0xfe], /byte 3 \(0xff\)/],
  ])("refuse %j", (bytes, message) => {
    expect(() => readText(Uint8Array.from(bytes), "x")).toThrow(message);
    expect(() => readText(Uint8Array.from(bytes), "x")).toThrow(BispikeError);
  });

  it("are refused exactly where the platform's decoder refuses them", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: "binary", maxLength: 3 }).map((text) => bytesOf(text)),
      fc.constantFrom([0xe0, 0x9f, 0x80], [0xe0, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x8f, 0xbf, 0xbf]),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const bytes = Uint8Array.from(pieces.flatMap((part) => [...part]));
        const offset = invalidOffset(bytes);
        const valid = (part: Uint8Array): boolean => {
          try {
            new TextDecoder("utf-8", { fatal: true }).decode(part);
            return true;
          } catch {
            return false;
          }
        };
        expect(valid(bytes.subarray(0, offset))).toBe(true);
        expect(valid(bytes)).toBe(offset === bytes.length);
        if (offset < bytes.length) expect(() => decodeUtf8(bytes, "a")).toThrow(`byte ${offset} `);
      }),
      { numRuns: 500 },
    );
  });
});
