/** Robustness of trained nets, spiking and not: weights come back bit for bit, and a figure depends on nothing but what it is of. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { corruptSplit } from "../../src/measure/corruptions.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import {
  measureRobustness,
  type Robustness,
  rootMeanSquare,
  WEIGHT_NOISE,
  withNoisyWeights,
} from "../../src/measure/robustness.ts";

import type { ImageModel } from "../../src/nets/model.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { exportState, importState } from "../../src/training/state.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { smallDigits } from "../support/small-digits.ts";

const dataset = smallDigits();
const every = Int32Array.from({ length: dataset.test.count }, (_, i) => i);
const mlp = { hidden: [32, 16] };
const cnn = { kind: "cnn", hidden: [4, 6], steps: 2 };

const untrained = async (team: Team, network: object) =>
  createExperiment(team, resolveConfig({ data: { path: "bars" }, network, train: { batch: 18 } }), dataset).model;
const trained = async (team: Team, network: object, rule: string): Promise<ImageModel> => {
  const sections = { network, rule: { name: rule }, train: { epochs: 12, batch: 18, learningRate: 0.02 } };
  const experiment = createExperiment(team, resolveConfig({ data: { path: "bars" }, ...sections }), dataset);
  await trainExperiment(experiment, {});
  return experiment.model;
};
/** Everything a net is made of, copied. */
const bytes = (model: ImageModel) => new Map([...model.slots(false)].map((slot) => [slot.name, slot.read()]));

const teams: Team[] = [];
const teamOf = async (threads: number) => {
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
  teams.push(team);
  return team;
};
afterAll(async () => {
  for (const team of teams) await team.close();
});

describe.each([
  ["mlp", "bsd", mlp],
  ["mlp", "backprop-ann", mlp],
  ["cnn", "backprop", cnn],
] as const)("%s by %s", (_kind, rule, network) => {
  let model: ImageModel;
  beforeAll(async () => {
    model = await trained(await teamOf(1), network, rule);
  });

  it("noise is on perception's weights alone, of the deviation asked for, and gone afterwards", async () => {
    const before = bytes(model);
    const noisy = await withNoisyWeights(model, 0.3, { seed: 2 }, async () => bytes(model));
    expect(bytes(model)).toEqual(before);
    let weights = 0;
    for (const [name, values] of before) {
      const changed = noisy.get(name)!;
      if (!/^perception\..*\.weight$/.test(name)) {
        expect(changed, name).toEqual(values);
        continue;
      }
      const relative = changed.map((value, i) => (value - values[i]!) / (0.3 * rootMeanSquare(values)));
      // Within five standard errors of a normal sample's mean and variance.
      const n = relative.length;
      expect(Math.abs(relative.reduce((sum, x) => sum + x, 0) / n), name).toBeLessThan(5 / Math.sqrt(n));
      expect(Math.abs(rootMeanSquare(relative) ** 2 - 1), name).toBeLessThan(5 * Math.sqrt(2 / n));
      weights++;
    }
    expect(weights).toBe(network.hidden.length + 1);
    const again = await withNoisyWeights(model, 0.3, { seed: 2 }, async () => bytes(model));
    expect(again).toEqual(noisy);
    for (const other of [{ seed: 3 }, { seed: 2, draw: 1 }])
      expect(await withNoisyWeights(model, 0.3, other, async () => bytes(model))).not.toEqual(noisy);
  });

  it("weights come back though what is run with noise on them fails", async () => {
    const before = bytes(model);
    const failing = withNoisyWeights(model, 0.5, {}, () => Promise.reject(new Error("on purpose")));
    await expect(failing).rejects.toThrow("on purpose");
    expect(bytes(model)).toEqual(before);
  });

  it("changes nothing, sees what evaluation sees, and sums up its own figures", async () => {
    const before = bytes(model);
    const { accuracy } = await evaluate(model, dataset.test, every);
    const measured = await measureRobustness(model, dataset.test, every, { draws: 2 });
    expect(bytes(model)).toEqual(before);
    expect((await evaluate(model, dataset.test, every)).accuracy).toBe(accuracy);
    expect(measured).toMatchObject({ images: 40, seed: 1, clean: accuracy });
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (const score of measured.corruptions) {
      expect(score.severities.map(({ severity }) => severity)).toEqual([1, 2, 3, 4, 5]);
      expect(score.mean).toBeCloseTo(mean(score.severities.map((line) => line.accuracy)), 12);
      expect(score.drop).toBeCloseTo(accuracy - score.mean, 12);
      for (const line of score.severities) {
        expect(line.draws?.length).toBe(score.name === "weights" ? 2 : undefined);
        if (line.draws) expect(line.accuracy).toBeCloseTo(mean(line.draws), 12);
      }
    }
    const ofImages = measured.corruptions.filter(({ name }) => name !== "weights");
    expect(ofImages).toHaveLength(5);
    expect(measured.mean).toBeCloseTo(mean(ofImages.map((score) => score.mean)), 12);
    expect(measured.drop).toBeCloseTo(accuracy - measured.mean!, 12);
  });

  it("a net that knows its images no longer does where noise drowns the weights", async () => {
    const { accuracy } = await evaluate(model, dataset.test, every);
    expect(accuracy).toBeGreaterThan(0.9);
    const draws = [0, 1, 2, 3, 4, 5, 6, 7];
    let sum = 0;
    for (const draw of draws)
      sum += await withNoisyWeights(
        model,
        100,
        { draw },
        async () => (await evaluate(model, dataset.test, every)).accuracy,
      );
    // Chance is a quarter.
    expect(sum / draws.length).toBeLessThan(0.6);
  });
});

