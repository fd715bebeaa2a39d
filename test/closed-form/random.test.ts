/** Philox4x32-10 against the known-answer vectors of Random123 (tests/kat_vectors). */
import { describe, expect, it } from "vitest";
import { philox, RandomStream, streamKey } from "../../src/engine/random.ts";

const ALL = 0xffffffff;

describe("philox known answers", () => {
  it.each([
    { counter: [0, 0, 0, 0], key: [0, 0], answer: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    { counter: [ALL, ALL, ALL, ALL], key: [ALL, ALL], answer: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      answer: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ] as const)("counter $counter, key $key", ({ counter, key, answer }) => {
    expect([...philox(counter, key)]).toEqual([...answer]);
  });
});

describe("documented derivations", () => {
  it("keys a purpose by absorbing its padded bytes into the seed", () => {
    const seed = 3 * 2 ** 32 + 7;
    // "init" is 69 6e 69 74; the next byte is 0x80.
    const short = philox([0x74696e69, 0x80, 0, 0], [7, 3]);
    expect(streamKey(seed, "init")).toEqual([short[0], short[1]]);

    // Sixteen bytes fill a block, so the marker opens a second one.
    const a4 = 0x61616161;
    const first = philox([a4, a4, a4, a4], [7, 3]);
    const second = philox([0x80, 0, 0, 0], [first[0] as number, first[1] as number]);
    expect(streamKey(seed, "a".repeat(16))).toEqual([second[0], second[1]]);
  });

  it("puts the block's position low and the stream's counter high", () => {
    const counter = 5 * 2 ** 32 + 9;
    const key = streamKey(11, "coding");
    const stream = new RandomStream(11, "coding", counter);
    const drawn = Array.from({ length: 12 }, () => stream.nextU32());
    expect(drawn).toEqual([0, 1, 2].flatMap((block) => [...philox([block, 0, 9, 5], key)]));
  });

  it("maps the upper 24 bits to [0, 1) and to an interval", () => {
    const wordsOf = new RandomStream(1, "u");
    const expected = Array.from({ length: 9 }, () => Math.floor(wordsOf.nextU32() / 256) / 2 ** 24);
    const uniforms = new RandomStream(1, "u");
    expect(Array.from({ length: 9 }, () => uniforms.uniform())).toEqual(expected);
    const filled = new Float32Array(9);
    new RandomStream(1, "u").fillUniform(filled, -2, 6);
    expect([...filled]).toEqual(expected.map((value) => Math.fround(-2 + 8 * value)));
  });
});
