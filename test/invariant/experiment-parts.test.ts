/** Which images are for what: an epoch's score and what is observed are of those held out, class means of those trained on. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { spikingModel } from "../../src/nets/model.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment, type Experiment } from "../../src/training/experiment.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { smallDigits } from "../support/small-digits.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

const RATES = { perception: 0.02, recall: 0.02 };
const PLACE = { step: 1, epoch: 0, batch: 1, best: null };

function made(observe: object = {}, data: object = {}, seed = 1) {
  const config = resolveConfig({
    data: { path: "bars", validation: 0.4, ...data },
    ...{ network: { hidden: [9] }, train: { batch: 20, seed }, observe },
  });
  return createExperiment(team, config, smallDigits({ classes: 3, train: 60, test: 6 }));
}

const first = (task: Experiment["task"], items: Int32Array) => task.step(items, 0, 20, 0, RATES);

it("an epoch's accuracy, rates and similarities are those of the images held out", async () => {
  const { task, model, dataset, validationIndices, trainIndices } = made();
  first(task, trainIndices);
  const { line, score } = await task.endEpoch({ epoch: 1, step: 1 }, () => 1);
  const { accuracy, rates, hamming, hammingShuffled } = await evaluate(model, dataset.train, validationIndices);
  expect(line).toMatchObject({ validationAccuracy: accuracy, rates, hamming, hammingShuffled });
  expect(score).toBe(accuracy);
  expect((await evaluate(model, dataset.train, trainIndices)).rates, "this test can tell").not.toEqual(rates);
});

it("observed are the first of the images held out, as the net was before the step", async () => {
  const { task, model, dataset, validationIndices, trainIndices } = made({ every: 1, images: 7 });
  const ratesOf = async (indices: Int32Array) => (await evaluate(model, dataset.train, indices.slice(0, 7))).rates;
  const rates = await ratesOf(validationIndices);
  expect(await ratesOf(trainIndices), "this test can tell").not.toEqual(rates);
  first(task, trainIndices);
  const { images, stages } = task.observation!;
  expect(images).toBe(7);
  for (const [k, { perception }] of stages.entries()) expect(perception.rate).toBeCloseTo(rates[k]!, 12);
});

it("what is held out and which labels are wrong follow the seed", () => {
  const drawn = (seed: number) => {
    const { validationIndices, taughtLabels } = made({}, { labelNoise: 0.5 }, seed);
    return { validation: String(validationIndices), taught: String(taughtLabels) };
  };
  expect(drawn(1)).toEqual(drawn(1));
  for (const key of ["validation", "taught"] as const) expect(drawn(2)[key], key).not.toBe(drawn(1)[key]);
});

it("wrong labels and variants of the images follow the seed where nothing is held out, and statistics are the same", () => {
  const drawn = (seed: number) => {
    const { model, dataset, augmenter, taughtLabels } = made(
      {},
      { validation: 0, labelNoise: 0.5, augment: { shift: 3, rotate: 20 } },
      seed,
    );
    // The same image at the same step.
    model.load(dataset.train, Int32Array.of(5), 0, 1, { augmenter: augmenter!, counter: 3 });
    const { stimulus, stimulusWidth } = spikingModel(model, "this test").pair;
    return { taught: String(taughtLabels), variant: String(stimulus.view.subarray(0, stimulusWidth)) };
  };
  expect(drawn(1)).toEqual(drawn(1));
  for (const key of ["taught", "variant"] as const) expect(drawn(2)[key], key).not.toBe(drawn(1)[key]);
});

it("a checkpoint's class means are those of the images trained on", () => {
  const { task, dataset, trainIndices } = made();
  const { classMeans } = decodeCheckpoint(task.encode(PLACE, "last"));
  const { images, labels } = dataset.train;
  for (let c = 0; c < 3; c++) {
    const own = [...trainIndices].filter((index) => labels[index] === c);
    for (let i = 0; i < 64; i++) {
      const mean = own.reduce((sum, index) => sum + images[index * 64 + i]! / 255, 0) / own.length;
      expect(classMeans[c * 64 + i]).toBeCloseTo(mean, 6);
    }
  }
});
