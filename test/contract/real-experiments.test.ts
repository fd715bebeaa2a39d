/** Experiments on non-spiking nets from a configuration: what a checkpoint opens is what was trained, and options reach the rule. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { classesOf, decideImages } from "../../src/measure/decide.ts";

import { AnnModel, spikingModel } from "../../src/nets/model.ts";

import { annRules, resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { createModel, createRule } from "../../src/training/nets-and-rules.ts";
import { decodeCheckpoint } from "../../src/training/read-checkpoint.ts";
import { importState } from "../../src/training/state.ts";
import { smallDigits } from "../support/small-digits.ts";

const dataset = smallDigits({ classes: 3, train: 40, test: 8 });
const raw = { data: { path: "bars", validation: 0 }, network: { hidden: [18, 7] }, train: { batch: 8 } };
const RATES = { perception: 0.01, recall: 0.01 };
const configOf = (...overrides: string[]) => resolveConfig(raw, overrides);

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

/** Some steps, and the experiment after them. */
function trained(...overrides: string[]) {
  const experiment = createExperiment(team, configOf(...overrides), dataset);
  const { task } = experiment;
  for (let k = 0; k < 3; k++) task.step(task.items, 8 * k, 8, k, RATES);
  return experiment;
}

/** Outputs for the test images. */
function outputs(model: ReturnType<typeof createModel>): number[][] {
  const every = Int32Array.from({ length: dataset.test.count }, (_, i) => i);
  model.perceive(model.load(dataset.test, every, 0, dataset.test.count));
  return decideImages(model, dataset.test.count).map(({ drives }) => [...drives]);
}

const cases = annRules.flatMap((rule) => (["mlp", "cnn"] as const).map((kind) => ({ rule, kind })));

test.each(cases)(
  "$rule $kind: a model opened from the best checkpoint decides as the trained one",
  ({ rule, kind }) => {
    const { model, task, config } = trained(`--rule.name=${rule}`, `--network.kind=${kind}`);
    const place = { step: 3, epoch: 0, batch: 3, best: null };
    const checkpoint = decodeCheckpoint(task.encode(place, "best"), "test");
    const opened = createModel(team, resolveConfig(checkpoint.config), checkpoint.data);
    expect(opened).toBeInstanceOf(AnnModel);
    const expected = outputs(model);
    expect(outputs(opened)).not.toEqual(expected);
    importState(opened, checkpoint.tensors, { optimiser: false });
    expect(outputs(opened)).toEqual(expected);
    const largest = expected.map((row) => row.indexOf(Math.max(...row)));
    expect([...classesOf(opened, dataset.test)]).toEqual(largest);
    expect(() => spikingModel(opened, "this")).toThrow("this needs a spiking pair, but this is a non-spiking net");
    const spiking = createModel(team, resolveConfig({ ...config, rule: { name: "backprop" } }), checkpoint.data);
    expect(() => createRule(spiking, config)).toThrow(`rule ${rule}: expected a non-spiking net`);
  },
);

describe("options change what is learned", () => {
  test.each([
    ["dll", "--rule.dll.errorLimit=0.001"],
    ["dll", "--rule.dll.feedbackLearningRate=10"],
    ["predictive-coding", "--rule.predictiveCoding.inferenceSteps=3"],
    ["predictive-coding", "--rule.predictiveCoding.inferenceLearningRate=0.3"],
    ["ccl", "--rule.ccl.affinity=dots"],
    ["backprop-ann", "--network.activation=elu"],
    ["ccl", "--network.activation=relu"],
  ])("%s: %s", (rule, override) => {
    const [own, other] = [[], [override]].map((more) => outputs(trained(`--rule.name=${rule}`, ...more).model));
    expect(other).not.toEqual(own);
  });

  test.each([
    ["backprop-ann", "relu"],
    ["dll", "tanh"],
    ["predictive-coding", "tanh"],
    ["ccl", "elu"],
  ])("%s: its own units are %s", (rule, units) => {
    const named = [`--rule.name=${rule}`, `--network.activation=${units}`];
    expect(outputs(trained(`--rule.name=${rule}`).model)).toEqual(outputs(trained(...named).model));
  });
});
