/** Settings reach the rule they are of: every one that a rule on images hears changes what two steps make of the same images, and those of other rules change nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { smallDigits } from "../support/small-digits.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 32768 });
});
afterAll(() => team.close());

const images = smallDigits({ classes: 3, train: 60, test: 6 });
const shapes = { mlp: { hidden: [18, 9] }, cnn: { kind: "cnn", hidden: [3, 5] } } as const;
const RATES = { perception: 0.02, recall: 0.02 };

/** All that two steps tell and leave, moments too. Without a clip, which takes a gradient's size away again. */
function learned(kind: "mlp" | "cnn", name: string, overrides: readonly string[]): string {
  const raw = {
    data: { path: "bars", validation: 0.2 },
    network: shapes[kind],
    rule: { name },
    train: { batch: 12, clip: 0 },
  };
  const config = resolveConfig(raw, overrides);
  const { task, rule, trainIndices } = createExperiment(team, config, images);
  const reports = [0, 1].map((counter) => task.step(trainIndices, 12 * counter, 12, counter, RATES));
  const state = [...rule.slots(true)].map(({ name: slot, read }) => [
    slot,
    Buffer.from(read().buffer).toString("base64"),
  ]);
  return JSON.stringify([reports, state]);
}

const spiking = [
  "network.steps=3",
  "network.tau=3",
  "network.norm=false",
  "network.threshold.perception=0.4",
  "network.stimulus=poisson",
];
const top = ["network.target=random", "rule.top=reco", "rule.top=mse"];
const training = [
  "train.seed=2",
  "train.weightDecay=0.2",
  "train.clip=0.01",
  "data.labelNoise=0.5",
  "data.augment.shift=2",
];
const align = [
  ...[
    "rule.centred=false",
    "rule.loss=reco",
    "rule.loss=mse",
    "rule.temperature=0.3",
    "rule.margin=2",
    "rule.affinity=dots",
  ],
  ...["rule.weight=3", "rule.stimulusWeight=3", "rule.freeze=perception", "rule.freeze=recall"],
];
/** Of non-spiking nets, whose units are one of three unless told otherwise. */
const real = (own: string) => [
  ...["relu", "tanh", "elu"].filter((name) => name !== own).map((name) => `network.activation=${name}`),
  ...["network.norm=false", ...training],
];

/** Settings heard by each rule; of several the last one is, where the others stand. */
const heard: Readonly<Record<string, readonly string[]>> = {
  bsd: [
    ...[...spiking, ...top, ...training, ...align],
    ...[
      "network.threshold.recall=0.4",
      "network.recall=broadcast",
      "rule.features=drive",
      "rule.recallFeatures=membrane",
    ],
    ...["rule.rivals=masked", "rule.rivals=literal", "rule.homeostasis.weight=5", "rule.codes=random"],
    ...["rule.detached=false", "rule.errorDepth=1", "rule.loss=reco rule.lambda=1", "rule.top=reco rule.lambda=1"],
    ...[
      "network.target=random network.targetSize=7",
      "rule.codes=random rule.codeRate=0.4",
      "rule.codes=random train.seed=3",
    ],
    ...["rule.homeostasis.weight=5 rule.homeostasis.rate=0.3", "rule.errorDepth=1 rule.errorWeights=learned"],
    ...["rule.errorDepth=1 rule.errorWeights=transposes", "train.clip=0.01 train.clipScope=global"],
  ],
  backprop: [...spiking, ...top, ...training, "rule.top=reco rule.lambda=1", "train.clip=0.01 train.clipScope=global"],
  "feedback-alignment": [...spiking, ...top, ...training],
  "direct-feedback-alignment": [...spiking, ...top, ...training],
  "local-losses": [...spiking, ...top, ...training],
  "r-stdp": [
    ...[
      ...spiking,
      ...training,
      "rule.stdp.trace=5",
      "rule.stdp.potentiation=3",
      "rule.stdp.hidden=0.5 rule.stdp.depression=3",
    ],
    "rule.stdp.hidden=0.5",
  ],
  "backprop-ann": real("relu"),
  dll: [...real("tanh"), "rule.dll.feedbackLearningRate=0.7", "rule.dll.errorLimit=0.0001"],
  "predictive-coding": [
    ...real("tanh"),
    "rule.predictiveCoding.inferenceSteps=7",
    "rule.predictiveCoding.inferenceLearningRate=0.3",
  ],
  ccl: [...real("elu"), "rule.ccl.affinity=dots", "rule.ccl.weight=3"],
  "bsd-ann": [...real("relu"), ...align, "rule.loss=reco rule.lambda=1"],
};

/** Settings of some rules. */
const FOREIGN = [
  ...["rule.stdp.trace=5", "rule.stdp.hidden=0.5", "rule.dll.errorLimit=0.0001", "rule.ccl.weight=3"],
  ...["rule.predictiveCoding.inferenceSteps=7", "rule.temperature=0.3", "rule.margin=2", "rule.affinity=dots"],
  ...["rule.weight=3", "rule.stimulusWeight=3", "network.threshold.recall=0.4"],
];
const keyOf = (setting: string): string => setting.split("=")[0]!;

describe.each(Object.entries(heard))("%s", (name, settings) => {
  it("hears its settings", () => {
    const plain = learned("mlp", name, []);
    for (const setting of settings) {
      const overrides = setting.split(" ").map((part) => `--${part}`);
      const base = overrides.length > 1 ? learned("mlp", name, overrides.slice(0, -1)) : plain;
      expect(learned("mlp", name, overrides) === base, setting).toBe(false);
    }
  });

  it("passes over those of others", () => {
    const own = new Set(settings.flatMap((setting) => setting.split(" ")).map(keyOf));
    const foreign = FOREIGN.filter((setting) => !own.has(keyOf(setting)));
    expect(foreign.length).toBeGreaterThan(2);
    const overrides = foreign.map((setting) => `--${setting}`);
    expect(learned("mlp", name, overrides) === learned("mlp", name, [])).toBe(true);
  });
});

it.each(["bsd", "local-losses"])("%s of a cnn hears how its features are pooled", (name) => {
  const whole = learned("cnn", name, []);
  const pooled = learned("cnn", name, ["--rule.pool=1"]);
  expect(pooled === whole).toBe(false);
  expect(learned("cnn", name, ["--rule.pool=1", "--rule.pooling=energy"]) === pooled).toBe(false);
});
