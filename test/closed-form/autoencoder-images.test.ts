/** Images into an autoencoder's rows and out again: frames, normalisation and pictures, against the pixels themselves. */
import { describe, expect, it } from "vitest";
import { channelStatistics } from "../../src/data/normalise.ts";
import { Team } from "../../src/engine/team.ts";
import { reconstructedErrors } from "../../src/measure/reconstruction.ts";
import type { AutoencoderModel } from "../../src/problems/autoencode-learners.ts";
import { resolveAutoencoderConfig } from "../../src/training/config.ts";
import { createAutoencoder } from "../../src/training/nets-and-rules.ts";

/** Images of 5 rows and 7 columns, every pixel different from its neighbours. */
function split(channels: number, count = 3) {
  const size = 35 * channels;
  const images = Uint8Array.from({ length: count * size }, (_, i) => (i * 37) % 256);
  return { images, labels: new Uint16Array(count), count };
}

async function withModel(
  channels: number,
  kind: "mlp" | "cnn",
  use: (model: AutoencoderModel) => void | Promise<void>,
) {
  const team = await Team.create({ maximumPages: 512 });
  const shape = { height: 5, width: 7, channels };
  const images = split(channels);
  const statistics = channelStatistics(images, Int32Array.of(0, 1, 2), shape);
  const config = resolveAutoencoderConfig({
    task: "autoencode",
    data: { path: "x" },
    network: { kind, hidden: [4, 4], latent: 6, steps: 2 },
    train: { batch: 3 },
  });
  await use(createAutoencoder(team, config, { name: "x", shape, classNames: ["a", "b"], statistics }));
  await team.close();
}

describe.each([
  [1, "cnn", 8 * 8],
  [3, "cnn", 8 * 8],
  [1, "mlp", 5 * 7],
  [3, "mlp", 5 * 7],
] as const)("%i channels, %s", (channels, kind, pixels) => {
  it("rows are cut out of their frame again, in pixel units", async () => {
    await withModel(channels, kind, (model) => {
      const { stimulus, stimulusWidth } = model.learner;
      expect(stimulusWidth).toBeGreaterThanOrEqual(pixels * channels);
      const images = split(channels);
      const order = Int32Array.of(2, 0, 1);
      model.load(images, order, 0, 3);
      const seen = model.pixels(stimulus.view, 3);
      const originals = model.originals(images, order, 0, 3);
      expect(seen).toHaveLength(3 * 35 * channels);
      expect(originals[0]).toBe(Math.fround(images.images[2 * 35 * channels]! / 255));
      // One rounding each of (x - m) / s, times s, plus m, of numbers up to 1 + |m| / s.
      for (let i = 0; i < seen.length; i++) expect(Math.abs(seen[i]! - originals[i]!)).toBeLessThan(1e-6);
    });
  });

  it("values no picture can show are cut off", async () => {
    await withModel(channels, kind, (model) => {
      const { stimulusWidth } = model.learner;
      expect([...new Set(model.pixels(new Float32Array(stimulusWidth).fill(1e6), 1))]).toEqual([1]);
      expect([...new Set(model.pixels(new Float32Array(stimulusWidth).fill(-1e6), 1))]).toEqual([0]);
      const mean = model.pixels(new Float32Array(stimulusWidth), 1);
      for (const [i, value] of mean.entries())
        expect(value).toBe(Math.fround(model.data.statistics.mean[i % channels]!));
    });
  });

  it("the error of drawings is the mean over images and values, whatever the batches", async () => {
    await withModel(channels, kind, async (model) => {
      const images = split(channels, 5);
      const all = Int32Array.of(4, 3, 2, 1, 0);
      const errors = await reconstructedErrors(model, images, all, ["perception", "recall"]);
      const own = { perception: 0, recall: 0 };
      for (const index of all) {
        model.load(images, Int32Array.of(index), 0, 1);
        for (const by of ["perception", "recall"] as const) {
          const drawn = model.reconstruct(1, by);
          const truth = images.images.subarray(index * drawn.length, (index + 1) * drawn.length);
          own[by] += drawn.reduce((sum, value, i) => sum + (value - truth[i]! / 255) ** 2, 0) / drawn.length / 5;
        }
      }
      // Drawings of batches and of single images add in another order.
      expect(errors[0]).toBeCloseTo(own.perception, 5);
      expect(errors[1]).toBeCloseTo(own.recall, 5);
    });
  });
});
