/** How fast images are trained on: batches a second times the images of a batch, of which an epoch's last may be smaller. */
import { expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { resolveAutoencoderConfig, resolveConfig } from "../../src/training/config.ts";
import { createAutoencoderExperiment, createExperiment } from "../../src/training/experiment.ts";
import { smallDigits } from "../support/small-digits.ts";

const data = { path: "bars", validation: 0 };
const moment = { step: 1, epoch: 1, learningRate: 0.01, batchesPerSecond: 2, seconds: 1 };
const report = {
  images: 0,
  loss: 0,
  stageLosses: [0, 0],
  correct: 0,
  perceptionRates: [],
  recallRates: [],
  dead: [],
};

it.each([
  ["60 images in one batch of up to 128", 128, 120],
  ["60 images in batches of 25, 25 and 10", 25, 40],
  ["60 images in batches of 20", 20, 40],
])("%s, two a second", async (_name, batch, expected) => {
  const team = await Team.create({ maximumPages: 2048 });
  try {
    const images = smallDigits({ train: 60, test: 4 });
    const plain = resolveConfig({ data, network: { hidden: [8] }, train: { batch } });
    const autoencoder = resolveAutoencoderConfig({
      task: "autoencode",
      data,
      network: { hidden: [6], latent: 4 },
      train: { batch },
    });
    expect(createExperiment(team, plain, images).task.stepLine(report, moment).imagesPerSecond).toBe(expected);
    const { task } = createAutoencoderExperiment(team, autoencoder, images);
    expect(task.stepLine(report, moment).imagesPerSecond).toBe(expected);
  } finally {
    await team.close();
  }
});
