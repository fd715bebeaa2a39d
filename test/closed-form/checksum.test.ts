/** CRC-32 and xxHash32 against the published vectors, and the latter's promise: no change of one byte goes unseen. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32, xxHash32 } from "../../src/engine/checksum.ts";

const text = (value: string) => new TextEncoder().encode(value);

it("CRC-32 has the published check value, whole or in parts", () => {
  expect(crc32(text("123456789"))).toBe(0xcbf43926);
  expect(crc32(text("6789"), crc32(text("12345")))).toBe(0xcbf43926);
  expect(crc32(text(""))).toBe(0);
});

describe("xxHash32", () => {
  it.each([
    ["", 0, 0x02cc5d05],
    ["a", 0, 0x550d7456],
    ["abc", 0, 0x32d153ff],
    ["Nobody inspects the spammish repetition", 0, 0xe2293b2f],
  ])("of %j with seed %i", (input, seed, expected) => {
    expect(xxHash32(text(input), seed)).toBe(expected);
  });

  it("changes with any one byte", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const changed = bytes.slice();
          changed[at % bytes.length]! ^= flip;
          expect(xxHash32(changed)).not.toBe(xxHash32(bytes));
        },
      ),
    );
  });
});
