/** What trainers and commands expect of backprop on autoencoders, spiking and real: losses, learning, reconstructing, tensors, errors, threads. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { autoencoderShapes } from "../../src/nets/specs.ts";
import { spawnThread } from "../../src/node/threads.ts";

import { AutoencoderBackprop, annAutoencoder } from "../../src/problems/autoencode-learners.ts";
import {
  loadPatterns,
  SMALL_IMAGE,
  type SmallAutoencoder,
  smallAutoencoder,
  smallPerception,
} from "../support/backprop-autoencoder.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const RATES = { perception: 0.01, recall: 0.01 };
const size = sizeOf(SMALL_IMAGE);

const cases = (["spiking", "real"] as const).flatMap((neurons) =>
  (["mlp", "cnn"] as const).map((kind): SmallAutoencoder => ({ neurons, kind })),
);

/** Mean squared difference of reconstructed images and the loaded ones. */
function meanSquare(learner: AutoencoderBackprop, images: number): number {
  const reconstructed = learner.reconstruct(images, "perception");
  const { stimulus, stimulusWidth } = learner;
  expect(reconstructed.length).toBe(images * stimulusWidth);
  let sum = 0;
  for (let b = 0; b < images; b++)
    for (let i = b * stimulusWidth; i < b * stimulusWidth + size; i++)
      sum += (reconstructed[i]! - stimulus.view[i]!) ** 2;
  return sum / images / size;
}

function state(learner: AutoencoderBackprop): Map<string, Float32Array> {
  return new Map([...learner.slots(true)].map((slot) => [slot.name, slot.read()]));
}

describe.each(cases)("$neurons $kind", (small) => {
  test("the report: a loss at the top alone, rates and silence where there are spikes", () => {
    const learner = smallAutoencoder(team, small);
    loadPatterns(learner, 9);
    const report = learner.step(9, RATES);
    const hidden = small.kind === "mlp" ? 3 : 5;
    expect(report.stageLosses).toEqual([...new Array(hidden + 1).fill(0), report.loss]);
    expect(report).toMatchObject({ correct: 0, images: 9, recallRates: [] });
    const spiking = small.neurons === "spiking" ? hidden : 0;
    expect(report.perceptionRates.length).toBe(spiking);
    expect(report.dead.length).toBe(spiking);
    expect(report.perceptionRates.every((rate) => rate > 0.02 && rate < 0.98)).toBe(true);
    expect(learner.reconstructors).toEqual(["perception"]);
    expect(learner.maxImages).toBe(12);
  });

  test("it learns: images come out much nearer than their mean", () => {
    const learner = smallAutoencoder(team, small);
    loadPatterns(learner, 12);
    const first = learner.step(12, RATES).loss;
    let last = first;
    for (let step = 0; step < 80; step++) last = learner.step(12, RATES).loss;
    expect(last).toBeLessThan(first / 3);
    // Running statistics follow a tenth a step: evaluation is about as near as training.
    expect(meanSquare(learner, 12)).toBeLessThan(first / 2);
  });

  test("rates of 0 leave every weight as it is, and the loss is that of the reconstructed images", () => {
    const learner = smallAutoencoder(team, small);
    loadPatterns(learner, 5);
    learner.step(5, RATES);
    const weights = [...learner.slots(false)].filter(({ name }) => !/mean|variance/.test(name));
    const before = weights.map((slot) => slot.read());
    let loss = 0;
    for (let step = 0; step < 50; step++) loss = learner.step(5, { perception: 0, recall: 0 }).loss;
    expect(weights.map((slot) => slot.read())).toEqual(before);
    if (small.neurons === "real") {
      // Running variances are unbiased, the batch's are not: of few rows they differ by a tenth or so.
      expect(Math.abs(meanSquare(learner, 5) / loss - 1)).toBeLessThan(0.3);
    }
  });

  test("tensors written into another learner: the same images, and the same step", () => {
    const one = smallAutoencoder(team, small);
    loadPatterns(one, 7);
    for (let step = 0; step < 3; step++) one.step(7, RATES);
    const other = smallAutoencoder(team, { ...small, seed: 2 });
    const saved = state(one);
    expect([...other.slots(true)].map(({ name }) => name)).toEqual([...saved.keys()]);
    for (const slot of other.slots(true)) slot.write(saved.get(slot.name)!);
    other.optimiser.steps = one.optimiser.steps;
    loadPatterns(other, 7);
    const drawn = one.reconstruct(7, "perception").slice();
    expect(other.reconstruct(7, "perception")).toEqual(drawn);
    expect(other.step(7, RATES)).toEqual(one.step(7, RATES));
    expect(state(other)).toEqual(state(one));
    const fewer = new Set([...one.slots(false)].map(({ name }) => name));
    expect([...fewer].some((name) => name.startsWith("optimiser"))).toBe(false);
    expect(fewer.size).toBeLessThan(saved.size);
  });

  test("an image alone is reconstructed to the same bytes as in a batch", () => {
    const learner = smallAutoencoder(team, small);
    loadPatterns(learner, 12);
    learner.step(12, RATES);
    const { stimulusWidth: width, stimulus } = learner;
    const together = learner.reconstruct(12, "perception").slice();
    stimulus.view.copyWithin(0, 4 * width, 5 * width);
    expect(learner.reconstruct(1, "perception")).toEqual(together.subarray(4 * width, 5 * width));
  });

  test("the same bytes for 1 and 3 threads", async () => {
    const clipScope = small.kind === "mlp" ? "stage" : "global";
    const runs: Map<string, Float32Array>[] = [];
    for (const threads of [1, 3]) {
      const own = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
      const learner = smallAutoencoder(own, { ...small, clipScope });
      loadPatterns(learner, 11);
      for (let step = 0; step < 2; step++) learner.step(11, RATES);
      runs.push(state(learner));
      await own.close();
    }
    expect(runs[1]).toEqual(runs[0]);
  });

  test("recall reconstructs nothing; a loss that is no number names its stage", () => {
    const learner = smallAutoencoder(team, small);
    loadPatterns(learner, 4);
    expect(() => learner.reconstruct(4, "recall")).toThrow(/perception alone/);
    learner.stimulus.view[3] = Number.NaN;
    expect(() => learner.step(4, RATES)).toThrow(small.kind === "mlp" ? /stage 5: the loss is NaN/ : /stage 7/);
  });
});

