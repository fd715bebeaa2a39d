/** What must hold of any measure of recall: whole cues are perceived as the images are, hidden ones say nothing, and a judge is asked about the pictures themselves. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Side } from "../../src/data/cue.ts";
import { classesOf, modelClassifier } from "../../src/measure/decide.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { mismatchScores } from "../../src/measure/mismatch.ts";
import { cuedRecall, measureRecall, recallImages } from "../../src/measure/recall.ts";
import { correlation } from "../../src/measure/similarity.ts";

import { type Model, spikingModel } from "../../src/nets/model.ts";
import { type OpenedModel, openModel } from "../../src/node/open.ts";
import { trainedRun } from "../support/trained-run.ts";

const trained = trainedRun();
let opened: OpenedModel & { readonly model: Model };
beforeAll(async () => {
  const { cwd, run } = trained();
  const file = await openModel(join(cwd, run, "last.safetensors"), 1);
  opened = { ...file, model: spikingModel(file.model, "the test") };
});
afterAll(() => opened.team.close());

const every = () => Int32Array.from({ length: trained().dataset.test.count }, (_, i) => i);

describe("recall from cues", () => {
  it("decides whole cues as it does the images, and draws what is more like the class than others' recall", async () => {
    const { model, checkpoint } = opened;
    const { test } = trained().dataset;
    const { accuracy } = await evaluate(model, test, every());
    const severities = { occlusion: [0], noise: [0] };
    const lines = await cuedRecall(model, test, every(), checkpoint.classMeans, { severities });
    expect(lines.map(({ kind, severity }) => [kind, severity])).toEqual([
      ["occlusion", 0],
      ["noise", 0],
    ]);
    for (const line of lines) {
      expect(line.images).toBe(40);
      expect(line.accuracy).toBe(accuracy);
      expect(line.cueWithImage).toBeCloseTo(1, 12);
      expect(line.withClassMean).toBeGreaterThan(0.5);
      expect(line.withImage).toBeGreaterThan(0.3);
    }
  });

  it("knows nothing of a picture that is hidden wholly", async () => {
    const { model, checkpoint } = opened;
    const { test } = trained().dataset;
    const severities = { occlusion: [1], noise: [] };
    const [line] = await cuedRecall(model, test, every(), checkpoint.classMeans, { severities, sides: ["left"] });
    // All cues are the same black picture: one decision, right for one class of four.
    expect(line).toMatchObject({ accuracy: 0.25, cueWithImage: 0 });
    // What is drawn is that class, whatever the truth: the mean over the truths of its correlations.
    const [black] = classesOf(model, { images: new Uint8Array(64), labels: Uint16Array.of(0), count: 1 });
    const { correlations } = recallImages(model, checkpoint.classMeans);
    const mean = correlations[black!]!.reduce((sum, value) => sum + value / 4, 0);
    expect(line!.withClassMean).toBeCloseTo(mean, 12);
  });

  it("hides sides in turn, and gives every image noise of its own", async () => {
    const { model, checkpoint } = opened;
    const { test } = trained().dataset;
    const cue = async (images: readonly number[], severities: object, sides?: readonly Side[]) => {
      const all = { occlusion: [], noise: [], ...severities };
      const options = sides ? { severities: all, sides } : { severities: all };
      const [line] = await cuedRecall(model, test, Int32Array.from(images), checkpoint.classMeans, options);
      return line!.cueWithImage;
    };
    const half = { occlusion: [0.5] };
    const both = await cue([6, 9], half, ["left", "top"]);
    const apart = [await cue([6], half, ["left"]), await cue([9], half, ["top"])];
    expect(both).toBeCloseTo((apart[0]! + apart[1]!) / 2, 12);
    expect(apart[1]).not.toBeCloseTo(await cue([9], half, ["left"]), 6);
    const noise = { noise: [0.5] };
    expect(await cue([6, 6], noise)).not.toBeCloseTo(await cue([6], noise), 6);
  });

  it("is the same for the same seed, and loses the cue as noise grows", async () => {
    const { model, checkpoint } = opened;
    const { test } = trained().dataset;
    const severities = { occlusion: [], noise: [0.1, 0.5, 2] };
    const run = (seed: number) => cuedRecall(model, test, every(), checkpoint.classMeans, { severities, seed });
    const lines = await run(1);
    expect(await run(1)).toEqual(lines);
    expect(await run(2)).not.toEqual(lines);
    const likeness = lines.map((line) => line.cueWithImage);
    expect(likeness).toEqual(likeness.toSorted((a, b) => b - a));
    expect(lines[0]!.accuracy).toBeGreaterThan(lines[2]!.accuracy);
  });

  it("refuses to measure nothing", async () => {
    const { model, checkpoint } = opened;
    const measure = cuedRecall(model, trained().dataset.test, Int32Array.of(), checkpoint.classMeans);
    await expect(measure).rejects.toThrow(/expected images and sides to hide, got 0 images and 5 sides/);
  });
});

describe("recalled pictures", () => {
  it("are handed to the classifier, whose answers are counted", async () => {
    const { model, checkpoint } = opened;
    const recalled = recallImages(model, checkpoint.classMeans);
    const asked: unknown[] = [];
    const measures = await measureRecall(model, checkpoint.classMeans, {
      classifier: (rows, shape, count) => {
        asked.push([...rows], shape, count);
        return [0, 1, 1, 0];
      },
      similarity: (originals, reconstructed, shape, count) => {
        expect(originals).toBe(checkpoint.classMeans);
        expect([...reconstructed, shape, count]).toEqual([...recalled.images, model.data.shape, 4]);
        return [0.1, 0.2, 0.3, 0.8];
      },
    });
    expect(asked).toEqual([[...recalled.images], model.data.shape, 4]);
    expect(measures.judgedAccuracy).toBe(0.5);
    expect(measures.classes.map(({ judged }) => judged)).toEqual([0, 1, 1, 0]);
    expect(measures.classes.map(({ correlation: own }) => own)).toEqual(recalled.correlations.map((row, c) => row[c]));
    expect(measures.ownIsNearest).toBe(recalled.ownIsNearest / 4);
    expect(measures.classes.map(({ similarity }) => similarity)).toEqual([0.1, 0.2, 0.3, 0.8]);
    expect(measures.meanSimilarity).toBeCloseTo(0.35, 12);
    const plain = await measureRecall(model, checkpoint.classMeans);
    expect([plain.judgedAccuracy, plain.meanSimilarity]).toEqual([null, null]);
  });

  it("are named rightly by a trained pair, which decides about pictures as about images", async () => {
    const { model, checkpoint } = opened;
    const { test } = trained().dataset;
    const judge = modelClassifier(model);
    const asPictures = await judge(
      Float32Array.from(test.images, (value) => value / 255),
      model.data.shape,
      test.count,
    );
    expect([...Array.from(asPictures)]).toEqual([...classesOf(model, test)]);
    expect((await measureRecall(model, checkpoint.classMeans, { classifier: judge })).judgedAccuracy).toBe(1);
    expect(() => judge(new Float32Array(27), { height: 3, width: 3, channels: 3 }, 1)).toThrow(
      /trained on images of 8x8x1 .*, got 3x3x3/,
    );
  });

  it("need an answer each", async () => {
    const { model, checkpoint } = opened;
    const measure = measureRecall(model, checkpoint.classMeans, { classifier: () => [1] });
    await expect(measure).rejects.toThrow(/expected 4 class numbers, one a picture, got 1/);
  });
});

it("mismatch does not depend on what else is in the batch", async () => {
  const { model } = opened;
  const { test } = trained().dataset;
  const all = await mismatchScores(model, test, every());
  const some = await mismatchScores(model, test, Int32Array.of(33, 4, 17));
  for (const kind of ["hamming", "cosine"] as const)
    expect([...some[kind]]).toEqual([33, 4, 17].map((image) => all[kind][image]));
});

it("correlation is Pearson's, and 0 for a flat picture", () => {
  expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12);
  expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12);
  expect(correlation([0, 1, 0, 1], [0, 0, 1, 1])).toBeCloseTo(0, 12);
  expect(correlation(new Array<number>(7).fill(0.1), [1, 2, 3, 4, 5, 6, 7])).toBe(0);
});
