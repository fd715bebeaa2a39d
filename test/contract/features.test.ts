import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadDataset } from "../../src/data/load.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { distanceName } from "../../src/measure/features.ts";
import { measureGeneration } from "../../src/measure/generation.ts";
import { featuresFor, openFeatures, shippedFeatures, shippedFile } from "../../src/node/features.ts";
import { openModel } from "../../src/node/open.ts";
import { temporaryFolders } from "../support/folder.ts";
import { trainedRun } from "../support/trained-run.ts";

const folder = temporaryFolders();
const trained = trainedRun();

const shapes = {
  mnist: { height: 28, width: 28, channels: 1 },
  "fashion-mnist": { height: 28, width: 28, channels: 1 },
  cifar10: { height: 32, width: 32, channels: 3 },
} as const;

describe("shipped feature nets", () => {
  it.each(shippedFeatures)("%s opens, is small, and is called by its name", async (name) => {
    expect(statSync(shippedFile(name)).size).toBeLessThanOrEqual(300 * 1024);
    const shape = shapes[name];
    for (const images of [undefined, shape]) expect(featuresFor(name, images)).toBe(name);
    const extractor = await openFeatures(name, { images: shape });
    try {
      expect(distanceName(extractor)).toBe(`Fréchet distance, bispike-${name} features`);
      const size = shape.height * shape.width * shape.channels;
      const ramp = Float32Array.from({ length: 2 * size }, (_, i) => ((i * 31) % 97) / 96);
      const features = await extractor.features(ramp, shape, 2);
      expect(features.length).toBe(2 * extractor.width);
      expect(features.every((rate) => rate >= 0 && rate <= 1)).toBe(true);
      expect(features.some((rate) => rate > 0)).toBe(true);
    } finally {
      await extractor.close();
    }
  });

  it.each(shippedFeatures)("%s is not for images of another size that go by its data set's name", (name) => {
    for (const change of [{ height: 4, width: 4 }, { width: 29 }, { channels: 2 }])
      expect(featuresFor(name, { ...shapes[name], ...change })).toBeUndefined();
  });

  it("mnist knows its digits, and tells blurred ones from others' more than two draws from each other", async () => {
    const { test, shape } = await loadDataset({ name: "mnist" });
    const { model, team } = await openModel(shippedFile("mnist"), 1);
    const images = Int32Array.from({ length: 500 }, (_, i) => i);
    try {
      // 98.5 % of all 10,000 test images; 500 of them leave some play.
      expect((await evaluate(model, test, images)).accuracy).toBeGreaterThan(0.96);
    } finally {
      await team.close();
    }
    const features = await openFeatures("mnist");
    try {
      const some = (from: number) =>
        Float32Array.from(test.images.subarray(from * 784, (from + 500) * 784), (v) => v / 255);
      const originals = some(0);
      const blurred = originals.map(
        (v, i) => (v + (originals[i + 1] ?? 0) + (originals[i + 28] ?? 0) + (originals[i + 29] ?? 0)) / 4,
      );
      const distance = async (reconstructed: Float32Array) =>
        (await measureGeneration([{ originals, reconstructed, count: 500 }], { shape, features })).frechet!;
      expect((await distance(originals)).value).toBeLessThan(1e-12);
      const other = await distance(some(1000));
      expect(other.notes).toEqual([]);
      expect((await distance(blurred)).value).toBeGreaterThan(2 * other.value);
    } finally {
      await features.close();
    }
  });
});

describe("openFeatures", () => {
  it("takes a run of one's own, named after the experiment", async () => {
    const { cwd, run } = trained();
    const extractor = await openFeatures(join(cwd, run));
    expect(extractor.name).toMatch(/^.+ features$/);
    expect(extractor.width).toBe(16);
    await extractor.close();
    const named = await openFeatures(join(cwd, run, "best.safetensors"), { name: "bars features" });
    expect(named.name).toBe("bars features");
    await named.close();
  });

  it("refuses images the net does not take, before anything is measured", async () => {
    await expect(openFeatures("mnist", { images: shapes.cifar10 })).rejects.toThrow(
      "bispike-mnist features: expected images of 28x28x1, got 32x32x3; name another net with --features",
    );
  });

  it("refuses what is neither a shipped net nor a file", async () => {
    expect(featuresFor("svhn")).toBeUndefined();
    await expect(openFeatures(join(folder(), "inception"))).rejects.toThrow(/inception: no such file or folder/);
    await expect(openFeatures(join(folder(), "inception.onnx"))).rejects.toThrow(/no such file/);
  });
});
