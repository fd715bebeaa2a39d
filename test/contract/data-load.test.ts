/** Folders of every kind, found by what they hold; what is missing or does not fit is said with file and remedy. */
import { createHash } from "node:crypto";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DataFiles } from "../../src/data/files.ts";
import { loadDataset } from "../../src/data/load.ts";
import { cifarFile, greyPng, idxFile, ramp, svhnFile } from "../support/data-files.ts";
import { temporaryFolders } from "../support/folder.ts";

const makeFolder = temporaryFolders();

function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = makeFolder();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  return folder;
}

const images = (count: number, side = 2): Uint8Array => idxFile([count, side, side], ramp(count * side * side));
const labels = (values: readonly number[]): Uint8Array => idxFile([values.length], values);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe("IDX folders", () => {
  it("reads both parts, compressed or not, in either spelling", async () => {
    const plain = labels([0, 2, 1]);
    const data = await loadDataset({
      path: folderOf({
        "train-images-idx3-ubyte.gz": gzipSync(images(3)),
        "train-labels.idx1-ubyte": plain,
        "test-images.idx3-ubyte": images(2),
        "t10k-labels-idx1-ubyte.gz": gzipSync(labels([3, 0])),
      }),
    });
    expect(data.shape).toEqual({ height: 2, width: 2, channels: 1 });
    expect([data.train.count, data.test.count, data.classes]).toEqual([3, 2, 4]);
    expect(data.classNames).toEqual(["0", "1", "2", "3"]);
    expect([...data.train.labels]).toEqual([0, 2, 1]);
    expect([...data.train.images]).toEqual(upTo(12));
    expect(data.provenance[1]).toEqual({
      file: "train-labels.idx1-ubyte",
      bytes: 11,
      sha256: createHash("sha256").update(plain).digest("hex"),
      verified: "unknown",
    });
  });

  it("takes the last tenth as test part when there is none", async () => {
    const path = folderOf({ "train-images-idx3-ubyte": images(25), "train-labels-idx1-ubyte": labels(upTo(25)) });
    const data = await loadDataset({ path });
    expect([data.train.count, data.test.count]).toEqual([23, 2]);
    expect([...data.test.labels]).toEqual([23, 24]);
    expect([...data.test.images]).toEqual(upTo(100).slice(92));
  });

  it("marks other content under a known name, and refuses a label that is none of its classes", async () => {
    const files = { "train-images-idx3-ubyte": images(3), "train-labels-idx1-ubyte": labels([0, 9, 1]) };
    const data = await loadDataset({ name: "mnist", path: folderOf(files) });
    expect(data.provenance.map(({ verified }) => verified)).toEqual([false, false]);
    expect(data.classes).toBe(10);
    const wrong = folderOf({ ...files, "train-labels-idx1-ubyte": labels([0, 10, 1]) });
    await expect(loadDataset({ name: "mnist", path: wrong })).rejects.toThrow(/label of image 1: expected 0 to 9/);
  });

  it.each([
    [{ "train-images-idx3-ubyte": images(3) }, /expected labels beside train-images-idx3-ubyte/],
    [
      { "train-images-idx3-ubyte": images(3), "train-labels-idx1-ubyte": labels([0, 1]) },
      /train-images-idx3-ubyte, train-labels-idx1-ubyte: found 3 images but 2 labels/,
    ],
    [
      {
        "train-images-idx3-ubyte": images(2),
        "train-labels-idx1-ubyte": labels([0, 1]),
        "t10k-images-idx3-ubyte": images(1, 3),
        "t10k-labels-idx1-ubyte": labels([0]),
      },
      /expected test images of the training images' 2x2x1, found 3x3x1/,
    ],
    [{ "train-images-idx3-ubyte": images(1), "train-labels-idx1-ubyte": labels([0]) }, /expected two images or more/],
    [{ "t10k-images-idx3-ubyte": images(1), "t10k-labels-idx1-ubyte": labels([0]) }, /IDX files of the training part/],
    [
      { "train-images-idx3-ubyte.gz": gzipSync(images(3)).subarray(0, 20), "train-labels-idx1-ubyte": labels([0]) },
      /train-images-idx3-ubyte\.gz: the gzip file is damaged or truncated/,
    ],
  ])("refuses a folder that is incomplete or does not fit together (%#)", async (files, message) => {
    await expect(loadDataset({ path: folderOf(files as Record<string, Uint8Array>) })).rejects.toThrow(
      expect.objectContaining({ code: "data", message: expect.stringMatching(message) }),
    );
  });
});

