/** A pair cut between stages, anywhere, learns the same bytes as in one process: stages exchange spikes alone. */
import { describe, expect, it } from "vitest";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { fulfilled, joinedAt, smallParts } from "../support/small-parts.ts";
import { smallTraining } from "../support/small-training.ts";

/** 3 full batches and a part of one each epoch; images held out would give one process a best that parts have not. */
const data = { classes: 3, train: 60, test: 6 };
const validation = { data: { path: "bars", validation: 0 } };

const cases = {
  "mlp, direct": {
    raw: { network: { hidden: [37, 18, 9] }, train: { epochs: 2, batch: 16 } },
    cuts: [[2], [4], [2, 3], [2, 3, 4]],
  },
  "mlp, Poisson stimulus, random targets, pairs of spikes": {
    raw: {
      network: { hidden: [18, 33], stimulus: "poisson", target: "random" },
      rule: { rivals: "masked", loss: "reco", homeostasis: { weight: 1, rate: 0.1 } },
      train: { epochs: 2, batch: 16, schedule: "constant", warmup: 4, seed: 7 },
    },
    cuts: [[1], [2], [1, 3]],
  },
  cnn: {
    raw: { network: { kind: "cnn", hidden: [3, 16, 5], steps: 3 }, train: { epochs: 2, batch: 16 } },
    cuts: [[2], [3], [2, 4]],
  },
  "mlp, recall compared by membranes": {
    raw: {
      network: { hidden: [18, 9, 9] },
      rule: { recallFeatures: "membrane" },
      train: { epochs: 2, batch: 16 },
    },
    cuts: [[3], [2, 4]],
  },
  "mlp, told apart by dots": {
    raw: {
      network: { hidden: [18, 9] },
      rule: { affinity: "dots", temperature: 0.02 },
      train: { epochs: 2, batch: 16 },
    },
    cuts: [[2]],
  },
  "mlp, frozen recall": {
    raw: { network: { hidden: [18, 9] }, train: { epochs: 2, batch: 16, recallLearningRate: 0 } },
    cuts: [[2]],
  },
  "mlp, variants of the images, wrong labels": {
    raw: {
      network: { hidden: [18, 9] },
      data: { labelNoise: 0.3, augment: { shift: 2, flip: true, rotate: 20, erase: 3 } },
      train: { epochs: 2, batch: 16 },
    },
    cuts: [[2], [2, 3]],
  },
} as const;

describe.each(Object.entries(cases))("%s", (_name, { raw, cuts }) => {
  it("cut anywhere: the checkpoint of the joined parts is that of one process", async () => {
    const all = { ...raw, data: { ...validation.data, ...("data" in raw ? raw.data : {}) } };
    const whole = await smallTraining(all, { data });
    for (const after of cuts) {
      const parts = await smallParts(all, { after, data });
      expect(fulfilled(parts).map(({ finished, step }) => [finished, step])).toEqual(
        parts.ranges.map(() => [true, whole.steps]),
      );
      expect(joinedAt(parts.saves, whole.steps), `cut after ${after}`).toEqual(whole.last);
    }
  });
});

it("with images held out: weights and optimiser's state of one process, but not its best accuracy, which parts do not measure", async () => {
  const raw = {
    data: { path: "bars", validation: 0.2 },
    network: { hidden: [18, 9] },
    train: { epochs: 2, batch: 16 },
  };
  const whole = await smallTraining(raw, { data });
  const parts = await smallParts(raw, { after: [2], data });
  const [one, joined] = [whole.last, joinedAt(parts.saves, whole.steps)].map((bytes) =>
    decodeCheckpoint(bytes, "test"),
  );
  expect([...joined!.tensors]).toEqual([...one!.tensors]);
  expect(joined!.position).toEqual({ ...one!.position, best: null });
  expect(one!.position.best, "this test is to have held out images").not.toBe(null);
});

it("is refused where the concept drives stages of other parts", async () => {
  const raw = { ...validation, network: { hidden: [18, 9], recall: "broadcast" } };
  await expect(smallParts(raw, { after: [2], data })).rejects.toThrow(
    /^network\.recall: expected chain, got broadcast/,
  );
});

it("is refused where steps are to be observed, for which no part has the whole pair", async () => {
  const raw = { ...validation, network: { hidden: [18, 9] }, observe: { every: 2 } };
  await expect(smallParts(raw, { after: [2], data })).rejects.toThrow(/^observe\.every: expected 0, got 2/);
});

it("as events: the same bytes, and fewer cross", async () => {
  const raw = { ...validation, network: { hidden: [64, 48] }, train: { epochs: 2, batch: 16 } };
  const bits = await smallParts(raw, { after: [2], data });
  const events = await smallParts(raw, { after: [2], data, coding: "events" });
  expect(joinedAt(events.saves, 8)).toEqual(joinedAt(bits.saves, 8));
  const sent = (parts: typeof bits) => fulfilled(parts)[0]?.traffic.above?.sent.bytes ?? Number.NaN;
  // One bit a neuron, step and image: 60 images, two epochs.
  expect(sent(bits)).toBe((2 * 60 * 4 * 64) / 8);
  expect(sent(events)).toBeLessThan(sent(bits));
});
