/**
 * What a step of each rule costs on nets of four inputs, two hidden units and two classes, counted by hand: three of the four inputs are not 0, and of the hidden units only the first
 * is ever active. The batch is 4.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { CostMeter } from "../../src/measure/cost.ts";
import { picojoules } from "../../src/measure/energy.ts";
import type { Operations } from "../../src/measure/operations.ts";
import { parametersOf, ruleFootprint } from "../../src/measure/rule-footprint.ts";
import { TRAINING_PARTS, trainingCost } from "../../src/measure/training-cost.ts";
import { trainingStep } from "../../src/measure/training-step.ts";
import { type AnnModel, Model } from "../../src/nets/model.ts";

import { resolveConfig } from "../../src/training/config.ts";
import { createModel } from "../../src/training/nets-and-rules.ts";

const IMAGE = [1.5, 0, 2, 0.5];
const data = {
  name: "four",
  shape: { height: 1, width: 4, channels: 1 },
  classNames: ["a", "b"],
  statistics: { mean: [0], std: [1] },
};

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
});
afterAll(() => team.close());

/** The net of a configuration, counted over the one image. */
function counted(...overrides: string[]) {
  const raw = {
    data: { path: "four" },
    network: { hidden: [2], steps: 2, norm: false, activation: "relu" },
    rule: { predictiveCoding: { inferenceSteps: 3 } },
    train: { batch: 4 },
  };
  const config = resolveConfig(raw, overrides);
  const model = createModel(team, config, data) as Model | AnnModel;
  const weight = [...model.slots(false)].find(({ name }) => name === "perception.stage2.weight")!;
  // The first unit is driven at every step, the second is held below 0.
  weight.write(Float32Array.of(3, 3, 3, 3, -3, -3, -3, -3));
  const { stimulus } = model instanceof Model ? model.pair : model.rows;
  stimulus.view.set(IMAGE);
  const { net } = model;
  const meter = new CostMeter(net);
  model.perceive(1);
  meter.add(1);
  const cost = meter.result();
  return { cost, net, config, training: trainingCost(net, cost, trainingStep(config)!) };
}

const macs = (count: number, dense = count): Operations => ({ macs: count, acs: 0, dense });
const acs = (count: number, dense = count): Operations => ({ macs: 0, acs: count, dense });
const sum = (...all: Operations[]): Operations => ({
  macs: all.reduce((total, { macs }) => total + macs, 0),
  acs: all.reduce((total, { acs }) => total + acs, 0),
  dense: all.reduce((total, { dense }) => total + dense, 0),
});

/** The parts that are given, zeros for the others, and their sum. */
function expectParts(training: ReturnType<typeof counted>["training"], parts: Record<string, Operations>): void {
  const found = TRAINING_PARTS.filter((part) => training[part].dense > 0);
  expect(Object.fromEntries(found.map((part) => [part, training[part]]))).toEqual(parts);
  expect(training.total).toEqual(sum(...Object.values(parts)));
}

// Two steps: three inputs to two units each, then two spikes to two classes.
const SPIKING = sum(macs(2 * 3 * 2, 2 * 4 * 2), acs(2 * 2, 2 * 2 * 2));
// One step: three inputs to two units, then one active unit to two classes.
const REAL = macs(3 * 2 + 1 * 2, 4 * 2 + 2 * 2);

describe("on the spiking net", () => {
  it.each([
    // Errors of two classes go down to two units, at two steps.
    ["backprop", [], { errors: macs(2 * 2 * 2) }, 8 + 2 + 4 + 2, { feedback: 0, classifiers: 0 }],
    ["feedback-alignment", [], { feedback: macs(2 * 2 * 2) }, 16, { feedback: 4, classifiers: 0 }],
    ["direct-feedback-alignment", [], { feedback: macs(2 * 2 * 2) }, 16, { feedback: 4, classifiers: 0 }],
    // One of two rates is not 0: to two classes, and in the gradient; back to both units.
    ["local-losses", [], { classifiers: macs(1 * 2 + 1 * 2 + 2 * 2, 3 * 4) }, 16 + 6, { feedback: 0, classifiers: 6 }],
  ] as const)("%s", (rule, more, own, updates, parameters) => {
    const { training, net, cost } = counted(`--rule.name=${rule}`, ...more);
    expectParts(training, { forward: SPIKING, gradients: SPIKING, ...own });
    expect(training.updates).toBe(updates / 4);
    expect(cost.perception.operations).toEqual(SPIKING);
    const { feedback, classifiers } = parameters;
    const all = { perception: 16, recall: 0, feedback, classifiers, inference: 16 };
    const training_ = 16 + feedback + classifiers;
    expect(parametersOf(ruleFootprint(net, rule))).toEqual({ ...all, training: training_ });
    expect(ruleFootprint(net, rule).training.bytes).toBe(4 * training_);
  });

  it("bsd: error weights that learn are kept beside the two networks", () => {
    const { net } = counted("--rule.name=backprop");
    const kept = (errorDepth: number, errorWeights: "recall" | "learned" | "transposes") =>
      parametersOf(ruleFootprint(net, "bsd", { errorDepth: errorDepth, errorWeights: errorWeights }));
    // From two classes down to two units.
    expect(kept(1, "learned")).toMatchObject({ feedback: 4, training: kept(0, "learned").training + 4, inference: 16 });
    for (const none of [kept(0, "learned"), kept(1, "recall"), kept(1, "transposes")]) expect(none.feedback).toBe(0);
  });

  it("r-stdp: only stages that learn have gradients and traces", () => {
    const top = counted("--rule.name=r-stdp").training;
    const gradients = acs(2 * 2, 2 * 2 * 2);
    // Five products for each of two classes at two steps.
    expectParts(top, { forward: SPIKING, gradients, traces: macs(5 * 2 * 2) });
    expect(top.updates).toBe(4 / 4);
    const all = counted("--rule.name=r-stdp", "--rule.stdp.hidden=0.1").training;
    expectParts(all, { forward: SPIKING, gradients: SPIKING, traces: macs(5 * 2 * (2 + 2)) });
    expect(all.updates).toBe((8 + 4) / 4);
  });
});

