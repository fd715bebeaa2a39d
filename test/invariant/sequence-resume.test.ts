/** A sequence run that was stopped and resumed, at any step and with any number of threads, ends with the bytes of one that was not, under every rule. */
import { describe, expect, it } from "vitest";
import { decodeSequenceCheckpoint } from "../../src/training/read-checkpoint.ts";
import { smallSequenceTraining } from "../support/small-sequence-run.ts";

const network = { hidden: [18], steps: 2 };
const train = { epochs: 2, batch: 32 };
const text = { task: "next-character", data: { window: 6 }, network, train };
const series = { data: { window: 5, stride: 2 }, network, train };
const settings = {
  "bsd, characters": text,
  "bsd, forecast, two stages, recall not recurrent, homeostasis": {
    ...series,
    task: "forecast",
    network: { hidden: [18, 7], steps: 3, recurrentRecall: false },
    rule: { loss: "reco", homeostasis: { weight: 1, rate: 0.05 } },
    train: { ...train, warmup: 3, clipScope: "global", recallLearningRate: 0.5, seed: 3 },
  },
  "backprop, regression": { ...series, task: "regression", rule: { name: "backprop" } },
  "backprop-ann, characters": { ...text, rule: { name: "backprop-ann" } },
  "predictive-coding, characters": {
    ...text,
    rule: { name: "predictive-coding", predictiveCoding: { inferenceSteps: 3 } },
  },
  "dll, forecast": { ...series, task: "forecast", rule: { name: "dll", dll: { temporalFeedback: true } } },
};

describe.each(Object.entries(settings))("%s", (_name, raw) => {
  it("stopped and resumed: the same weights, moments, best and metrics", async () => {
    const whole = await smallSequenceTraining(raw);
    expect(whole.steps).toBeGreaterThanOrEqual(4);
    expect(whole.best).toBeDefined();
    for (const step of [0, 1, whole.steps / 2, whole.steps - 1]) {
      const first = await smallSequenceTraining(raw, { stopBefore: step });
      expect(first.steps).toBe(step);
      const second = await smallSequenceTraining(raw, { resume: first.last });
      expect(second.last, `stopped before step ${step}`).toEqual(whole.last);
      expect(second.best ?? first.best, `stopped before step ${step}`).toEqual(whole.best);
      expect([...first.metrics, ...second.metrics], `stopped before step ${step}`).toEqual(whole.metrics);
    }
  });

  it("on one thread or three: the same bytes", async () => {
    const one = await smallSequenceTraining(raw);
    const three = await smallSequenceTraining(raw, { threads: 3 });
    expect(three.last).toEqual(one.last);
    expect(three.metrics).toEqual(one.metrics);
  });
});

it("learns what follows what, better than any letter alone can tell", async () => {
  const raw = { ...text, train: { epochs: 12, batch: 8, learningRate: 0.01 } };
  const { best, metrics } = await smallSequenceTraining(raw);
  const { position } = decodeSequenceCheckpoint(best!, "test");
  expect(position.best?.score).toBeGreaterThan(0.6);
  expect(metrics.at(-1)).toMatchObject({ kind: "epoch", epoch: 12, rates: [expect.any(Number)] });
});

it("another seed gives other bytes", async () => {
  const other = { ...text, train: { ...train, seed: 2 } };
  expect((await smallSequenceTraining(other)).last).not.toEqual((await smallSequenceTraining(text)).last);
});
