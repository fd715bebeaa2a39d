/** NumPy's files, byte by byte. */
import { describe, expect, it } from "vitest";
import { parseNpy, parseNpz } from "../../src/data/sequence/npz.ts";

import { encodeNpy, encodeNpz } from "../../src/formats/npz.ts";

const latin = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");

describe("npy", () => {
  it("has NumPy's header, version 1.0, to a multiple of 64 bytes, and little-endian numbers", () => {
    const bytes = encodeNpy({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, -6) });
    const dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    expect(latin(bytes.subarray(0, 128))).toBe(`\x93NUMPY\x01\x00\x76\x00${dictionary.padEnd(117)}\n`);
    expect([...bytes.subarray(128, 136)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
    expect(bytes.length).toBe(128 + 24);
  });

  it.each([
    [[], Float64Array.of(1), "'<f8', 'fortran_order': False, 'shape': (), "],
    [[3], Uint8Array.of(1, 2, 3), "'|u1', 'fortran_order': False, 'shape': (3,), "],
    [[0, 4], Uint16Array.of(), "'<u2', 'fortran_order': False, 'shape': (0, 4), "],
    [[1], Int32Array.of(-1), "'<i4', 'fortran_order': False, 'shape': (1,), "],
    [[1], Uint32Array.of(2 ** 32 - 1), "'<u4', 'fortran_order': False, 'shape': (1,), "],
    [[1], BigInt64Array.of(-1n), "'<i8', 'fortran_order': False, 'shape': (1,), "],
  ])("writes shape %j", (shape, data, text) => {
    expect(latin(encodeNpy({ shape, data }))).toContain(`{'descr': ${text}}`);
  });

  it("refuses a shape that is not the numbers'", () => {
    expect(() => encodeNpy({ shape: [2], data: Float32Array.of(1) })).toThrow(/shape \[2\] is of 2 values, got 1/);
  });
});

describe("npz", () => {
  const arrays = new Map([
    ["a.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["labels", { shape: [2], data: Uint16Array.of(7, 9) }],
  ]);

  it("is read by our own reader, views of larger memory too", () => {
    const bytes = encodeNpz(arrays);
    expect([...parseNpz(bytes, "a.npz", { key: "a.weight" }).values]).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...parseNpz(bytes, "a.npz", { key: "labels" }).values]).toEqual([7, 9]);
    const view = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
    expect([...parseNpy(encodeNpy({ shape: [2], data: view }), "v.npy").values]).toEqual([1, 2]);
  });

  it("gives equal bytes for equal arrays, and takes plain names alone", () => {
    expect(encodeNpz(arrays)).toEqual(encodeNpz(new Map(arrays)));
    expect(() => encodeNpz(new Map([["../a", arrays.get("labels")!]]))).toThrow(/expected a name/);
  });
});
