/** Round trip, equal bytes for equal input, and behaviour on broken or hostile bytes. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { BispikeError } from "../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import { rawSafetensors } from "../support/safetensors.ts";

const KINDS = [
  ["BOOL", Uint8Array],
  ["U8", Uint8Array],
  ["I8", Int8Array],
  ["I16", Int16Array],
  ["U16", Uint16Array],
  ["I32", Int32Array],
  ["U32", Uint32Array],
  ["F32", Float32Array],
  ["F64", Float64Array],
  ["I64", BigInt64Array],
  ["U64", BigUint64Array],
] as const;

const anyTensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.constantFrom(...KINDS), fc.array(fc.nat(4), { maxLength: 4 }), fc.nat())
  .map(([[dtype, kind], shape, seed]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const raw = new Uint8Array(count * kind.BYTES_PER_ELEMENT);
    const stream = new RandomStream(seed, "bytes");
    for (let at = 0; at < raw.length; at++) raw[at] = stream.below(256); // any bits, NaN payloads too
    return { dtype, shape, data: new kind(raw.buffer) } as Tensor;
  });
const anyName = fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__");
const anyTensors = fc
  .array(fc.tuple(anyName, anyTensor), { maxLength: 8 })
  .map((pairs) => new Map<string, Tensor>(pairs));
const anyMetadata = fc.dictionary(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), { maxKeys: 4 });

function bytesOf(tensor: Tensor): number[] {
  return [...new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)];
}

function expectSame(actual: Map<string, Tensor>, expected: Map<string, Tensor>): void {
  expect(new Set(actual.keys())).toEqual(new Set(expected.keys()));
  for (const [name, tensor] of expected) {
    const read = actual.get(name) as Tensor;
    expect([read.dtype, read.shape, read.data.constructor]).toEqual([
      tensor.dtype,
      tensor.shape,
      tensor.data.constructor,
    ]);
    expect(bytesOf(read)).toEqual(bytesOf(tensor));
  }
}

describe("round trip", () => {
  it("gives back names, dtypes, shapes, bits and metadata", () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
        const read = decodeSafetensors(encodeSafetensors(tensors, metadata));
        expectSame(read.tensors, tensors);
        expect([...read.metadata].sort()).toEqual(Object.entries(metadata).sort());
      }),
    );
  });

  it("writes equal bytes whatever the order of the input", () => {
    fc.assert(
      fc.property(anyTensors, anyMetadata, (tensors, metadata) => {
        const backwards = new Map([...tensors].reverse());
        const metadataBackwards = Object.fromEntries(Object.entries(metadata).reverse());
        const bytes = encodeSafetensors(tensors, metadata);
        expect(encodeSafetensors(backwards, metadataBackwards)).toEqual(bytes);
        const read = decodeSafetensors(bytes);
        expect(encodeSafetensors(read.tensors, Object.fromEntries(read.metadata))).toEqual(bytes);
      }),
    );
  });

  it("aligns every tensor, so reading a fresh file copies nothing", () => {
    fc.assert(
      fc.property(anyTensors, (tensors) => {
        const bytes = encodeSafetensors(tensors);
        for (const { data } of decodeSafetensors(bytes).tensors.values()) expect(data.buffer).toBe(bytes.buffer);
      }),
    );
  });

  it("reads at any byte offset, from a Node Buffer of a pool, and from shared memory", () => {
    fc.assert(
      fc.property(anyTensors, fc.integer({ min: 1, max: 9 }), (tensors, offset) => {
        const file = encodeSafetensors(tensors);
        const padded = new Uint8Array(file.length + offset);
        padded.set(file, offset);
        expectSame(decodeSafetensors(padded.subarray(offset)).tensors, tensors);
        expectSame(decodeSafetensors(Buffer.from(padded.buffer, offset)).tensors, tensors);
        const shared = new Uint8Array(new SharedArrayBuffer(padded.length), offset);
        shared.set(file);
        expectSame(decodeSafetensors(shared).tensors, tensors);
      }),
    );
  });

  it("writes views into a larger, shared memory", () => {
    const memory = new Float32Array(new SharedArrayBuffer(64));
    memory.set([1, 2, 3], 5);
    const file = encodeSafetensors([["w", { dtype: "F32", shape: [3], data: memory.subarray(5, 8) }]]);
    expect(decodeSafetensors(file).tensors.get("w")?.data).toEqual(Float32Array.of(1, 2, 3));
  });
});

describe("broken bytes give a typed error or a valid file", () => {
  const sample = encodeSafetensors(
    [
      ["stage1.weight", { dtype: "F32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["step", { dtype: "I64", shape: [], data: BigInt64Array.of(7n) }],
      ["mask", { dtype: "BOOL", shape: [5], data: Uint8Array.of(1, 0, 1, 0, 1) }],
    ],
    { framework: "bispike", naïve: "é" },
  );

  function survives(bytes: Uint8Array): boolean {
    try {
      const { tensors } = decodeSafetensors(bytes);
      for (const { data } of tensors.values()) expect(data.byteLength).toBeLessThanOrEqual(bytes.length);
      return true;
    } catch (error) {
      if (!(error instanceof BispikeError) || error.code !== "checkpoint") throw error;
      return false;
    }
  }

  it("truncated anywhere: always an error", () => {
    for (let length = 0; length < sample.length; length++) {
      expect(survives(sample.subarray(0, length)), `cut at ${length}`).toBe(false);
    }
  });

  it("every single bit flipped", () => {
    let accepted = 0;
    for (let bit = 0; bit < sample.length * 8; bit++) {
      const bytes = sample.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (survives(bytes)) accepted++;
    }
    expect(accepted).toBeGreaterThanOrEqual((24 + 8 + 5) * 8); // a flip in the data is another valid file
    expect(accepted).toBeLessThan(sample.length * 8);
  });

  it("random splices, and random bytes for a header", () => {
    const anyCut = fc.tuple(fc.nat(sample.length), fc.nat(20), fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(anyCut, ([at, removed, inserted]) => {
        survives(Uint8Array.of(...sample.subarray(0, at), ...inserted, ...sample.subarray(at + removed)));
      }),
      { numRuns: 1000 },
    );
    const jsonLike = fc.array(
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        '"',
        ":",
        ",",
        "0",
        "9",
        "-",
        "\\",
        "a",
        '"dtype"',
        '"U8"',
        '"shape"',
        '"a":',
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(jsonLike, (parts) => void survives(rawSafetensors(parts.join("")))),
      { numRuns: 1000 },
    );
  });

  it.each<[string, () => string]>([
    ["deep nesting", () => "[".repeat(4_000_000)],
    ["deep nesting in a field", () => `{"a":{"shape":${"[".repeat(4_000_000)}`],
    ["deep objects", () => '{"a":'.repeat(800_000)],
    ["a long name", () => `{"${"x".repeat(4_000_000)}":{`],
    ["a long run of escapes", () => `{"${"\\u0041".repeat(600_000)}":{`],
    ["a long number", () => `{"a":{"shape":[${"9".repeat(4_000_000)}`],
    ["many zeros", () => `{"a":{"shape":[${"0".repeat(4_000_000)}`],
    ["a vast rank", () => `{"a":{"dtype":"U8","shape":[${"9,".repeat(2_000_000)}9],"data_offsets":[0,0]}}`],
    ["white space", () => " ".repeat(4_000_000)],
    [
      "many keys that fail late",
      () => `{"__metadata__":{${Array.from({ length: 100_000 }, (_, at) => `"${at}":""`).join()}`,
    ],
  ])("header bomb: %s", (_name, header) => {
    const bytes = rawSafetensors(header());
    const before = process.memoryUsage().rss;
    const start = performance.now();
    expect(survives(bytes)).toBe(false);
    expect(performance.now() - start).toBeLessThan(2000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });
});