describe("CIFAR and SVHN folders", () => {
  const record = (...values: number[]) => cifarFile([{ labels: values, planes: ramp(3072, values[0]) }]);

  it("joins CIFAR-10's batches in order", async () => {
    const files: Record<string, Uint8Array> = { "test_batch.bin": record(7) };
    for (let batch = 1; batch <= 5; batch++) files[`data_batch_${batch}.bin`] = record(batch);
    const data = await loadDataset({ path: folderOf(files) });
    expect([data.name, data.classes, data.classNames[1]]).toEqual(["cifar10", 10, "automobile"]);
    expect([...data.train.labels, ...data.test.labels]).toEqual([1, 2, 3, 4, 5, 7]);
    expect([0, 1, 2, 3, 4].map((image) => data.train.images[3072 * image])).toEqual([1, 2, 3, 4, 5]);
    const { "data_batch_4.bin": _, ...incomplete } = files;
    await expect(loadDataset({ path: folderOf(incomplete) })).rejects.toThrow(/missing: data_batch_4\.bin/);
  });

  it("reads CIFAR-100 and its class names", async () => {
    const files = { "train.bin": record(1, 42), "test.bin": record(2, 99) };
    const names = upTo(100).map((index) => `class ${index}`);
    const named = await loadDataset({ path: folderOf({ ...files, "fine_label_names.txt": `${names.join("\n")}\n` }) });
    expect([named.train.labels[0], named.classNames[42], named.classes]).toEqual([42, "class 42", 100]);
    const short = folderOf({ ...files, "fine_label_names.txt": "apple\n" });
    await expect(loadDataset({ path: short })).rejects.toThrow(/expected 100 lines, one a class, found 1/);
  });

  it("reads SVHN", async () => {
    const path = folderOf({
      "train_32x32.mat": svhnFile([10, 1, 2], { compressed: true }),
      "test_32x32.mat": svhnFile([5]),
    });
    const data = await loadDataset({ path });
    expect([data.name, data.classes, ...data.train.labels, ...data.test.labels]).toEqual(["svhn", 10, 0, 1, 2, 5]);
  });
});