describe("on the non-spiking net", () => {
  const errors = macs(2 * 2);

  it("an inference is MACs, and a rectified unit's 0 is skipped", () => {
    const { cost } = counted("--rule.name=backprop-ann");
    expect(cost.steps).toBe(1);
    expect(cost.perception.operations).toEqual(REAL);
    expect(cost.perception.activationSparsity).toBe(1 / 2);
    expect(cost.perception.layers.map(({ activationSparsity }) => activationSparsity)).toEqual([1 / 2, null]);
    expect(cost.perception.footprint).toEqual({ parameters: 16, buffers: 0, bytes: 64 });
    // One of the four inputs is the background: three differ, and the engine multiplies all in use.
    expect(cost.perception.layers.map(({ engine }) => engine)).toEqual([
      { macs: 8, acs: 0 },
      { macs: 4, acs: 0 },
    ]);
    expect(cost.recall.layers).toEqual([]);
    expect(picojoules(cost.perception.operations)).toBeCloseTo(8 * 4.6, 9);
  });

  it("backprop-ann", () => {
    const { training } = counted("--rule.name=backprop-ann");
    expectParts(training, { forward: REAL, gradients: REAL, errors });
    expect(picojoules(training.total)).toBeCloseTo(20 * 4.6, 9);
    expect(training.updates).toBe(16 / 4);
  });

  it("dll: errors down through Theta, and Theta's gradient", () => {
    const { training, net } = counted("--rule.name=dll");
    expectParts(training, { forward: REAL, gradients: REAL, feedback: macs(4 + 4) });
    expect(training.updates).toBe((16 + 4) / 4);
    expect(parametersOf(ruleFootprint(net, "dll"))).toMatchObject({ feedback: 4, training: 20, inference: 16 });
  });

  it("predictive-coding: every step goes down and up again, and its values are all moved", () => {
    const { training } = counted("--rule.name=predictive-coding");
    const gradients = macs(3 * 2 + 2 * 2, 4 * 2 + 2 * 2);
    expectParts(training, { forward: REAL, gradients, inference: macs(3 * (4 + 4)) });
  });

  it("ccl: two classes run down a net of 2, 2 and 4, a batch of four", () => {
    const { training, net } = counted("--rule.name=ccl");
    // A one-hot row adds one row of weights; then two units to four pixels: half a run an image, and its gradients.
    const down = { macs: 2 * 4, acs: 2, dense: 2 * 2 + 2 * 4 };
    // Of each width: two dots, a square, half a row's square; half of two combinations of four images and a row's own; of hidden units one of two rows and its own.
    const alignment = macs(4 * (2 + 1 + 0.5 + 2 + 0.5) + 2 * (2 + 1 + 0.5 + 2 + 0.5 + 2 + 1));
    expectParts(training, { forward: REAL, gradients: REAL, feedback: down, alignment });
    expect(training.recalls).toBe(2);
    const feedback = 2 * 2 + 2 + 2 * 4 + 4;
    expect(training.updates).toBe((16 + feedback) / 4);
    expect(parametersOf(ruleFootprint(net, "ccl"))).toMatchObject({ feedback, training: 16 + feedback });
    const frozen = counted("--rule.name=ccl", "--train.recallLearningRate=0").training;
    expect(frozen.feedback).toEqual({ macs: 4, acs: 1, dense: 6 });
    expect(frozen.updates).toBe(16 / 4);
    // Dot products have no squares, and no terms of rows' own.
    const dots = counted("--rule.name=ccl", "--rule.ccl.affinity=dots").training;
    expect(dots.alignment).toEqual(macs(4 * (2 + 2) + 2 * (2 + 2 + 2)));
  });
});

it("bsd trains two networks, whose recalled rows a batch shares", () => {
  const { training, net, cost } = counted("--rule.name=bsd");
  expect(training.recalls).toBe(2);
  const half = ({ macs, acs, dense }: Operations) => ({ macs: macs / 2, acs: acs / 2, dense: dense / 2 });
  expect(training.forward).toEqual(sum(SPIKING, half(cost.recall.operations)));
  for (const part of ["errors", "feedback", "classifiers", "inference", "traces"] as const)
    expect(training[part]).toEqual(macs(0));
  // The widths of ccl's nets; dot products have no squares, and no terms of rows' own, but stage 1 stays with cosines.
  expect(training.alignment).toEqual(macs(4 * (2 + 1 + 0.5 + 2 + 0.5) + 2 * (2 + 1 + 0.5 + 2 + 0.5 + 2 + 1)));
  const dots = counted("--rule.name=bsd", "--rule.affinity=dots").training;
  expect(dots.alignment).toEqual(macs(4 * (2 + 1 + 0.5 + 2 + 0.5) + 2 * (2 + 2 + 2)));
  expect(counted("--rule.name=bsd", "--rule.affinity=dots", "--rule.loss=reco").training.alignment).toEqual(
    training.alignment,
  );
  const recall = 2 * 2 + 2 + 2 * 4 + 4;
  expect(parametersOf(ruleFootprint(net, "bsd"))).toMatchObject({ perception: 16, recall, training: 16 + recall });
});
