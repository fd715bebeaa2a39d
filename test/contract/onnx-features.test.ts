import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { type OnnxOptions, onnxRuntime, openOnnxFeatures } from "../../src/node/features.ts";
import { temporaryFolders } from "../support/folder.ts";
import { type OnnxModel, onnxModel } from "../support/onnx.ts";

const folder = temporaryFolders();

function write(model: OnnxModel | Uint8Array, name = "net.onnx"): string {
  const file = join(folder(), name);
  writeFileSync(file, model instanceof Uint8Array ? model : onnxModel(model));
  return file;
}

/** Means of planes of any size. */
const pool = (dims: readonly (number | string)[]): OnnxModel => ({
  inputs: { x: dims },
  outputs: { y: ["n", dims[1]!, 1, 1] },
  nodes: [{ op: "GlobalAveragePool", inputs: ["x"], outputs: ["y"] }],
});

const flatten = (dims: readonly number[]): OnnxModel => ({
  inputs: { x: dims },
  outputs: { y: ["n", "f"] },
  nodes: [{ op: "Flatten", inputs: ["x"], outputs: ["y"] }],
});

/** [count][2][2] grey images: image k has pixels k/8, (k+1)/8, (k+2)/8, (k+3)/8. */
const grey = { height: 2, width: 2, channels: 1 };
const ramps = (count: number) => Float32Array.from({ length: 4 * count }, (_, i) => (Math.floor(i / 4) + (i % 4)) / 8);

async function featuresBy(model: OnnxModel, options: OnnxOptions, images: Float32Array, shape = grey) {
  const extractor = await openOnnxFeatures(write(model), options);
  try {
    const count = images.length / (shape.height * shape.width * shape.channels);
    const features = await extractor.features(images, shape, count);
    expect(features.length).toBe(count * extractor.width);
    return { width: extractor.width, features: [...features] };
  } finally {
    await extractor.close();
  }
}

