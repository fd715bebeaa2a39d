/** An evaluation in batches against the decisions themselves, of a net that is often wrong: where all are right, rows and columns, spikes and drives tell the same. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { decide } from "../../src/measure/decide.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { perceive } from "../../src/nets/inference.ts";
import { type Model, spikingModel } from "../../src/nets/model.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { smallDigits } from "../support/small-digits.ts";

const dataset = smallDigits();
const { test } = dataset;
const indices = Int32Array.from({ length: 22 }, (_, k) => (7 * k) % 40);

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

/** Untrained, with the same weights for any batch. */
function untrained(batch: number): Model {
  const config = resolveConfig({
    data: { path: "bars" },
    network: { hidden: [12, 9], steps: 6, target: "random", threshold: { perception: 0.3, concept: 0.3 } },
    train: { batch },
  });
  return spikingModel(createExperiment(team, config, dataset).model, "the test");
}

it("counts decisions by spikes and by drives, truth by row, and weighs each batch by its images", async () => {
  const whole = untrained(32);
  expect(whole.load(test, indices, 0, indices.length)).toBe(22);
  perceive(whole.pair, 22);
  const rates = whole.rates();
  const confusion = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  let [right, rightByDrive] = [0, 0];
  for (const [k, decision] of decide(whole.pair, 22).entries()) {
    const truth = test.labels[indices[k]!]!;
    confusion[truth]![decision.class]! += 1;
    if (decision.class === truth) right++;
    const most = Math.max(...decision.drives);
    if (decision.drives.indexOf(most) === truth) rightByDrive++;
  }
  const columns = confusion.map((_, c) => confusion.map((row) => row[c]!));
  expect(confusion, "this test is to tell rows from columns").not.toEqual(columns);
  expect(rightByDrive, "and drives from spikes").not.toBe(right);

  const inBatches = untrained(8);
  expect(inBatches.maxImages, "the last batch is to be smaller").toBe(8);
  const found = await evaluate(inBatches, test, indices);
  expect(found).toMatchObject({ images: 22, accuracy: right / 22, driveAccuracy: rightByDrive / 22, confusion });
  for (const [k, rate] of found.rates.entries()) expect(rate).toBeCloseTo(rates[k]!, 12);
});
