/** Whole files as the reference implementation writes and reads them (bytes from its own test suite). */
import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import { rawSafetensors } from "../support/safetensors.ts";

/** A file with the reference's header text and six floats 0 … 5. */
function sixFloats(header: string): Uint8Array {
  const file = rawSafetensors(header, 24);
  file.set(new Uint8Array(Float32Array.of(0, 1, 2, 3, 4, 5).buffer), file.length - 24);
  return file;
}

function floats(shape: number[]): Tensor {
  return { dtype: "F32", shape, data: Float32Array.of(0, 1, 2, 3, 4, 5) };
}

describe("bytes of the reference writer", () => {
  it("no padding needed", () => {
    const bytes = encodeSafetensors([["attn.0", floats([1, 2, 3])]]);
    expect(bytes).toEqual(sixFloats('{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}'));
    expect([...bytes.subarray(0, 8)]).toEqual([64, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("padded with spaces to a multiple of eight", () => {
    const bytes = encodeSafetensors([["attn0", floats([1, 1, 2, 3])]]);
    expect(bytes).toEqual(sixFloats('{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       '));
    expect(bytes[0]).toBe(72);
  });

  it("empty, without and with metadata", () => {
    expect(encodeSafetensors([])).toEqual(rawSafetensors("{}      "));
    expect(encodeSafetensors([], { framework: "pt" })).toEqual(
      rawSafetensors('{"__metadata__":{"framework":"pt"}}     '),
    );
  });

  it("sorts by dtype, widest alignment first, then by name in UTF-8 order", () => {
    const none = (dtype: "U8" | "I16" | "F32" | "I64"): Tensor => {
      if (dtype === "U8") return { dtype, shape: [0], data: new Uint8Array(0) };
      if (dtype === "I16") return { dtype, shape: [0], data: new Int16Array(0) };
      if (dtype === "I64") return { dtype, shape: [0], data: new BigInt64Array(0) };
      return { dtype, shape: [0], data: new Float32Array(0) };
    };
    const names: [string, Tensor][] = [
      ["a", none("U8")],
      ["b", none("I16")],
      ["\u{1f600}", none("F32")], // beyond U+FFFF: last in UTF-8, though not in UTF-16
      ["\uff5e", none("F32")],
      ["c", none("F32")],
      ["B", none("F32")],
      ["z", none("I64")],
    ];
    const { tensors } = decodeSafetensors(encodeSafetensors(names));
    // Empty tensors all begin at 0, so the reader keeps the header's order.
    expect([...tensors.keys()]).toEqual(["z", "B", "c", "\uff5e", "\u{1f600}", "b", "a"]);
  });
});

describe("files the reference reader accepts", () => {
  const square = '{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}';

  it("a square, a scalar, an empty tensor", () => {
    const tensor = decodeSafetensors(rawSafetensors(square, 16)).tensors.get("test");
    expect(tensor).toEqual({
      dtype: "I32",
      shape: [2, 2],
      data: Int32Array.of(0x04030201, 0x08070605, 0x0c0b0a09, 0x100f0e0d),
    });
    const scalar = rawSafetensors('{"test":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}', 4);
    expect(decodeSafetensors(scalar).tensors.get("test")).toMatchObject({ shape: [], data: { length: 1 } });
    const empty = rawSafetensors('{"test":{"dtype":"I32","shape":[2,0],"data_offsets":[0, 0]}}');
    expect(decodeSafetensors(empty).tensors.get("test")).toMatchObject({ shape: [2, 0], data: { length: 0 } });
  });

  it("JSON white space around and inside the header", () => {
    expect(decodeSafetensors(rawSafetensors("{}\r \t\n")).tensors.size).toBe(0);
    expect(decodeSafetensors(rawSafetensors("\t\n{}\r ")).tensors.size).toBe(0);
    const spaced = '{ "test" : { "shape" : [ 2 ,\n2 ] , "dtype":"I32", "data_offsets":[0,16] } }';
    expect(decodeSafetensors(rawSafetensors(spaced, 16)).tensors.get("test")?.shape).toEqual([2, 2]);
  });

  it("any order of keys in the header", () => {
    const file = rawSafetensors(
      '{"late":{"data_offsets":[2,4],"shape":[2],"dtype":"U8"},"__metadata__":{"k\\u0041":"v"},' +
        '"early":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
      4,
    );
    const { tensors, metadata } = decodeSafetensors(file);
    expect([...tensors]).toEqual([
      ["early", { dtype: "U8", shape: [2], data: Uint8Array.of(1, 2) }],
      ["late", { dtype: "U8", shape: [2], data: Uint8Array.of(3, 4) }],
    ]);
    expect([...metadata]).toEqual([["kA", "v"]]);
  });

  it.each([
    ["F16", 3, 6],
    ["BF16", 3, 6],
    ["C64", 2, 16],
    ["F8_E5M2", 3, 3],
    ["F8_E4M3", 3, 3],
    ["F8_E8M0", 3, 3],
    ["F8_E4M3FNUZ", 3, 3],
    ["F8_E5M2FNUZ", 3, 3],
    ["F4", 6, 3],
    ["F6_E2M3", 4, 3],
    ["F6_E3M2", 8, 6],
  ])("%s, kept as raw bytes and written back", (dtype, elements, size) => {
    const header = `{"t":{"dtype":"${dtype}","shape":[${elements}],"data_offsets":[0,${size}]}}`;
    const file = rawSafetensors(header.padEnd(Math.ceil(header.length / 8) * 8), size);
    const { tensors } = decodeSafetensors(file);
    expect(tensors.get("t")?.data).toEqual(Uint8Array.from({ length: size }, (_, at) => at + 1));
    expect(encodeSafetensors(tensors)).toEqual(file);
  });
});
