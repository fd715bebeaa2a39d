/** IDX, CIFAR and SVHN: what their descriptions say the bytes mean, and what is refused. */
import { describe, expect, it } from "vitest";
import { parseIdxImages, parseIdxLabels } from "../../src/data/idx.ts";
import { parseCifar10, parseCifar100 } from "../../src/data/stored.ts";
import { parseMatlab, parseSvhn } from "../../src/data/svhn.ts";

import { cifarFile, idxFile, joinBytes, matFile, ramp, svhnFile } from "../support/data-files.ts";

describe("IDX", () => {
  it("reads rank 3 as grey images and rank 4 as images with channels last", () => {
    const grey = parseIdxImages(idxFile([2, 2, 3], ramp(12, 1)), "a");
    expect(grey.shape).toEqual({ height: 2, width: 3, channels: 1 });
    expect(grey.count).toBe(2);
    expect([...grey.images]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const colour = parseIdxImages(idxFile([1, 2, 1, 3], ramp(6)), "a");
    expect(colour.shape).toEqual({ height: 2, width: 1, channels: 3 });
  });

  it("reads a view that does not begin at its buffer's start", () => {
    const bytes = joinBytes([9, 9, 9], idxFile([3], [7, 0, 255])).subarray(3);
    expect([...parseIdxLabels(bytes, "a")]).toEqual([7, 0, 255]);
  });

  it.each([
    ["nothing", new Uint8Array(0), /found 0 bytes/],
    ["another start", Uint8Array.from([1, 0, 8, 3]), /begin with bytes 00 00, found 01 00 08 03/],
    ["floats", Uint8Array.from([0, 0, 13, 3]), /type byte: expected 8/],
    ["labels for images", idxFile([4], [1, 2, 3, 4]), /dimensions: expected 3 or 4 for images, found 1/],
    ["half a header", idxFile([2, 2, 3], []).subarray(0, 10), /header of 16 bytes, found 10/],
    ["no images", idxFile([0, 2, 3], []), /dimension 1 of 3: expected 1 to/],
    ["a huge size", idxFile([2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), /dimension 1 of 3/],
    ["a huge product", idxFile([1e8, 16384, 16384], []), /expected 26843545600000016 bytes/],
    ["a byte too few", idxFile([2, 2, 3], ramp(11)), /expected 28 bytes.*found 27 \(file is truncated\)/],
    ["a byte too many", idxFile([2, 2, 3], ramp(13)), /found 29 \(bytes follow the last value\)/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseIdxImages(bytes, "images.idx")).toThrow(message);
    expect(() => parseIdxImages(bytes, "images.idx")).toThrow(
      expect.objectContaining({ code: "data", message: expect.stringContaining("images.idx") }),
    );
  });
});

describe("CIFAR", () => {
  const planes = joinBytes(ramp(1024, 0), ramp(1024, 100), ramp(1024, 200));

  it("puts the three planes into pixels, channels last", () => {
    const { images, labels, count } = parseCifar10(
      cifarFile([
        { labels: [9], planes },
        { labels: [0], planes: ramp(3072) },
      ]),
      "a",
    );
    expect([count, ...labels]).toEqual([2, 9, 0]);
    expect([...images.subarray(0, 6)]).toEqual([0, 100, 200, 1, 101, 201]);
    expect([...images.subarray(3069, 3075)]).toEqual([255, 99, 199, 0, 0, 0]);
  });

  it("takes CIFAR-100's fine label", () => {
    expect([...parseCifar100(cifarFile([{ labels: [19, 99], planes }]), "a").labels]).toEqual([99]);
  });

  it.each([
    ["an empty file", new Uint8Array(0), /found 0 bytes/],
    ["a record cut short", cifarFile([{ labels: [1], planes }]).subarray(0, 3072), /records of 3073 bytes, found 3072/],
    ["a label of 10", cifarFile([{ labels: [10], planes }]), /label of image 0: expected 0 to 9, found 10/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseCifar10(bytes, "data_batch_1.bin")).toThrow(message);
  });

  it("refuses a coarse label of 20", () => {
    expect(() => parseCifar100(cifarFile([{ labels: [20, 1], planes }]), "a")).toThrow(/coarse label of image 0/);
  });
});

describe("SVHN", () => {
  it.each([
    { little: true, compressed: false },
    { little: true, compressed: true },
    { little: false, compressed: false },
    { little: false, compressed: true },
  ])("reads %j, label 10 as 0", (options) => {
    const { images, labels, count } = parseSvhn(svhnFile([10, 3], options), "a");
    expect([count, ...labels]).toEqual([2, 0, 3]);
    const at = (image: number, row: number, column: number, channel: number): number | undefined =>
      images[image * 3072 + row * 96 + column * 3 + channel];
    expect([at(0, 0, 1, 0), at(0, 1, 0, 0), at(0, 0, 0, 2), at(1, 31, 30, 1)]).toEqual([3, 7, 22, 368 % 256]);
  });

  it("reads one image whose last dimension MATLAB dropped, and labels stored as doubles or 16-bit", () => {
    const X = { name: "X", dims: [32, 32, 3], kind: 9, type: 2, data: ramp(3072) };
    const double = new Uint8Array(Float64Array.of(10).buffer);
    const short = new Uint8Array(Uint16Array.of(7).buffer);
    const label = (type: number, data: Uint8Array) => ({ name: "y", dims: [1, 1], kind: 6, type, data });
    expect([...parseSvhn(matFile([label(9, double), X]), "a").labels]).toEqual([0]);
    expect([...parseSvhn(matFile([X, label(4, short)]), "a").labels]).toEqual([7]);
  });

  const array = (name: string, dims: number[], type = 2) => ({
    name,
    dims,
    kind: 9,
    type,
    data: new Uint8Array(dims.reduce((a, b) => a * b, 1)).fill(1),
  });
  const X = array("X", [32, 32, 3, 2]);
  const y = array("y", [2, 1]);
  const version73 = svhnFile([1]);
  version73.set([0, 2], 124);
  const twice = svhnFile([1], { compressed: true });

  it.each([
    ["half a header", new Uint8Array(100), /header of 128 bytes, found 100/],
    ["no byte order mark", new Uint8Array(200), /byte order mark/],
    ["version 7.3", version73, /version 7\.3 \(HDF5\); save it again in MATLAB with "-v7"/],
    ["no labels", matFile([X]), /expected an array "y"/],
    ["an array twice", matFile([X, X, y]), /array "X" is there twice/],
    ["other dimensions", matFile([array("X", [28, 28, 3, 2]), y]), /expected 32 x 32 x 3 x N, found 28 x 28 x 3 x 2/],
    ["signed pixels", matFile([array("X", [32, 32, 3, 2], 1), y]), /array "X": expected unsigned bytes/],
    ["too few labels", matFile([X, array("y", [1, 1])]), /expected 2 x 1 labels/],
    ["a label of 0", svhnFile([1, 0]), /label of image 1: expected 1 to 10/],
    ["a label of 11", svhnFile([11]), /label of image 0: expected 1 to 10/],
    ["text", matFile([{ ...X, kind: 4 }, y]), /expected a real numeric array, found class 4/],
    ["too few values", matFile([{ ...X, data: X.data.subarray(8) }, y]), /expected 6144 bytes for 32 x 32 x 3 x 2/],
    ["a cut stream", twice.subarray(0, twice.length - 40), /truncated/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseSvhn(bytes, "train_32x32.mat")).toThrow(expect.objectContaining({ code: "data" }));
    expect(() => parseSvhn(bytes, "train_32x32.mat")).toThrow(message);
  });

  it("stops a compressed element at its limit, and notices damage by the checksum", () => {
    const bomb = matFile([array("X", [1000, 1000])], { compressed: true });
    expect(bomb.length).toBeLessThan(2000);
    expect(() => parseMatlab(bomb, ["X"], "bomb.mat", 500_000)).toThrow(/more than the 500000 bytes/);
    const two = matFile([array("A", [600, 600]), array("X", [600, 600])], { compressed: true });
    expect(() => parseMatlab(two, ["X"], "bombs.mat", 500_000)).toThrow(/element 2 .*decompresses to more than/);
    const damaged = svhnFile([1], { compressed: true });
    const sum = 128 + 8 + new DataView(damaged.buffer).getUint32(132, true) - 1;
    damaged[sum] = (damaged[sum] as number) ^ 1;
    expect(() => parseSvhn(damaged, "a")).toThrow(/checksum differs/);
  });
});
