/** By what pixels are normalised: mean and deviation of the images trained on, not of those held out, left out by a limit, or tested on. */
import { expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { resolveAutoencoderConfig, resolveConfig } from "../../src/training/config.ts";
import { createAutoencoderExperiment, createExperiment } from "../../src/training/experiment.ts";
import { smallDigits } from "../support/small-digits.ts";

const CHANNELS = 2;

/** Mean and standard deviation of a channel over images of the training part, pixels from 0 to 1. */
function momentsOf(images: Uint8Array, size: number, indices: Int32Array, channel: number): [number, number] {
  const values = [...indices].flatMap((index) =>
    [...images.subarray(index * size, (index + 1) * size)].filter((_, i) => i % CHANNELS === channel),
  );
  const mean = values.reduce((sum, value) => sum + value / 255, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value / 255 - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(variance)];
}

it.each([
  [0, 0, 60],
  [0.2, 0, 48],
  [0.2, 17, 17],
])("%f held out, limit %i: those of %i images", async (validation, limit, count) => {
  const team = await Team.create({ maximumPages: 2048 });
  try {
    const images = smallDigits({ train: 60, test: 4, channels: CHANNELS });
    const data = { path: "bars", validation: validation, limit };
    const plain = createExperiment(team, resolveConfig({ data, network: { hidden: [8] } }), images);
    const config = resolveAutoencoderConfig({ task: "autoencode", data, network: { hidden: [6], latent: 4 } });
    for (const { model, trainIndices, validationIndices } of [
      plain,
      createAutoencoderExperiment(team, config, images),
    ]) {
      expect(trainIndices.length).toBe(count);
      expect(validationIndices.filter((index) => trainIndices.includes(index))).toHaveLength(0);
      const { mean, std } = model.data.statistics;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const [m, s] = momentsOf(images.train.images, 64 * CHANNELS, trainIndices, channel);
        expect(mean[channel]).toBeCloseTo(m, 10);
        expect(std[channel]).toBeCloseTo(s, 10);
      }
    }
  } finally {
    await team.close();
  }
});
