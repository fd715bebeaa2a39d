/** NumPy's and HDF5's files: layouts, and what is said of those that do not fit. */
import { FS } from "h5wasm";
import { describe, expect, it } from "vitest";
import { parseHdf5 } from "../../src/data/sequence/hdf5.ts";
import { parseNpy, parseNpz } from "../../src/data/sequence/npz.ts";

import { BispikeError } from "../../src/errors.ts";
import { bytesOf, hdf5File, npyFile, npyOf, type StoredTable, zipFile } from "../support/series-files.ts";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe(".npy", () => {
  it("reads one, two and three axes, in both orders", () => {
    expect(parseNpy(npyFile([4], upTo(4)), "a.npy")).toMatchObject({ columns: ["0"], length: 4, times: null });
    expect([...parseNpy(npyFile([3, 2], upTo(6)), "a.npy").values]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...parseNpy(npyFile([3, 2], upTo(6), true), "a.npy").values]).toEqual([0, 3, 1, 4, 2, 5]);
    const three = npyFile([2, 2, 3], upTo(12));
    expect([...parseNpy(three, "a.npy").values]).toEqual([0, 3, 6, 9]);
    expect([...parseNpy(three, "a.npy", { feature: 2 }).values]).toEqual([2, 5, 8, 11]);
    // First index fastest: element (t, n, f) is t + 2 n + 4 f.
    expect([...parseNpy(npyFile([2, 2, 3], upTo(12), true), "a.npy", { feature: 1 }).values]).toEqual([4, 6, 5, 7]);
    expect([...parseNpy(npyFile([2], [Number.NaN, 1]), "a.npy").values]).toEqual([Number.NaN, 1]);
  });

  it.each([
    ["<i2", [255, 255, 1, 0], [-1, 1]],
    [">i2", [255, 255, 1, 0], [-1, 256]],
    ["|u1", [255, 1], [255, 1]],
    ["|i1", [255, 1], [-1, 1]],
    ["<u4", [0, 0, 0, 128, 1, 0, 0, 0], [2 ** 31, 1]],
    ["<i8", [255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0], [-1, 1]],
    [">f4", [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], [1, -2]],
  ])("reads numbers of type %s", (type, bytes, expected) => {
    const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (2,), }`;
    expect([...parseNpy(npyOf(header, Uint8Array.from(bytes)), "a.npy").values]).toEqual(expected);
  });

  it.each([
    [bytesOf("hello world, this is text"), /expected a .npy array of version 1 to 3/],
    [npyFile([3, 2], upTo(5)), /expected 48 bytes of numbers for shape 3 x 2, found 40/],
    [npyFile([0, 2], []), /expected rows of values, found none/],
    [npyFile([2, 0], []), /expected columns of values, found none/],
    [npyFile([1, 1, 1, 1], [0]), /expected an array of 1 to 3 axes \(time, column, feature\), found 4/],
    [npyFile([2 ** 20, 2 ** 9], []), /and 268435456 values, found 1048576 rows of 512 columns/],
    [npyFile([99_999_999, 99_999], []), /expected at most .* values, found 99999999 rows/],
    [
      npyOf("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", bytesOf("xx")),
      /expected numbers of type f4, .* found "\|O"/,
    ],
    [npyOf("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", bytesOf("xx")), /found "<c8"/],
    [npyOf("{'descr': '<f8', 'shape': (2,), }", bytesOf("xx")), /expected the header of an array of plain numbers/],
  ])("refuses what is no such array (%#)", (bytes, message) => {
    expect(() => parseNpy(bytes, "a.npy")).toThrow(message);
    expect(() => parseNpy(bytes, "a.npy")).toThrow(BispikeError);
  });

  it("refuses a feature that is not there", () => {
    expect(() => parseNpy(npyFile([2, 2], upTo(4)), "a.npy", { feature: 1 })).toThrow(/feature: expected 0 to 0/);
  });
});

describe(".npz", () => {
  const one = npyFile([2], [1, 2]);
  const other = npyFile([2], [3, 4]);

  it("takes the only array, else data, else the one asked for", () => {
    expect([...parseNpz(zipFile({ "speed.npy": one }), "a.npz").values]).toEqual([1, 2]);
    const both = zipFile({ "other.npy": other, "data.npy": one }, false);
    expect([...parseNpz(both, "a.npz").values]).toEqual([1, 2]);
    expect([...parseNpz(both, "a.npz", { key: "other" }).values]).toEqual([3, 4]);
  });

  it("refuses keys that are not there, damage and bombs", () => {
    const both = zipFile({ "a.npy": one, "b.npy": other });
    expect(() => parseNpz(both, "a.npz")).toThrow(/key: expected an array of a.npz \("a", "b"\), got none/);
    expect(() => parseNpz(both, "a.npz", { key: "c" })).toThrow(/got "c"/);
    expect(() => parseNpz(zipFile({ "a.txt": one }), "a.npz")).toThrow(/expected .npy arrays in the zip file/);
    const stored = zipFile({ "a.npy": one }, false);
    const damaged = stored.slice();
    damaged[stored.length - 100]! ^= 1;
    expect(() => parseNpz(damaged, "a.npz")).toThrow(/array "a" is damaged \(checksum differs\)/);
    const bomb = zipFile({ "a.npy": one });
    // The directory's uncompressed size: 24 bytes into the entry that begins 22 + 46 + 5 bytes before the end.
    new DataView(bomb.buffer).setUint32(bomb.length - 73 + 24, 2 ** 30, true);
    expect(() => parseNpz(bomb, "a.npz")).toThrow(/array "a": expected at most/);
    expect(() => parseNpz(bytesOf("not a zip file, but some text"), "a.npz")).toThrow(/the zip file is damaged/);
  });
});

describe(".h5", () => {
  const minute = 60_000_000_000n;
  const start = 1_330_560_000_000_000_000n;
  const table: StoredTable = {
    columns: ["773869", "count", "767541"],
    times: [start, start + 5n * minute, start + 10n * minute],
    blocks: [
      { items: ["773869", "767541"], values: Float64Array.of(1.5, 2.5, 3.5, 4.5, 5.5, Number.NaN) },
      { items: ["count"], values: BigInt64Array.of(7n, 8n, 9n) },
    ],
  };

  it("puts the columns of all blocks in the order of axis0, with times", async () => {
    const read = await parseHdf5(await hdf5File({ df: table }), "a.h5");
    expect(read.columns).toEqual(["773869", "count", "767541"]);
    expect([...read.values]).toEqual([1.5, 7, 2.5, 3.5, 8, 4.5, 5.5, 9, Number.NaN]);
    expect(read.times).toEqual(["2012-03-01 00:00:00", "2012-03-01 00:05:00", "2012-03-01 00:10:00"]);
  });

  it("asks which table is meant", async () => {
    const bytes = await hdf5File({
      df: table,
      speed: { ...table, columns: ["773869", "767541"], blocks: [table.blocks[0]!] },
    });
    await expect(parseHdf5(bytes, "a.h5")).rejects.toThrow(/key: .* tables of a.h5 \("\/df", "\/speed"\), got none/);
    await expect(parseHdf5(bytes, "a.h5", { key: "flow" })).rejects.toThrow(/got "flow"/);
    expect((await parseHdf5(bytes, "a.h5", { key: "/speed" })).columns).toEqual(["773869", "767541"]);
  });

  const [floats, counts] = table.blocks as [StoredTable["blocks"][0], StoredTable["blocks"][0]];
  it.each([
    ["a block too few", { ...table, blocks: [floats] }, /column "count" is in no block of values/],
    [
      "a block twice",
      { ...table, blocks: [floats, counts, counts] },
      /"count" is no column of axis0, or in two blocks/,
    ],
    [
      "a transposed block",
      { ...table, blocks: [{ ...floats, shape: [2, 3] }, counts] },
      /expected 3 x 2 values, found 2 x 3/,
    ],
    ["a column twice", { ...table, columns: ["a", "b", "a"] }, /value columns 1 and 3 are both named "a"/],
  ])("refuses %s", async (_, stored, message) => {
    await expect(parseHdf5(await hdf5File({ df: stored }), "a.h5")).rejects.toThrow(message);
  });

  it("refuses damage and other files, quietly, and reads the next one all the same", async () => {
    const bytes = await hdf5File({ df: table });
    await expect(parseHdf5(bytes.slice(0, 2000), "a.h5")).rejects.toThrow(/a.h5: the HDF5 file is damaged .*truncated/);
    await expect(parseHdf5(bytesOf("text"), "a.h5")).rejects.toThrow(/a.h5: the HDF5 file is damaged/);
    await expect(parseHdf5(await hdf5File({}), "a.h5")).rejects.toThrow(/expected a table that pandas wrote/);
    expect((await parseHdf5(bytes, "a.h5")).length).toBe(3);
    expect(FS!.readdir(".").filter((name: string) => name.endsWith(".h5"))).toEqual([]);
  });
});
