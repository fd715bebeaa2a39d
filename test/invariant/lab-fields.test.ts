/** The lab's form shows what a rule reads: a field that is hidden changes no byte of what is learned, and one that is shown does. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Draft, FIELDS } from "../../lab/src/setup/fields.ts";
import { rawOf } from "../../lab/src/setup/pairs.ts";
import { Team } from "../../src/engine/team.ts";
import { checkedConfig, imageRules } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { smallDigits } from "../support/small-digits.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

/** Small, and of no default a field below is changed to. */
const BASE: Readonly<Record<string, string>> = {
  "data.path": "bars",
  "network.hidden": "16,12",
  "train.epochs": "1",
  "train.batch": "20",
};
/** Another value of each field that a rule may pass over. */
const OTHER: Readonly<Record<string, string>> = {
  "network.steps": "2",
  "rule.loss": "mse",
  "rule.lambda": "1",
  "rule.temperature": "0.5",
  "rule.features": "membrane",
  "rule.rivals": "masked",
  "network.threshold.perception": "0.3",
  "network.threshold.recall": "0.3",
  "network.threshold.concept": "1",
};
/** What is read at decisions alone. */
const NOT_LEARNED = "network.threshold.concept";

/** All numbers of the model after three steps. */
async function learned(pairs: Readonly<Record<string, string>>): Promise<number[][]> {
  const config = checkedConfig(rawOf(new Map(Object.entries(pairs))));
  const experiment = createExperiment(team, config, smallDigits());
  let steps = 0;
  await trainExperiment(experiment, {
    sink: { onStep: () => steps++, onMetrics: () => {}, onCheckpoint: () => {} },
    stopped: () => steps >= 3,
  });
  return Array.from(experiment.model.slots(false), (slot) => Array.from(slot.read()));
}

const CASES: readonly (readonly [rule: string, loss: string])[] = [
  ...imageRules.map((rule) => [rule, "infonce"] as const),
  ["bsd", "reco"],
  ["bsd-ann", "reco"],
];

describe("fields of", () => {
  it.each(CASES)("%s with loss %s are those it reads", async (rule, loss) => {
    const base = { ...BASE, "rule.name": rule, "rule.loss": loss };
    const draft = new Draft(new Map(Object.entries(base)));
    const usual = await learned(base);
    const wrong: string[] = [];
    for (const { key, read } of FIELDS) {
      const value = OTHER[key];
      // What does not go with a rule is refused by the checker, which is as good as not reading it.
      if (value === undefined || (rule === "bsd-ann" && ["rule.features", "rule.rivals"].includes(key))) continue;
      const same = JSON.stringify(await learned({ ...base, [key]: value })) === JSON.stringify(usual);
      if (same === (read(draft) && key !== NOT_LEARNED)) wrong.push(key);
    }
    expect(wrong).toEqual([]);
  });
});