describe("folders of pictures", () => {
  const picture = (grey: number, side = 2): Uint8Array => greyPng(side, side, new Uint8Array(side * side).fill(grey));

  it("reads train/ and test/, classes in the order of their names", async () => {
    const path = folderOf({
      "train/b/1.png": picture(1),
      "train/a/2.PNG": picture(2),
      "train/a/notes.txt": "not a picture",
      "train/.hidden/1.png": picture(9),
      "train/__proto__/0.png": picture(3),
      "test/b/1.png": picture(4),
    });
    const data = await loadDataset({ path });
    expect(data.classNames).toEqual(["__proto__", "a", "b"]);
    expect([...data.train.labels, ...data.test.labels]).toEqual([0, 1, 2, 2]);
    expect([...data.train.images]).toEqual([3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1]);
    expect(data.provenance).toMatchObject([
      { file: "train/", verified: "unknown" },
      { file: "test/", verified: "unknown" },
    ]);
  });

  it("tests on every tenth picture of each class when there is no test/", async () => {
    const files: Record<string, Uint8Array> = {};
    for (const index of upTo(21)) files[`a/${String(index).padStart(2, "0")}.png`] = picture(index);
    for (const index of upTo(10)) files[`b/${index}.png`] = picture(100 + index);
    const data = await loadDataset({ path: folderOf(files) });
    expect([...data.test.labels]).toEqual([0, 0, 1]);
    expect([0, 4, 8].map((at) => data.test.images[at])).toEqual([9, 19, 109]);
    expect(data.train.count).toBe(28);
  });

  it.each([
    [
      { "train/a/1.png": picture(1), "train/a/2.png": picture(1, 3), "test/a/1.png": picture(1) },
      /train\/a\/2\.png: expected 2x2x1 .*train\/a\/1\.png has, found 3x3x1/,
    ],
    [{ "train/a/1.png": picture(1), "test/c/1.png": picture(1) }, /test\/c is a class that train\/ does not have/],
    [{ "train/a/1.png": picture(1) }, /found train\/ but no test\//],
    [{ "a/1.png": picture(1) }, /none for the test part \(a class needs ten/],
    [{ "train/a/1.png": "text", "test/a/1.png": picture(1) }, /train\/a\/1\.png: expected a PNG or JPEG/],
    [{ "a/b/c.txt": "" }, /found none for the training part/],
  ])("refuses pictures that do not fit (%#)", async (files, message) => {
    await expect(loadDataset({ path: folderOf(files as Record<string, Uint8Array>) })).rejects.toThrow(message);
  });
});

describe("finding", () => {
  it("says what was looked for and what is there", async () => {
    const path = folderOf({ "readme.txt": "", "x.csv": "" });
    await expect(loadDataset({ path })).rejects.toThrow(
      /Looked for IDX .*CIFAR-10 .*SVHN .*there is "readme\.txt", "x\.csv"/,
    );
    await expect(loadDataset({ path: makeFolder() })).rejects.toThrow(/there is nothing/);
    await expect(loadDataset({ path: join(path, "no") })).rejects.toThrow(/no such file or folder; check data\.path/);
    await expect(loadDataset({ path: join(path, "x.csv") })).rejects.toThrow(
      /x\.csv: expected a folder, got a file; check data\.path/,
    );
  });

  it("asks for a name or a path it can use", async () => {
    await expect(loadDataset({})).rejects.toThrow(expect.objectContaining({ code: "config" }));
    await expect(loadDataset({ name: "imagenet" })).rejects.toThrow(/expected one of mnist, .* got "imagenet"/);
    await expect(loadDataset({ name: "svhn" })).rejects.toThrow(/give its folder as data\.path/);
  });

  it("refuses two sets in a folder, and one that is not what its name says", async () => {
    const two = { "train.bin": "", "train_32x32.mat": "" };
    await expect(loadDataset({ path: folderOf(two) })).rejects.toThrow(/several data sets \(cifar100, svhn\)/);
    await expect(loadDataset({ name: "mnist", path: folderOf(two) })).rejects.toThrow(
      /expected the files of mnist \(idx\)/,
    );
  });
});

describe("limits", () => {
  it("refuses a file above 2 GiB before it reads it", async () => {
    const path = folderOf({ "train.bin": "", "test.bin": "" });
    truncateSync(join(path, "train.bin"), 2 ** 31 + 1); // a hole: takes no room on the disk
    await expect(loadDataset({ path })).rejects.toThrow(
      /train\.bin: expected at most 2147483648 bytes, found 2147483649/,
    );
  });

  it("counts what is decompressed, over all files, and stops a bomb at what is left", async () => {
    const path = folderOf({
      "a.gz": gzipSync(new Uint8Array(600)),
      b: new Uint8Array(400),
      "bomb.gz": gzipSync(Buffer.alloc(1e7)),
    });
    const files = new DataFiles(path, [], false, { maxTotal: 1000 });
    expect((await files.read("a.gz")).length).toBe(600);
    await expect(files.read("bomb.gz")).rejects.toThrow(/decompresses to more than the 400 bytes it may have/);
    await files.read("b");
    await expect(files.read("b")).rejects.toThrow(/more bytes in all than may be read/);
  });
});
