/** Files and requests that must be refused, each with the message that tells what to look at. */
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import { rawSafetensors } from "../support/safetensors.ts";

function refused(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(BispikeError);
    expect((error as BispikeError).code).toBe("checkpoint");
    return (error as BispikeError).message;
  }
  return expect.fail("accepted");
}

const tensor = (fields: string): string => `{"test":{${fields}}}`;
const square = tensor('"dtype":"I32","shape":[2,2],"data_offsets":[0,16]');
const u8 = (name: string, begin: number, end: number): string =>
  `"${name}":{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]}`;

describe("the reference reader's negative tests", () => {
  it.each<[string, Uint8Array, RegExp]>([
    ["header too small: no bytes", new Uint8Array(0), /at least 8 bytes, found 0/],
    ["header too small: 7 bytes", new Uint8Array(7), /at least 8 bytes, found 7/],
    [
      "header too large",
      rawSafetensors(square, 16, 0xffffff000000003cn),
      /18446742974197923900 is more than 100000000/,
    ],
    [
      "header just too large",
      rawSafetensors(square, 16, 100_000_001n),
      /expected a safetensors file, but .* 100000001 is more than 100000000$/,
    ],
    ["header longer than the file", rawSafetensors("", 0, 60n), /header length 60, but only 0 bytes/],
    ["not UTF-8", rawSafetensors(Uint8Array.of(0xff)), /not valid UTF-8/],
    ["not JSON", rawSafetensors("{"), /position 1: expected a key of the header in double quotes, found its end/],
    [
      "overlapping tensors",
      rawSafetensors(`{${u8("a", 0, 16)},${u8("b", 0, 16)}}`, 16),
      /"b".*begins at 0, expected 16/,
    ],
    ["trailing bytes", rawSafetensors(square, 16 + 35), /end at 16, but 51 bytes follow/],
    ["missing bytes", rawSafetensors(square, 14), /"test": data ends at 16, but only 14 bytes/],
    [
      "shape against offsets",
      rawSafetensors(tensor('"dtype":"I32","shape":[2,2],"data_offsets":[0, 4]'), 4),
      /"test": shape \[2, 2\] of I32 is 16 bytes, data_offsets \[0, 4\] hold 4/,
    ],
    [
      "shape overflow",
      rawSafetensors(tensor('"dtype":"I32","shape":[2,18446744073709551614],"data_offsets":[0,16]'), 16),
      /"test": a size of shape as an integer from 0 to 2\^53 - 1, found "1844674/,
    ],
    [
      "size overflow",
      rawSafetensors(tensor('"dtype":"I32","shape":[2,9007199254740991],"data_offsets":[0,16]'), 16),
      /"test": I32 of shape \[2, 9007199254740991\] passes the limit/,
    ],
  ])("%s", (_name, bytes, message) => {
    expect(refused(() => decodeSafetensors(bytes))).toMatch(message);
  });
});

