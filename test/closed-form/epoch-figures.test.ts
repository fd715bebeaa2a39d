/** An epoch's figures: means over its images or positions, whatever batches they came in, and over no other epoch's. Rules here learn nothing and tell given losses. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { Autoencode, type AutoencodeKind } from "../../src/problems/autoencode.ts";
import { Classify } from "../../src/problems/classify.ts";
import type { ProblemKind } from "../../src/problems/problem.ts";
import { SequenceProblem } from "../../src/problems/sequence.ts";
import { resolveAutoencoderConfig, resolveConfig } from "../../src/training/config.ts";
import { createAutoencoderExperiment, createExperiment } from "../../src/training/experiment.ts";
import type { EpochLine } from "../../src/training/metrics.ts";
import { Task } from "../../src/training/task.ts";
import { smallDigits } from "../support/small-digits.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

const data = { path: "bars", validation: 0 };
const images = smallDigits({ train: 60, test: 4 });
const NO_RATES = { perception: 0, recall: 0 };

/** Goes through an epoch and returns its line. */
async function epochOf<K extends ProblemKind>(task: Task<K>, epoch: number): Promise<EpochLine & K["figures"]> {
  for (let k = 0; k < task.stepsPerEpoch; k++) {
    const { from, count } = task.batchAt(k);
    task.step(task.items, from, count, k, NO_RATES);
  }
  return (await task.endEpoch({ epoch, step: epoch * task.stepsPerEpoch }, () => 1)).line;
}

/** Gives the reports one after the other. */
function telling<R>(reports: readonly R[]): () => R {
  let next = 0;
  return () => reports[next++]!;
}

it("images in batches of 25, 25 and 10: loss, right decisions and dead neurons by the image", async () => {
  const experiment = createExperiment(
    team,
    resolveConfig({ data, network: { hidden: [8] }, train: { batch: 25 } }),
    images,
  );
  const report = (loss: number, correct: number, dead: number) => ({
    loss,
    correct,
    stageLosses: [0, 0, loss],
    dead: [dead],
    images: 0,
    perceptionRates: [0.1],
    recallRates: [0.1],
  });
  const reports = [report(1, 5, 0.9), report(2, 10, 0.9), report(6, 4, 0), ...[1, 1, 1].map(() => report(3, 2, 0.4))];
  const task = new Task(
    new Classify({ ...experiment, rule: { ...experiment.rule, step: telling(reports) } as never }),
    () => ({ problem: "classify", config: experiment.config, data: experiment.model.data }),
    25,
  );
  const first = await epochOf(task, 1);
  expect(first).toMatchObject({ trainLoss: (25 + 50 + 60) / 60, trainAccuracy: 19 / 60 });
  expect(first.warnings).toEqual([
    expect.stringContaining("perception stage 2: 75.0 % of the neurons did not fire once in a whole batch"),
  ]);
  expect(await epochOf(task, 2)).toMatchObject({ trainLoss: 3, trainAccuracy: 6 / 60, warnings: [] });
});

it("autoencoders: losses of either end, firing rates and dead neurons by the image", async () => {
  const config = resolveAutoencoderConfig({
    task: "autoencode",
    data,
    network: { hidden: [6], latent: 4 },
    // As equal as can be: 20 a batch would hide who weighs what.
    train: { batch: 8 },
  });
  const experiment = createAutoencoderExperiment(team, config, images);
  const counts = Array.from({ length: 8 }, (_, k) => Math.floor(((k + 1) * 60) / 8) - Math.floor((k * 60) / 8));
  expect(new Set(counts)).toEqual(new Set([7, 8]));
  const report = (k: number) => ({
    loss: k + 2,
    stageLosses: [k, 1, 2 * k],
    perceptionRates: [k / 10],
    recallRates: [0.5],
    dead: [k / 7],
    correct: 0,
    images: 0,
  });
  const step = telling([...counts.keys(), ...counts.keys()].map(report));
  const { reconstructors, stimulus, stimulusWidth, maxImages } = experiment.model.learner;
  const learner = { reconstructors, stimulus, stimulusWidth, maxImages, step };
  const model = Object.create(experiment.model, { learner: { value: learner } });
  const task = new Task<AutoencodeKind>(
    new Autoencode({ ...experiment, model }),
    () => ({ problem: "autoencode", config, data: experiment.model.data }),
    8,
  );
  const mean = counts.reduce((sum, count, k) => sum + count * k, 0) / 60;
  for (const epoch of [1, 2]) {
    const line = await epochOf(task, epoch);
    expect(line.trainLoss).toBeCloseTo(mean + 2, 12);
    expect(line.trainRecallLoss).toBeCloseTo(mean, 12);
    expect(line.trainPerceptionLoss).toBeCloseTo(2 * mean, 12);
    expect(line.perceptionRates[0]).toBeCloseTo(mean / 10, 12);
    expect(line.recallRates[0]).toBeCloseTo(0.5, 12);
    expect(line.warnings).toEqual([expect.stringContaining(`perception stage 2: ${((100 * mean) / 7).toFixed(1)} %`)]);
  }
});

it("autoencoders: minus the validation error decides, and its ratio to the brightest pixel is in decibels", async () => {
  const { task } = createAutoencoderExperiment(
    team,
    resolveAutoencoderConfig({
      ...{ task: "autoencode", data: { ...data, validation: 0.2 }, network: { hidden: [6], latent: 4 } },
    }),
    images,
  );
  task.step(task.items, 0, 20, 0, NO_RATES);
  const { line, score } = await task.endEpoch({ epoch: 1, step: 1 }, () => 1);
  expect(score).toBe(-line.validationPerceptionMse!);
  expect(10 ** (-line.validationPerceptionPsnr! / 10)).toBeCloseTo(line.validationPerceptionMse!, 12);
  expect(10 ** (-line.validationRecallPsnr! / 10)).toBeCloseTo(line.validationRecallMse!, 12);
});

it.each(["text", "values"])("sequences of %s: losses and right symbols by the position", async (kind) => {
  const positions = [12, 8];
  const told = [
    { loss: 3, stageLosses: [1, 2], correct: 6, positions: 12, perceptionRates: [0.1], recallRates: [] },
    { loss: 5, stageLosses: [1, 4], correct: 1, positions: 8, perceptionRates: [0.1], recallRates: [] },
  ];
  const windows = { train: Int32Array.of(0, 4, 8, 12, 16), validation: new Int32Array(0), test: new Int32Array(0) };
  const config = { train: { epochs: 1, batch: 3 }, rule: { name: "backprop" }, network: { norm: true } };
  const learner = { load: () => {}, step: telling([...told, ...told]), window: 4 };
  const sequence = { about: { kind }, windows, set: {} };
  const problem = new SequenceProblem({ learner, sequence } as never);
  const task = new Task(problem, () => ({ problem: "sequence", config, data: {} }) as never, 3);
  const mean = (values: readonly number[]) => values.reduce((sum, value, k) => sum + value * positions[k]!, 0) / 20;
  // 5 windows of 4 positions in 2 batches.
  const moment = { step: 1, epoch: 1, learningRate: 0.01, batchesPerSecond: 3, seconds: 1 };
  expect(task.stepLine(told[0]!, moment).positionsPerSecond).toBe(30);
  for (const epoch of [1, 2]) {
    const line = await epochOf(task, epoch);
    const top = mean([2, 4]);
    const figures = kind === "text" ? { trainAccuracy: 7 / 20, trainBits: top / Math.LN2 } : { trainMse: top };
    expect(line).toMatchObject({ trainLoss: mean([3, 5]), ...figures });
  }
});
