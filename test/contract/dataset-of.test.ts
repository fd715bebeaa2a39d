/** Data sets that programs make of their arrays: what fits trains, and what does not fit is told before anything learns from it. */
import { describe, expect, it } from "vitest";
import { type Dataset, datasetOf } from "../../src/data/dataset.ts";

import { Team } from "../../src/engine/team.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { resolveAutoencoderConfig, resolveConfig } from "../../src/training/config.ts";
import { createAutoencoderExperiment, createExperiment } from "../../src/training/experiment.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { type Moment, trainExperiment } from "../../src/training/trainer.ts";
import { smallDigits } from "../support/small-digits.ts";

const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ name: "BispikeError", code, message: expect.stringMatching(message) });
const whole = smallDigits();
const { name, shape } = whole;
const config = resolveConfig({ data: { path: name }, network: { hidden: [8] }, train: { epochs: 2, batch: 40 } });
const team = await Team.create({ maximumPages: 2048 });

describe("arrays", () => {
  it("of bytes or of numbers from 0 to 1 make the same data set, with names by number", () => {
    const { images, labels } = whole.train;
    const [bytes, reals] = [images, Float64Array.from(images, (byte) => byte / 255)].map((pixels) =>
      datasetOf({ name, shape, train: { images: pixels, labels: [...labels] } }),
    );
    expect(bytes).toEqual(reals);
    expect(bytes).toMatchObject({ classes: 4, classNames: ["0", "1", "2", "3"], test: { count: 0 } });
    expect(bytes!.train).toEqual(whole.train);
  });

  it("of numbers between two bytes become the nearer one; what is none is named by its place in its image", () => {
    const small = { height: 1, width: 2, channels: 1 };
    const of = (...images: number[]) =>
      datasetOf({ name: "x", shape: small, train: { images: Float64Array.from(images), labels: [0, 1] } });
    expect([...of(0.1 / 255, 0.9 / 255, 99.6 / 255, 100.4 / 255).train.images]).toEqual([0, 1, 100, 100]);
    expect(() => of(0, 1, 0, 2)).toThrow(/^x: training part: image 1, value 1: .* got 2$/);
  });

  const pixels = (first: number) => Float32Array.of(first, ...new Float32Array(63));
  it.each([
    [
      "data",
      /x: training part: image 0, value 0: expected a number from 0 to 1 .*got 7/,
      { images: pixels(7), labels: [0] },
    ],
    ["data", /value 0: expected a number from 0 to 1 .*got NaN/, { images: pixels(Number.NaN), labels: [0] }],
    [
      "data",
      /label of image 1: expected a whole number from 0 to 65535, got -1/,
      { images: pixels(0), labels: [0, -1] },
    ],
    ["data", /label of image 0: expected a whole number .*got NaN/, { images: pixels(0), labels: [Number.NaN] }],
    [
      "shape",
      /x: training part: expected an image of 8x8x1 for each of the 2 labels, 128 values, got 64$/,
      { images: pixels(0), labels: [0, 1] },
    ],
  ] as const)("that do not fit are refused as %s: %s", (code, message, part) => {
    expect(() => datasetOf({ name: "x", shape, classNames: ["a", "b"], train: part })).toThrow(refusal(code, message));
  });
});

it("a shape that is none is refused by its name, whatever the number of pixels", () => {
  const train = { images: new Uint8Array(3), labels: [0, 1] };
  for (const height of [0, -1, 1.5])
    expect(() => datasetOf({ name: "x", shape: { height, width: 8, channels: 1 }, train })).toThrow(
      /^x: expected a shape of whole numbers from 1, got /,
    );
});

describe("experiments refuse", () => {
  const beyond = whole.train.labels.map((label, i) => (i === 7 ? 9 : label));
  const reals = Float32Array.from(whole.train.images, (byte) => byte / 255) as unknown as Uint8Array;
  it.each<[string, string, RegExp, Partial<Dataset>]>([
    [
      "labels beyond the classes",
      "data",
      /bars: training part: label of image 7: expected 0 to 3, found 9/,
      { train: { ...whole.train, labels: beyond } },
    ],
    [
      "numbers in place of bytes",
      "shape",
      /training part: expected 120 images of 8x8x1, got 30720 bytes/,
      { train: { ...whole.train, images: reals } },
    ],
    ["fewer images than counted", "shape", /test part: expected 41 images/, { test: { ...whole.test, count: 41 } }],
    [
      "fewer labels than images",
      "data",
      /test part: expected 40 labels, got 3/,
      { test: { ...whole.test, labels: new Uint16Array(3) } },
    ],
    ["another number of names", "data", /expected names of 4 classes, got 2/, { classNames: ["a", "b"] }],
    [
      "half a pixel",
      "data",
      /expected a shape of whole numbers from 1, got 8.5x8x1/,
      { shape: { ...shape, height: 8.5 } },
    ],
  ])("%s", (_, code, message, change) => {
    const dataset = { ...whole, ...change };
    expect(() => createExperiment(team, config, dataset)).toThrow(refusal(code, message));
    const reconstruct = resolveAutoencoderConfig({ task: "autoencode", data: { path: name }, train: { batch: 40 } });
    expect(() => createAutoencoderExperiment(team, reconstruct, dataset)).toThrow(refusal(code, message));
  });
});

describe("a model is not evaluated on", () => {
  const { model } = createExperiment(team, config, whole);
  it.each([
    ["nothing", "usage", /evaluate: expected images, got none/, whole.test, []],
    [
      "images of another size",
      "shape",
      /bars: expected 2 images of 8x8x1/,
      { images: new Uint8Array(2 * 784), labels: Uint16Array.of(0, 1), count: 2 },
      [0, 1],
    ],
    [
      "classes it does not have",
      "data",
      /label of image 1: expected 0 to 3, found 4/,
      { ...whole.test, labels: new Uint16Array(40).fill(4, 1) },
      [0, 1],
    ],
  ] as const)("%s", async (_, code, message, split, indices) => {
    await expect(evaluate(model, split, Int32Array.from(indices))).rejects.toThrow(refusal(code, message));
  });
});

describe("training an experiment", () => {
  it("is refused while it is trained, and free again once that has ended", async () => {
    const experiment = createExperiment(team, config, whole);
    const [first, second] = await Promise.allSettled([trainExperiment(experiment), trainExperiment(experiment)]);
    expect(first.status).toBe("fulfilled");
    expect(second).toMatchObject({ reason: refusal("usage", /this experiment is being trained/) });
    expect(await trainExperiment(experiment)).toMatchObject({ finished: true, step: 6 });
  });

  it("again from the beginning counts each image once an epoch", async () => {
    const experiment = createExperiment(team, config, whole);
    let steps = 0;
    await trainExperiment(experiment, { stopped: () => steps++ === 2 });
    const seen: number[] = [];
    const pause = async (moment?: Moment) => {
      if (moment) seen.push(decodeCheckpoint(moment.encode(), "here").position.sums.images);
    };
    await trainExperiment(experiment, { pause, pauseMilliseconds: 0 });
    expect(seen.slice(0, 3)).toEqual([40, 80, 108]);
  });
});