describe("openOnnxFeatures", () => {
  it("is named after the file, or as it is told", async () => {
    const file = write(pool(["n", 1, "h", "w"]), "inception-v3.onnx");
    for (const [options, name] of [
      [{}, "inception-v3 features"],
      [{ name: "FID Inception" }, "FID Inception"],
    ] as const) {
      const extractor = await openOnnxFeatures(file, options);
      expect(extractor.name).toBe(name);
      await extractor.close();
    }
  });

  it("takes images of any size where the model leaves it open, in batches", async () => {
    const expected = [0, 1, 2, 3, 4].map((k) => (k + 1.5) / 8);
    for (const batch of [1, 2, 32])
      expect(await featuresBy(pool(["n", 1, "h", "w"]), { batch }, ramps(5))).toEqual({ width: 1, features: expected });
  });

  it("fills up the batch of a model that has a fixed one", async () => {
    expect((await featuresBy(pool([2, 1, 2, 2]), {}, ramps(3))).features).toEqual([1.5, 2.5, 3.5].map((x) => x / 8));
  });

  it("repeats grey in a colour net, scales it, and takes mean and std a channel", async () => {
    const options = { range: "-1..1", mean: [0, 0.5, 1], std: [1, 2, 4] } as const;
    const pixel = 2 * (1.5 / 8) - 1;
    const { width, features } = await featuresBy(pool(["n", 3, 2, 2]), options, ramps(1));
    expect(width).toBe(3);
    for (const [k, expected] of [pixel, (pixel - 0.5) / 2, (pixel - 1) / 4].entries())
      expect(features[k]).toBeCloseTo(expected, 6);
    expect((await featuresBy(pool(["n", 1, 2, 2]), { range: "0..255" }, ramps(1))).features[0]).toBeCloseTo(
      (255 * 1.5) / 8,
      4,
    );
  });

  it("fits images to a fixed size, bilinear between pixel centres", async () => {
    const { features } = await featuresBy(flatten([1, 1, 2, 4]), {}, Float32Array.of(0, 1, 0.5, 0.5));
    expect(features).toEqual([0, 0.25, 0.75, 1, 0.5, 0.5, 0.5, 0.5]);
  });

  it("puts colours into planes", async () => {
    const colours = Float32Array.of(0.125, 0.25, 0.5, 0.625, 0.75, 1);
    const shape = { height: 1, width: 2, channels: 3 };
    const { features } = await featuresBy(flatten([1, 3, 1, 2]), {}, colours, shape);
    expect(features).toEqual([0.125, 0.625, 0.25, 0.75, 0.5, 1]);
  });

  it("takes inputs with the channels last, by their axes or as it is told", async () => {
    const colours = Float32Array.of(0.125, 0.25, 0.5, 0.625, 0.75, 1);
    const shape = { height: 1, width: 2, channels: 3 };
    const identity: OnnxModel = {
      inputs: { x: ["n", "h", 2, 3] },
      outputs: { y: ["n", "h", 2, 3] },
      nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
    };
    const averaged = [0.375, 0.5, 0.75];
    expect((await featuresBy(identity, {}, colours, shape)).features).toEqual(averaged);
    const open = { ...identity, inputs: { x: ["n", 1, 2, 3] } };
    expect((await featuresBy(open, { layout: "NHWC" }, colours, shape)).features).toEqual(averaged);
  });

  it("runs a convolution with known weights and averages its planes", async () => {
    const model: OnnxModel = {
      inputs: { x: ["n", 1, "h", "w"] },
      outputs: { y: ["n", 2, "h", "w"] },
      nodes: [
        { op: "Conv", inputs: ["x", "w"], outputs: ["c"], attributes: { kernel_shape: [1, 2], strides: [1, 1] } },
        { op: "Relu", inputs: ["c"], outputs: ["y"] },
      ],
      // Differences of neighbours, and twice their sum.
      weights: { w: { dims: [2, 1, 1, 2], values: [-1, 1, 2, 2] } },
    };
    const images = Float32Array.of(0, 0.5, 0.75, 0.25);
    expect(await featuresBy(model, {}, images)).toEqual({ width: 2, features: [0.25, 1.5] });
  });

  it("reads the output it is told", async () => {
    const model: OnnxModel = {
      inputs: { x: ["n", 1, 2, 2] },
      outputs: { flat: ["n", 4], mean: ["n", 1, 1, 1] },
      nodes: [
        { op: "Flatten", inputs: ["x"], outputs: ["flat"] },
        { op: "GlobalAveragePool", inputs: ["x"], outputs: ["mean"] },
      ],
    };
    expect((await featuresBy(model, {}, ramps(1))).width).toBe(4);
    expect((await featuresBy(model, { output: "mean" }, ramps(1))).features).toEqual([1.5 / 8]);
    await expect(openOnnxFeatures(write(model), { output: "pool3" })).rejects.toThrow(
      /expected an output among flat, mean, got pool3/,
    );
  });

  it.each<[string, OnnxModel | Uint8Array, OnnxOptions, RegExp]>([
    ["bytes of something else", Uint8Array.of(1, 2, 3), {}, /net\.onnx: cannot be loaded as an ONNX model/],
    ["an empty file", new Uint8Array(), {}, /cannot be loaded as an ONNX model/],
    [
      "two inputs",
      {
        inputs: { a: [1, 1, 2, 2], b: [1, 1, 2, 2] },
        outputs: { y: [1, 1, 2, 2] },
        nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["y"] }],
      },
      {},
      /expected a model of one input, got 2: a, b/,
    ],
    [
      "whole numbers",
      {
        inputs: { x: [1, 1, 2, 2] },
        outputs: { y: [1, 1, 2, 2] },
        nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
        type: "int64",
      },
      {},
      /input x: expected float32 \[N, C, H, W\] or \[N, H, W, C\], got int64 \[1, 1, 2, 2\]/,
    ],
    [
      "three axes",
      { inputs: { x: [1, 2, 2] }, outputs: { y: [1, 4] }, nodes: [{ op: "Flatten", inputs: ["x"], outputs: ["y"] }] },
      {},
      /expected float32 \[N, C, H, W\].*got float32 \[1, 2, 2\]/,
    ],
    ["other channels", pool([1, 4, 8, 8]), {}, /expected 1 or 3 channels, got 4 \(of NCHW \[1, 4, 8, 8\]\)/],
    [
      "one figure for all images",
      {
        inputs: { x: ["n", 1, 2, 2] },
        outputs: { y: [] },
        nodes: [{ op: "ReduceMean", inputs: ["x"], outputs: ["y"], attributes: { keepdims: 0 } }],
      },
      {},
      /output y: expected float32 \[1, features\] or \[1, features, height, width\], got float32 \[\]/,
    ],
    [
      "a size it cannot take",
      {
        inputs: { x: ["n", 1, "h", "w"] },
        outputs: { y: ["n", 1] },
        nodes: [
          { op: "Flatten", inputs: ["x"], outputs: ["f"] },
          { op: "MatMul", inputs: ["f", "m"], outputs: ["y"] },
        ],
        weights: { m: { dims: [4, 1], values: [1, 1, 1, 1] } },
      },
      { images: { height: 3, width: 3, channels: 1 } },
      /fails on an input of \[1, 1, 3, 3\]/,
    ],
    ["a batch of none", pool(["n", 1, 2, 2]), { batch: 0 }, /batch: expected a whole number from 1, got 0/],
    ["a mean of two", pool(["n", 3, 2, 2]), { mean: [1, 2] }, /mean: expected 1 or 3 numbers, got 1,2/],
    ["a std of 0", pool(["n", 3, 2, 2]), { std: [0] }, /std: expected numbers above 0/],
  ])("refuses %s", async (_, model, options, message) => {
    const opened = openOnnxFeatures(write(model), options);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toBeInstanceOf(BispikeError);
  });

  it("refuses a file that is not there, and images of the wrong kind", async () => {
    await expect(openOnnxFeatures(join(folder(), "none.onnx"))).rejects.toThrow(/no such file.*--features/);
    const extractor = await openOnnxFeatures(write(pool(["n", 1, "h", "w"])));
    const colour = { height: 1, width: 1, channels: 3 };
    await expect(extractor.features(new Float32Array(3), colour, 1)).rejects.toThrow("the net takes 1 channel images");
    await expect(extractor.features(new Float32Array(3), grey, 1)).rejects.toThrow("expected 1 images of 2x2x1");
    await extractor.close();
  });

  it("says how to install the runtime where it is missing", async () => {
    const missing = onnxRuntime(() => Promise.reject(new Error("Cannot find package 'onnxruntime-web'")));
    await expect(missing).rejects.toThrow(/npm install onnxruntime-web/);
    await expect(missing).rejects.toBeInstanceOf(BispikeError);
  });
});