describe("a figure depends on nothing else", () => {
  it("neither on threads, nor on what else is measured, nor on the order", async () => {
    const one = await trained(await teamOf(1), mlp, "bsd");
    const all = await measureRobustness(one, dataset.test, every, { draws: 2, seed: 9 });
    const figure = (measured: Robustness, name: string, severity: number) =>
      measured.corruptions.find((score) => score.name === name)?.severities.find((line) => line.severity === severity);
    const three = await untrained(await teamOf(3), mlp);
    importState(three, exportState(one, { optimiser: false }), { optimiser: false });
    for (const model of [one, three]) {
      const some = await measureRobustness(model, dataset.test, every.toReversed(), {
        ...{ corruptions: ["weights", "noise"], severities: [4, 2], draws: 2, seed: 9 },
      });
      for (const name of ["weights", "noise"])
        for (const severity of [2, 4]) expect(figure(some, name, severity)).toEqual(figure(all, name, severity));
      expect(figure(some, "noise", 3)).toBeUndefined();
    }
  });

  it("of the seed that is asked for, draw by draw", async () => {
    const model = await trained(await teamOf(1), { hidden: [8] }, "backprop");
    const right = async (split = dataset.test) => (await evaluate(model, split, every)).accuracy;
    const of = async (seed: number) => {
      const options = { corruptions: ["weights", "noise"], severities: [5], draws: 3, seed } as const;
      const [weights, noise] = (await measureRobustness(model, dataset.test, every, options)).corruptions;
      return { draws: weights!.severities[0]!.draws!, noise: noise!.severities[0]!.accuracy };
    };
    const [first, other] = [await of(7), await of(8)];
    expect(first.draws, "draws of other seeds differ").not.toEqual(other.draws);
    const amount = WEIGHT_NOISE.amounts[4];
    for (const [draw, accuracy] of first.draws.entries())
      expect(accuracy).toBe(await withNoisyWeights(model, amount, { seed: 7, draw }, () => right()));
    const noisy = (seed: number) => corruptSplit("noise", dataset.test, every, dataset.shape, { severity: 5, seed });
    expect([first.noise, other.noise]).toEqual([await right(noisy(7)), await right(noisy(8))]);
  });

  it("fewer images are spread over all of them; no corruption of images, no mean of them", async () => {
    const model = await trained(await teamOf(1), { hidden: [8] }, "backprop");
    const few = await measureRobustness(model, dataset.test, every, { images: 10, corruptions: ["blur"] });
    const fourth = every.filter((i) => i % 4 === 0);
    expect(few).toEqual(await measureRobustness(model, dataset.test, fourth, { corruptions: ["blur"] }));
    // One that knows nothing is right of another share of every fourth, which are of one class.
    const ignorant = await untrained(await teamOf(1), mlp);
    const shares = [await evaluate(ignorant, dataset.test, every), await evaluate(ignorant, dataset.test, fourth)];
    const once = { images: 10, corruptions: ["blur"], severities: [1] } as const;
    const { clean } = await measureRobustness(ignorant, dataset.test, every, once);
    expect([clean, shares[1]!.accuracy === shares[0]!.accuracy]).toEqual([shares[1]!.accuracy, false]);
    const weights = await measureRobustness(model, dataset.test, every, { corruptions: ["weights"], severities: [1] });
    expect(weights).toMatchObject({ images: 40, mean: null, drop: null });
    for (const [options, message] of [
      [{ corruptions: [] }, "one or more corruptions"],
      [{ corruptions: ["fog"] as never[] }, "corruptions of noise, blur"],
      [{ severities: [0] }, "severities from 1 to 5, got 0"],
      [{ draws: 0 }, "a whole number of draws from 1 up, got 0"],
    ] as const)
      await expect(measureRobustness(model, dataset.test, every, options)).rejects.toThrow(message);
    await expect(measureRobustness(model, dataset.test, new Int32Array(0))).rejects.toThrow("one or more images");
  });
});
