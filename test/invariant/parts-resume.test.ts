/** Parts of a pair stop together, go on from a common step, and may run ahead of each other by a set number of steps: always to bytes that follow from the settings alone. */
import { describe, expect, it } from "vitest";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { accuracyOf } from "../support/small-accuracy.ts";
import { fulfilled, joinedAt, smallParts } from "../support/small-parts.ts";
import { smallTraining } from "../support/small-training.ts";

const data = { classes: 3, train: 60, test: 6 };
const validation = { data: { path: "bars", validation: 0 } };

describe("stopping and going on", () => {
  const raw = { ...validation, network: { hidden: [18, 12, 9] }, train: { epochs: 2, batch: 16 } };

  it.each([0, 1, 2])("part %i wishes to stop: all stop at one step, and go on to the same bytes", async (part) => {
    const whole = await smallTraining(raw, { data });
    const first = await smallParts(raw, { after: [2, 3], data, stop: { part, before: 3 } });
    const results = fulfilled(first);
    const [step] = results.map((result) => result.step);
    expect(results.map(({ finished, step: at }) => [finished, at])).toEqual([0, 1, 2].map(() => [false, step]));
    expect(step).toBeGreaterThanOrEqual(3);
    expect(step).toBeLessThan(8);
    const second = await smallParts(raw, { after: [2, 3], data, saved: first.saves });
    expect(second.starts).toEqual([step, step, step]);
    fulfilled(second);
    expect(joinedAt(second.saves, whole.steps)).toEqual(whole.last);
  });

  it("within an epoch the joined sums are those of one process, to the last bit", async () => {
    const stopped = await smallTraining(raw, { data, stopBefore: 6 });
    const parts = await smallParts(raw, { after: [3], data, stop: { part: 0, before: 6 } });
    expect(joinedAt(parts.saves, 6)).toEqual(stopped.last);
    expect(decodeCheckpoint(stopped.last, "test").position.sums.images, "this test is to have sums").toBe(32);
  });

  it("refuses other settings and other data than it was trained with, which all parts may agree on", async () => {
    const { saves } = await smallParts(raw, { after: [3], data, stop: { part: 0, before: 3 } });
    const refused = async (changed: object, given: object, message: RegExp) => {
      const { results } = await smallParts(
        { ...raw, ...changed },
        { after: [3], data: { ...data, ...given }, saved: saves },
      );
      const reasons = results.map((result) => (result.status === "rejected" ? result.reason.message : "went on"));
      for (const reason of reasons) expect(reason).toMatch(message);
    };
    const settings = /trained with other settings: train\.learningRate: expected 0\.5, got 0\.\d+;/;
    await refused({ train: { ...raw.train, learningRate: 0.5 } }, {}, settings);
    await refused({}, { train: 62 }, /^the checkpoint was trained on bars .*, but the images here are/);
  });

  it("goes on from the latest step that all parts have", async () => {
    const { saves } = await smallParts(raw, { after: [3], data });
    const [lower, upper] = saves.map((kept) => new Map(kept));
    lower?.delete(8);
    const again = await smallParts(raw, { after: [3], data, saved: [lower!, upper!] });
    expect(again.starts).toEqual([4, 4]);
    expect(joinedAt(again.saves, 8)).toEqual(joinedAt(saves, 8));
  });
});

describe("ahead of each other", () => {
  const raw = {
    ...validation,
    network: { hidden: [32, 24, 16] },
    train: { epochs: 30, batch: 12, learningRate: 0.02 },
  };

  it("learns, the same bytes each time, and other ones than in step", async () => {
    const parts = await smallParts(raw, { after: [2, 3], depth: 3, saveEvery: 20 });
    const again = await smallParts(raw, { after: [2, 3], depth: 3, saveEvery: 20 });
    const inStep = await smallParts(raw, { after: [2, 3], saveEvery: 20 });
    fulfilled(parts);
    const last = joinedAt(parts.saves, 300);
    expect(joinedAt(again.saves, 300)).toEqual(last);
    expect(joinedAt(inStep.saves, 300)).not.toEqual(last);
    expect(await accuracyOf(last)).toBeGreaterThan(0.9);
  });

  it("resumed from a step that all parts saved: the same bytes", async () => {
    const short = { ...raw, train: { ...raw.train, epochs: 3 } };
    const whole = await smallParts(short, { after: [2], depth: 2, saveEvery: 7 });
    for (const step of [7, 10, 21]) {
      const saved = whole.saves.map((kept) => new Map([...kept].filter(([at]) => at <= step)));
      const rest = await smallParts(short, { after: [2], depth: 2, saveEvery: 7, saved });
      expect(rest.starts).toEqual([step, step]);
      expect(joinedAt(rest.saves, 30), `from step ${step}`).toEqual(joinedAt(whole.saves, 30));
    }
  });
});
