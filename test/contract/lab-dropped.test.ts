/** Files dropped on the lab: read as a folder of the same files is, refused with the same errors, and no bomb takes memory. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { type DroppedLimits, readDropped } from "../../lab/src/data/dropped.ts";
import { loadDataset } from "../../src/data/load.ts";
import { listZip, readZipEntry } from "../../src/data/zip.ts";
import { BispikeError } from "../../src/errors.ts";
import { cifarFile, greyPng, idxFile, joinBytes, ramp } from "../support/data-files.ts";
import { temporaryFolders } from "../support/folder.ts";

const makeFolder = temporaryFolders();

type Files = Readonly<Record<string, Uint8Array>>;

const drop = (files: Files, name = "dropped", limits: DroppedLimits = {}) =>
  readDropped(
    name,
    Object.entries(files).map(([path, bytes]) => ({ path, file: new Blob([Uint8Array.from(bytes)]) })),
    limits,
  );
const dropZip = (files: Files, limits: DroppedLimits = {}) => drop({ "set.zip": zipped(files) }, "set.zip", limits);
const zipped = (files: Files, level: 0 | 6 = 6) => zipSync({ ...files }, { level });

const images = (count: number, side = 2) => idxFile([count, side, side], ramp(count * side * side));
const labels = (count: number) =>
  idxFile(
    [count],
    Array.from({ length: count }, (_, i) => i % 3),
  );
const idx: Files = {
  "train-images-idx3-ubyte": images(9),
  "train-labels-idx1-ubyte.gz": new Uint8Array(gzipSync(labels(9))),
  "t10k-images.idx3-ubyte.gz": new Uint8Array(gzipSync(images(3))),
  "t10k-labels.idx1-ubyte": labels(3),
};
const record = (label: number) => ({ labels: [label], planes: ramp(3072, label) });
const cifar: Files = Object.fromEntries([
  ...[1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, cifarFile([record(n), record(0)])]),
  ["test_batch.bin", cifarFile([record(7)])],
]);
const pictures: Files = Object.fromEntries(
  ["cat", "dog"].flatMap((name, k) =>
    Array.from({ length: 10 }, (_, i) => [`${name}/${10 + i}.png`, greyPng(3, 2, ramp(6, 50 * k + i))]),
  ),
);

/** The same files, read from a disk. */
async function fromDisk(files: Files) {
  const folder = join(makeFolder(), "dropped");
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return { ...(await loadDataset({ path: folder })), provenance: [] };
}

describe("good files", () => {
  it.each([
    ["IDX", idx],
    ["CIFAR", cifar],
    ["pictures", pictures],
  ] as const)("%s are what a folder of them is, loose and zipped", async (_, files) => {
    const expected = await fromDisk(files);
    expect(await drop(files)).toEqual(expected);
    expect(await drop({ "dropped.zip": zipped(files) }, "dropped.zip")).toEqual(expected);
    expect(await drop({ "dropped.zip": zipped(files, 0) }, "dropped.zip")).toEqual(expected);
  });

  it("are found within folders around them, beside what systems leave there", async () => {
    const inside = Object.fromEntries(Object.entries(pictures).map(([path, bytes]) => [`my set/all/${path}`, bytes]));
    const left = {
      "__MACOSX/my set/._1.png": ramp(3),
      "my set/.DS_Store": ramp(3),
      "my set/all/cat/Thumbs.db": ramp(3),
    };
    const found = await dropZip({ ...inside, ...left });
    expect({ ...found, name: "dropped" }).toEqual(await fromDisk(pictures));
    expect(found.name).toBe("set");
    expect((await drop({ ...inside, ...left })).classNames).toEqual(["cat", "dog"]);
  });

  it("may be training images and their labels alone", async () => {
    const { train, test } = await drop({
      "train-images-idx3-ubyte": images(9),
      "train-labels-idx1-ubyte": labels(9),
    });
    expect([train.count, test.count]).toEqual([8, 1]);
  });
});