test("a convolutional autoencoder's image must be halved as often as it has stages", () => {
  const shape = { kind: "cnn", hidden: [4, 4], latent: 3 } as const;
  const image = { height: 28, width: 30, channels: 1 };
  const refused = /divisible by 4, got 28x30x1/;
  const optimiser = { weightDecay: 0, clip: 0, clipScope: "stage" } as const;
  const real = { ...shape, image, norm: true, maxImages: 1, seed: 1 };
  expect(() => autoencoderShapes(shape, image)).toThrow(refused);
  expect(() => new AutoencoderBackprop(annAutoencoder(team, real), optimiser)).toThrow(refused);
  // Without convolutions an image is its latent's full connections away, whatever its sides.
  const bare = new AutoencoderBackprop(annAutoencoder(team, { ...real, hidden: [] }), optimiser);
  expect([...bare.slots(false)].filter(({ name }) => name.endsWith("weight")).map(({ shape }) => shape)).toEqual([
    [3, 28 * 30],
    [28 * 30, 3],
  ]);
});

test.each(["mlp", "cnn"] as const)(
  "the latent of a spiking %s: its spikes draw what the image they came from does",
  (kind) => {
    const learner = new AutoencoderBackprop(smallPerception(team, { neurons: "spiking", kind }), {
      weightDecay: 0.01,
      clip: 1,
      clipScope: "stage",
    });
    loadPatterns(learner, 12);
    for (let step = 0; step < 20; step++) learner.step(12, RATES);
    const latent = learner.latent!;
    const drawn = learner.reconstruct(12, "perception").slice();
    const spikes = latent.encode(12, "perception");
    expect(spikes.length).toBe(12 * latent.steps * latent.neurons);
    expect(spikes.includes(1) && spikes.includes(0)).toBe(true);
    // One image's spikes in another's place, alone.
    const each = latent.steps * latent.neurons;
    const alone = latent.decode(spikes.slice(5 * each, 6 * each), 1, "perception").slice();
    const { stimulusWidth: width } = learner;
    expect(alone).toEqual(drawn.slice(5 * width, 6 * width));
    expect(() => latent.encode(1, "recall")).toThrow(/perception alone: expected perception, got recall/);
    expect(() => latent.decode(spikes, 12, "recall")).toThrow(/perception alone/);
  },
);
