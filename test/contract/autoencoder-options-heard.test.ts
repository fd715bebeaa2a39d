/** Settings reach the rule they are of, of autoencoders: every one that a rule hears changes what two steps make of the same images, and those of other rules change nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { resolveAutoencoderConfig } from "../../src/training/config.ts";
import { createAutoencoderExperiment } from "../../src/training/experiment.ts";
import { smallDigits } from "../support/small-digits.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 32768 });
});
afterAll(() => team.close());

const images = smallDigits({ classes: 3, train: 60, test: 6 });

/** All that two steps tell and leave, moments too. */
function learned(name: string, overrides: readonly string[]): string {
  const config = resolveAutoencoderConfig(
    {
      ...{ task: "autoencode", data: { path: "bars", validation: 0.2 }, rule: { name }, train: { batch: 12, clip: 0 } },
      network: { kind: "cnn", hidden: [5, 6], latent: 9, steps: 4 },
    },
    overrides,
  );
  const { task, model, trainIndices } = createAutoencoderExperiment(team, config, images);
  const rates = { perception: 0.02, recall: 0.02 };
  const reports = [0, 1].map((counter) => task.step(trainIndices, 12 * counter, 12, counter, rates));
  const state = [...model.learner.slots(true)].map(({ name: slot, read }) => [
    ...[slot, Buffer.from(read().buffer).toString("base64")],
  ]);
  return JSON.stringify([reports, state]);
}

const training = [
  ...["train.seed=2", "train.weightDecay=0.2", "train.clip=0.01", "train.clip=0.01 train.clipScope=global"],
];
const real = ["network.latent=7", "network.norm=false", "network.hidden=[4,6]", ...training];
const spiking = [...real, "network.steps=3", "network.tau=3", "network.threshold.perception=0.4"];
const bands = ["split=0.4", "lowLambda=1", "highLambda=1", "lowWeight=3", "highWeight=3", "bands=smooth"];

/** Settings heard; of several the last one is, where the others stand. */
const heard: Readonly<Record<string, readonly string[]>> = {
  bsd: [
    ...[...spiking, ...bands.map((band) => `rule.frequency.${band}`), "network.threshold.recall=0.4"],
    ...["rule.features=drive", "rule.centred=false", "rule.loss=infonce", "rule.loss=mse", "rule.frequency.on=false"],
    ...["rule.loss=infonce rule.temperature=0.3", "rule.frequency.on=false rule.lambda=1", "rule.weight=3"],
    ...[
      "rule.stimulusWeight=3",
      "rule.topWeight=3",
      "rule.seeing=1",
      "rule.reconstruct=1",
      "rule.reconstruct=1 rule.reconstruct=2",
    ],
    ...["rule.homeostasis.weight=5", "rule.homeostasis.weight=5 rule.homeostasis.rate=0.3"],
    ...["rule.frequency.highLambda=1 rule.frequency.bands=smooth rule.frequency.softness=0.3"],
    "rule.frequency.highLambda=1 rule.frequency.bands=smooth rule.frequency.rings=3",
  ],
  backprop: spiking,
  "backprop-ann": real,
};

const FOREIGN = [
  "rule.frequency.split=0.4",
  "rule.weight=3",
  "rule.topWeight=3",
  "rule.seeing=1",
  "network.threshold.recall=0.4",
];

describe.each(Object.entries(heard))("%s", (name, settings) => {
  it("hears its settings", () => {
    const plain = learned(name, []);
    for (const setting of settings) {
      const overrides = setting.split(" ").map((part) => `--${part}`);
      const base = overrides.length > 1 ? learned(name, overrides.slice(0, -1)) : plain;
      expect(learned(name, overrides) === base, setting).toBe(false);
    }
  });
});

it.each(["backprop", "backprop-ann"])("%s passes over those of bsd", (name) => {
  const overrides = FOREIGN.map((setting) => `--${setting}`);
  expect(learned(name, overrides) === learned(name, [])).toBe(true);
});