describe("further faults of a file", () => {
  it.each<[string, string, number, RegExp]>([
    ["hole at the start", `{${u8("a", 1, 2)}}`, 2, /"a": data begins at 1, expected 0.*hole/],
    ["hole between", `{${u8("a", 0, 2)},${u8("b", 3, 4)}}`, 4, /"b": data begins at 3, expected 2.*hole/],
    ["overlap", `{${u8("a", 0, 2)},${u8("b", 1, 3)}}`, 3, /"b": data begins at 1, expected 2.*overlap/],
    [
      "end before begin",
      tensor(
        '"dtype":"U8","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"c":{"dtype":"U8","shape":[0],"data_offsets":[1,0]',
      ),
      1,
      /"c": data ends at 0, before its begin 1/,
    ],
    ["half a byte", tensor('"dtype":"F4","shape":[3],"data_offsets":[0,2]'), 2, /12 bits, not whole bytes/],
    ["data without tensors", "{}", 1, /end at 0, but 1 bytes follow/],
    ["duplicate tensor", `{${u8("a", 0, 1)},${u8("a", 0, 1)}}`, 1, /key "a" appears twice/],
    ["duplicate tensor, escaped", `{${u8("a", 0, 1)},${u8("\\u0061", 1, 2)}}`, 2, /key "a" appears twice/],
    [
      "duplicate field",
      tensor('"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]'),
      0,
      /"test": key "dtype" appears twice/,
    ],
    ["duplicate metadata key", '{"__metadata__":{"a":"1","a":"2"}}', 0, /__metadata__: key "a" appears twice/],
    ["duplicate metadata", '{"__metadata__":{},"__metadata__":{}}', 0, /key "__metadata__" appears twice/],
    ["metadata number", '{"__metadata__":{"a":1}}', 0, /__metadata__ "a" in double quotes, found "1/],
    ["metadata null", '{"__metadata__":null}', 0, /expected "\{", found "null/],
    [
      "unknown dtype",
      tensor('"dtype":"F128","shape":[0],"data_offsets":[0,0]'),
      0,
      /"test": unknown dtype "F128"; known are BOOL/,
    ],
    [
      "dtype of the prototype",
      tensor('"dtype":"toString","shape":[0],"data_offsets":[0,0]'),
      0,
      /unknown dtype "toString"/,
    ],
    [
      "unknown field",
      tensor('"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":[[]]'),
      0,
      /unknown key "x"; expected dtype, shape/,
    ],
    ["missing field", tensor('"dtype":"U8","shape":[0]'), 0, /expected dtype, shape and data_offsets/],
    ["one offset", tensor('"dtype":"U8","shape":[0],"data_offsets":[0]'), 0, /two data_offsets, found 1/],
    ["three offsets", tensor('"dtype":"U8","shape":[0],"data_offsets":[0,0,0]'), 0, /two data_offsets, found 3/],
    [
      "negative size",
      tensor('"dtype":"U8","shape":[-1],"data_offsets":[0,0]'),
      0,
      /size of shape as an integer.*found "-1/,
    ],
    ["fraction", tensor('"dtype":"U8","shape":[1.0],"data_offsets":[0,1]'), 1, /expected "]", found "\.0/],
    ["exponent", tensor('"dtype":"U8","shape":[1e0],"data_offsets":[0,1]'), 1, /expected "]", found "e0/],
    ["leading zero", tensor('"dtype":"U8","shape":[01],"data_offsets":[0,1]'), 1, /size of shape as an integer/],
    ["trailing comma", tensor('"dtype":"U8","shape":[0,],"data_offsets":[0,0]'), 0, /size of shape as an integer/],
    ["array header", "[]", 0, /position 0: expected "\{", found "\[\]"/],
    ["text after the header", "{}{}", 0, /position 2: expected the end of the header/],
    ["byte order mark", "\ufeff{}", 0, /position 0: expected "\{"/],
    ["no-break space", "\u00a0{}", 0, /position 0: expected "\{"/],
    ["raw control character in a name", `{${u8("a\n", 0, 1)}}`, 1, /valid JSON string/],
    ["bad escape", `{${u8("\\x", 0, 1)}}`, 1, /valid JSON string/],
    ["lone surrogate", `{${u8("\\ud800", 0, 1)}}`, 1, /valid JSON string/],
    ["unclosed name", '{"abc', 0, /closing quote/],
  ])("%s", (_name, header, dataBytes, message) => {
    expect(refused(() => decodeSafetensors(rawSafetensors(header, dataBytes)))).toMatch(message);
  });

  it("keeps a hostile name from breaking the message", () => {
    const name = `\\u001b[2J\\u009b${"x".repeat(10_000)}`;
    const message = refused(() => decodeSafetensors(rawSafetensors(`{${u8(name, 1, 2)}}`, 2)));
    expect(message).toContain('"\\u001b[2J\\u009bxxx');
    expect(message.length).toBeLessThan(250);
  });
});

describe("keys of Object.prototype are plain names", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("%s", (name) => {
    const file = rawSafetensors(`{"__metadata__":{"${name}":"m"},${u8(name, 0, 1)}}`, 1);
    const { tensors, metadata } = decodeSafetensors(file);
    expect(tensors.get(name)?.data).toEqual(Uint8Array.of(1));
    expect(metadata.get(name)).toBe("m");
    expect(Object.prototype).not.toHaveProperty("dtype");
    expect(decodeSafetensors(encodeSafetensors(tensors)).tensors.has(name)).toBe(true);
  });
});

describe("faults of a request to write", () => {
  const data = new Float32Array(4);
  it.each<[string, Iterable<[string, Tensor]>, Record<string, string>, RegExp]>([
    ["reserved name", [["__metadata__", { dtype: "F32", shape: [4], data }]], {}, /reserved for metadata/],
    ["lone surrogate", [["\ud800", { dtype: "F32", shape: [4], data }]], {}, /not valid Unicode/],
    [
      "name twice",
      [
        ["a", { dtype: "F32", shape: [4], data }],
        ["a", { dtype: "F32", shape: [4], data }],
      ],
      {},
      /"a": the name appears twice/,
    ],
    [
      "too little data",
      [["a", { dtype: "F32", shape: [5], data }]],
      {},
      /"a": shape \[5\] of F32 is 20 bytes, data holds 16/,
    ],
    ["negative size", [["a", { dtype: "F32", shape: [-4, -1], data }]], {}, /found -4 in shape \[-4, -1\]/],
    ["fraction of a size", [["a", { dtype: "F32", shape: [0.5, 8], data }]], {}, /found 0.5 in shape/],
    [
      "wrong array",
      [["a", { dtype: "I32", shape: [4], data } as unknown as Tensor]],
      {},
      /"a": I32 is kept in Int32Array, found Float32Array/,
    ],
    ["unknown dtype", [["a", { dtype: "F31", shape: [4], data } as unknown as Tensor]], {}, /"a": unknown dtype "F31"/],
    ["metadata that is no string", [], { a: 1 as unknown as string }, /metadata "a": expected a string, found number/],
    ["metadata lone surrogate", [], { a: "\udc00" }, /metadata "a": not valid Unicode/],
  ])("%s", (_name, tensors, metadata, message) => {
    expect(refused(() => encodeSafetensors(tensors, metadata))).toMatch(message);
  });
});