describe("bad files", () => {
  const refused = async (reading: Promise<unknown>, message: RegExp) => {
    const error = await reading.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(BispikeError);
    expect((error as BispikeError).message).toMatch(message);
    expect((error as BispikeError).code).toBe("data");
  };
  const first = Object.keys(pictures)[0]!;
  const hugePng = () => {
    const bytes = Uint8Array.from(pictures[first]!);
    new DataView(bytes.buffer).setUint32(16, 60_000);
    new DataView(bytes.buffer).setUint32(20, 60_000);
    return bytes;
  };
  /** A field of the zip directory's first entry. */
  const directoryField = (archive: Uint8Array, at: number, value: number, bytes: 2 | 4 = 4) => {
    const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
    const entry = view.getUint32(archive.length - 6, true);
    if (bytes === 2) view.setUint16(entry + at, value, true);
    else view.setUint32(entry + at, value, true);
    return { "set.zip": archive };
  };
  const zeros = { "train-images-idx3-ubyte": new Uint8Array(1_000_000), "train-labels-idx1-ubyte": labels(3) };

  it.each([
    ["nothing", () => drop({}), /dropped: expected files, got none/],
    ["a text", () => drop({ "notes.txt": ramp(9) }), /found no data set.*there is "notes.txt"/],
    ["labels alone", () => drop({ "train-labels-idx1-ubyte": labels(3) }), /expected images beside/],
    [
      "an IDX file of more images than it has bytes",
      () => drop({ ...idx, "train-images-idx3-ubyte": joinBytes(idxFile([90_000_000, 9999, 9999], [])) }),
      /train-images-idx3-ubyte: expected \d+ bytes .*found 16 \(file is truncated/,
    ],
    [
      "a truncated .gz",
      () => drop({ ...idx, "t10k-images.idx3-ubyte.gz": gzipSync(images(3)).subarray(0, 30) }),
      /gzip file is damaged/,
    ],
    [
      "a .gz bomb",
      () =>
        drop(
          { ...idx, "train-images-idx3-ubyte.gz": gzipSync(new Uint8Array(5e6)), "train-images-idx3-ubyte": images(1) },
          "x",
          { total: 1e6 },
        ),
      /found 1 images but 9 labels/,
    ],
    [
      "a .gz bomb that is read",
      () =>
        drop(
          { "train-images-idx3-ubyte.gz": gzipSync(new Uint8Array(5e6)), "train-labels-idx1-ubyte": labels(3) },
          "x",
          { total: 1e6 },
        ),
      /decompresses to more than the 1000000 bytes/,
    ],
    ["a file above the limit", () => drop({ ...idx }, "x", { total: 20 }), /expected at most 20 bytes, found 52/],
    [
      "files above the limit together",
      () => drop({ "train-images-idx3-ubyte": images(9), "train-labels-idx1-ubyte": labels(9) }, "x", { total: 60 }),
      /are more than the 60 bytes a page may read/,
    ],
    [
      "pictures above the limit together",
      () => drop(pictures, "x", { total: 100 }),
      /20 pictures of 3x2x1 are more than 100 bytes/,
    ],
    [
      "a picture of 3600 megapixels",
      () => dropZip({ ...pictures, [first]: hugePng() }),
      /64 megapixels, found 60000 x 60000/,
    ],
    [
      "a picture that is none",
      () => dropZip({ ...pictures, [first]: ramp(50) }),
      /cat\/10.png: expected a PNG or JPEG/,
    ],
    [
      "a picture of another size",
      () => dropZip({ ...pictures, [first]: greyPng(4, 4, ramp(16)) }),
      /all pictures must have one size/,
    ],
    [
      "a zip file beside others",
      () => drop({ ...idx, "more.zip": zipped(pictures) }),
      /expected one zip file or the files themselves/,
    ],
    ["a zip file that is none", () => drop({ "set.zip": ramp(100) }), /expected a zip file's directory at its end/],
    ["a truncated zip file", () => drop({ "set.zip": zipped(pictures).subarray(0, -30) }), /directory at its end/],
    ["an empty zip file", () => dropZip({}), /found no data set.*there is nothing/],
    ["a way out of the zip file", () => dropZip({ "../cat/1.png": ramp(3) }), /a path with \.\. is refused/],
    [
      "an entry that claims 4 GB",
      () => drop(directoryField(zipped(zeros), 24, 0xfffffff0)),
      /expected at most 268435456 bytes, found 4294967280/,
    ],
    [
      "an entry that claims more than it can hold",
      () => drop(directoryField(zipped(zeros), 24, 0xfffffff)),
      /cannot hold the 268435455 they claim/,
    ],
    [
      "an entry that holds more than it claims",
      () => drop(directoryField(zipped(zeros), 24, 1000)),
      /decompresses to more than the 1000 bytes it claims/,
    ],
    [
      "an entry that holds less",
      () => drop(directoryField(zipped(zeros), 24, 1_000_001)),
      /expected 1000001 bytes, found 1000000/,
    ],
    ["a wrong checksum", () => drop(directoryField(zipped(zeros), 16, 7)), /is damaged \(checksum differs\)/],
    ["an encrypted entry", () => drop(directoryField(zipped(zeros), 8, 1, 2)), /encrypted files are not read/],
    ["another compression", () => drop(directoryField(zipped(zeros), 10, 93, 2)), /method 93\) is not read/],
    ["a directory that leaves the file", () => drop(directoryField(zipped(zeros), 28, 9999, 2)), /leaves the file/],
    [
      "an entry that begins beyond the file",
      () => drop(directoryField(zipped(zeros), 42, 0xffffff)),
      /its header is damaged/,
    ],
  ] as const)("%s", async (_, reading, message) => {
    await refused(reading(), message);
  });

  it("are typed errors or sets, whatever bytes are changed", async () => {
    const archive = zipped(pictures);
    const change = fc.record({ at: fc.nat({ max: archive.length - 1 }), to: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bytes = archive.slice();
        for (const { at, to } of changes) bytes[at] = to;
        await drop({ "set.zip": bytes }, "set.zip").then(
          ({ train }) => expect(train.count).toBeGreaterThan(0),
          (error: unknown) => expect(error).toBeInstanceOf(BispikeError),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("zip files", () => {
  it("have what was put in", () => {
    const content = { "a.txt": ramp(5), "b/c.bin": new Uint8Array(20_000), "b/empty": new Uint8Array(0) };
    const archive = zipped(content);
    const entries = listZip(archive, "x.zip");
    const found = entries.map((entry) => [entry.name, readZipEntry(archive, entry, 1e6, "x.zip")]);
    expect(Object.fromEntries(found)).toEqual(content);
  });

  it("may end in a comment", () => {
    const comment = new TextEncoder().encode("made by hand");
    const archive = joinBytes(zipped({ "a.txt": ramp(5) }), comment);
    new DataView(archive.buffer).setUint16(archive.length - comment.length - 2, comment.length, true);
    expect(listZip(archive, "x.zip").map(({ name }) => name)).toEqual(["a.txt"]);
  });

  it("are counted before they are listed", () => {
    expect(() => listZip(zipped({ a: ramp(1), b: ramp(1) }), "x.zip", 1)).toThrow(/at most 1 files/);
  });
});
