/** Settings reach the rule they are of, of sequences: every one that a rule hears changes what two steps make of the same windows, and those of other rules change nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleSequence, type Sequence } from "../../src/data/sequence/assemble.ts";
import { Team } from "../../src/engine/team.ts";
import { resolveSequenceConfig, type SequenceConfig } from "../../src/training/config.ts";
import { sequenceRequest } from "../../src/training/data-sources.ts";
import { createSequenceExperiment } from "../../src/training/experiment.ts";
import { bytesOf } from "../support/series-files.ts";
import { smallSeries, smallText } from "../support/small-sequence-run.ts";

type Kind = "text" | "series";
const FILES: Readonly<Record<Kind, readonly [name: string, content: string, task: string]>> = {
  text: ["small.txt", smallText(), "next-character"],
  series: ["small.csv", smallSeries(), "regression"],
};

const configOf = (kind: Kind, name: string, overrides: readonly string[]): SequenceConfig =>
  resolveSequenceConfig(
    {
      ...{ task: FILES[kind][2], data: { [kind]: FILES[kind][0], window: 6 }, rule: { name } },
      ...{ network: { hidden: [9, 7] }, train: { batch: 5, clip: 0 } },
    },
    overrides,
  );

let team: Team;
const sequences = new Map<Kind, Sequence>();
beforeAll(async () => {
  team = await Team.create({ maximumPages: 32768 });
  for (const kind of ["text", "series"] as const) {
    const request = sequenceRequest(configOf(kind, "bsd", []));
    sequences.set(kind, await assembleSequence(bytesOf(FILES[kind][1]), FILES[kind][0], request));
  }
});
afterAll(() => team.close());

/** All that two steps tell and leave, moments too. */
function learned(kind: Kind, name: string, overrides: readonly string[]): string {
  const experiment = createSequenceExperiment(team, configOf(kind, name, overrides), sequences.get(kind)!);
  const { task, learner } = experiment;
  const rates = { perception: 0.02, recall: 0.02 };
  const reports = [0, 1].map((counter) => task.step(task.items, 5 * counter, 5, counter, rates));
  const state = [...learner.slots(true)].map(({ name: slot, read }) => [
    slot,
    Buffer.from(read().buffer).toString("base64"),
  ]);
  return JSON.stringify([reports, state]);
}

const training = [
  ...["train.seed=2", "train.weightDecay=0.2", "train.clip=0.01", "train.clip=0.01 train.clipScope=global"],
];
const spiking = [
  "network.steps=3",
  "network.tau=3",
  "network.norm=false",
  "network.threshold.perception=0.4",
  ...training,
];
const bsd = [
  ...[...spiking, "network.threshold.recall=0.4", "network.recurrentRecall=false", "rule.recallFeatures=drive"],
  ...[
    "rule.recallFeatures=membrane",
    "rule.centred=false",
    "rule.loss=reco",
    "rule.loss=reco rule.lambda=1",
    "rule.block=7",
  ],
  ...[
    "rule.temperature=0.3",
    "rule.affinity=dots",
    "rule.weight=3",
    "rule.stimulusWeight=3",
    "rule.homeostasis.weight=5",
  ],
  "rule.homeostasis.weight=5 rule.homeostasis.rate=0.3",
];

/** Settings heard; of several the last one is, where the others stand. */
const heard: readonly (readonly [name: string, kind: Kind, settings: readonly string[]])[] = [
  ["bsd", "text", [...bsd, "rule.rivals=literal"]],
  ["bsd", "series", [...bsd, "network.population.size=7", "network.population.range=1"]],
  ["backprop", "text", spiking],
  ["backprop-ann", "text", training],
  [
    "predictive-coding",
    "text",
    [
      ...training,
      "rule.predictiveCoding.inferenceSteps=7",
      "rule.predictiveCoding.inferenceLearningRate=0.3",
      "rule.predictiveCoding.carry=inferred",
    ],
  ],
  [
    "dll",
    "text",
    [...training, "rule.dll.feedbackLearningRate=0.7", "rule.dll.errorLimit=0.0001", "rule.dll.temporalFeedback=true"],
  ],
];

const FOREIGN = [
  ...[
    "rule.temperature=0.3",
    "rule.affinity=dots",
    "rule.weight=3",
    "rule.homeostasis.weight=5",
    "rule.predictiveCoding.inferenceSteps=7",
  ],
  ...[
    "rule.predictiveCoding.carry=inferred",
    "rule.dll.feedbackLearningRate=0.7",
    "rule.dll.errorLimit=0.0001",
    "network.threshold.recall=0.4",
  ],
];
const keyOf = (setting: string): string => setting.split("=")[0]!;

describe.each(heard)("%s, %s", (name, kind, settings) => {
  it("hears its settings", () => {
    const plain = learned(kind, name, []);
    for (const setting of settings) {
      const overrides = setting.split(" ").map((part) => `--${part}`);
      const base = overrides.length > 1 ? learned(kind, name, overrides.slice(0, -1)) : plain;
      expect(learned(kind, name, overrides) === base, setting).toBe(false);
    }
  });

  it("passes over those of others", () => {
    const own = new Set(settings.flatMap((setting) => setting.split(" ")).map(keyOf));
    const overrides = FOREIGN.filter((setting) => !own.has(keyOf(setting))).map((setting) => `--${setting}`);
    expect(overrides.length).toBeGreaterThan(2);
    expect(learned(kind, name, overrides) === learned(kind, name, [])).toBe(true);
  });
});
