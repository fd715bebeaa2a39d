/** An autoencoder run that was stopped and resumed, at any step and with any number of threads, ends with the bytes of one that was not. */
import { describe, expect, it } from "vitest";
import { decodeAutoencoderCheckpoint } from "../../src/training/read-checkpoint.ts";
import { SMALL_AUTOENCODER, smallAutoencoderTraining } from "../support/small-autoencoder-run.ts";

const { train, network } = SMALL_AUTOENCODER;
const settings = {
  backprop: { rule: { name: "backprop" } },
  "backprop-ann": { rule: { name: "backprop-ann" } },
  "cnn, ReCo, split by frequency": {},
  "mlp, InfoNCE, not split, homeostasis, clipped by the norm of all, uneven batches": {
    network: { ...network, kind: "mlp", hidden: [20, 12] },
    rule: { loss: "infonce", frequency: { on: false }, homeostasis: { weight: 1, rate: 0.05 } },
    train: { ...train, batch: 25, warmup: 3, clipScope: "global", recallLearningRate: 0.5, seed: 3 },
  },
};

describe.each(Object.entries(settings))("%s", (_name, raw) => {
  it("stopped and resumed: the same weights, moments, best and metrics", async () => {
    const whole = await smallAutoencoderTraining(raw);
    expect(whole.steps).toBeGreaterThanOrEqual(10);
    expect(whole.best).toBeDefined();
    for (const step of [1, whole.steps / 2, whole.steps - 1]) {
      const first = await smallAutoencoderTraining(raw, { stopBefore: step });
      expect(first.steps).toBe(step);
      const second = await smallAutoencoderTraining(raw, { resume: first.last });
      expect(second.last, `stopped before step ${step}`).toEqual(whole.last);
      expect(second.best ?? first.best, `stopped before step ${step}`).toEqual(whole.best);
      expect([...first.metrics, ...second.metrics], `stopped before step ${step}`).toEqual(whole.metrics);
    }
  });

  it("on one thread or three: the same bytes", async () => {
    const one = await smallAutoencoderTraining(raw, { stopBefore: 2 });
    const three = await smallAutoencoderTraining(raw, { stopBefore: 2, threads: 3 });
    expect(three.last).toEqual(one.last);
    expect(three.metrics).toEqual(one.metrics);
  });
});

it("learns to reconstruct validation images: all but the noise, which none can know", async () => {
  const { best, metrics } = await smallAutoencoderTraining({
    network: { kind: "mlp", hidden: [32], latent: 16, steps: 4 },
    train: { epochs: 15, batch: 18, learningRate: 0.02 },
  });
  // Uniform noise of 100 of 255 everywhere; a bar of 150 more is at one of four places, so its pixels vary by p (1 - p) of its square in half of the image.
  const noise = (100 / 255) ** 2 / 12;
  const bars = (1 / 2) * (3 / 16) * (150 / 255) ** 2;
  const { position } = decodeAutoencoderCheckpoint(best!, "test");
  expect(-position.best!.score).toBeLessThan(noise + bars / 4);
  const line = metrics.at(-1) as Readonly<Record<string, number>>;
  expect(line.validationRecallMse).toBeLessThan(noise + bars / 4);
  expect(line.validationPerceptionPsnr).toBeCloseTo(-10 * Math.log10(line.validationPerceptionMse!), 10);
});

it("another seed gives other bytes", async () => {
  const other = { train: { ...train, seed: 2 } };
  expect((await smallAutoencoderTraining(other)).last).not.toEqual((await smallAutoencoderTraining()).last);
});
