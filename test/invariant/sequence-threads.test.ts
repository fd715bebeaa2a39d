/** Real-valued sequence learners: the same bytes whatever the number of threads, and again from their own slots. */
import { describe, expect, test } from "vitest";
import type { RecurrentNet } from "../../src/nets/dense-recurrent-net.ts";
import { AnnBackprop } from "../../src/rules/backprop.ts";
import { Dll, dllDefaults } from "../../src/rules/dll.ts";
import { PredictiveCoding } from "../../src/rules/predictive-coding.ts";
import type { SequenceLearner } from "../../src/rules/rule.ts";
import { type SmallSequence, smallSequence, stateOf } from "../support/small-sequence.ts";

const optimiser = { weightDecay: 0.01, clip: 0.1, clipScope: "stage" } as const;
const rates = { perception: 0.01, recall: 0 };

const rules: Readonly<Record<string, (net: RecurrentNet) => SequenceLearner>> = {
  backprop: (net) => new AnnBackprop(net, optimiser),
  dll: (net) => new Dll(net, { ...dllDefaults, seed: 3 }, optimiser),
  "dll, temporal": (net) => new Dll(net, { ...dllDefaults, temporal: true, seed: 3 }, optimiser),
  "predictive coding": (net) =>
    new PredictiveCoding(net, { inferenceSteps: 4, inferenceLearningRate: 0.1, carry: "predicted" }, optimiser),
  "predictive coding, inferred": (net) =>
    new PredictiveCoding(net, { inferenceSteps: 4, inferenceLearningRate: 0.1, carry: "inferred" }, optimiser),
};

const shapes: readonly SmallSequence[] = [
  {
    ...{ inputs: "symbols", targets: "symbols", hidden: [37], inputWidth: 9, targetWidth: 9 },
    ...{ window: 6, rows: 70, seed: 1 },
  },
  {
    ...{ inputs: "values", targets: "values", hidden: [19, 33], inputWidth: 5, targetWidth: 2 },
    ...{ window: 3, rows: 5, seed: 2 },
  },
];

describe.each(Object.keys(rules))("%s", (rule) => {
  test.each(shapes)("$inputs, $hidden: 1 to 3 threads", async (shape) => {
    const trained = async (threads: number) => {
      const { team, net, set, starts } = await smallSequence(shape, threads);
      const learner = rules[rule]!(net);
      const losses = [0, 1, 2].map(() => {
        learner.load(set, starts, 0, shape.rows);
        return learner.step(rates);
      });
      const outputs = [...learner.predict().view];
      await team.close();
      return { losses, outputs, state: stateOf(learner) };
    };
    const alone = await trained(1);
    for (const threads of [2, 3]) expect(await trained(threads), `${threads} threads`).toEqual(alone);
  });

  test.each(shapes)("$inputs, $hidden: a net that is given another's slots goes on as that one does", async (shape) => {
    const [one, other] = await Promise.all([smallSequence(shape), smallSequence({ ...shape, seed: shape.seed + 50 })]);
    const [learner, copy] = [rules[rule]!(one.net), rules[rule]!(other.net)];
    learner.load(one.set, one.starts, 0, shape.rows);
    learner.step(rates);
    const theirs = new Map(Array.from(copy.slots(true), (slot) => [slot.name, slot]));
    for (const { name, shape: size, read } of learner.slots(true)) {
      const values = read();
      expect(values.length).toBe(size.reduce((a, b) => a * b, 1));
      expect(theirs.get(name)!.shape).toEqual(size);
      theirs.get(name)!.write(values);
      theirs.delete(name);
    }
    expect([...theirs.keys()]).toEqual([]);
    copy.optimiser.steps = learner.optimiser.steps;
    copy.load(one.set, one.starts, 0, shape.rows);
    expect(copy.step(rates)).toEqual(learner.step(rates));
    expect(stateOf(copy)).toEqual(stateOf(learner));
    await Promise.all([one.team.close(), other.team.close()]);
  });
});

test("a batch's rows learn from their own windows: their order decides nothing but the last digits", async () => {
  const shape = shapes[1]!;
  const gradientOf = async (turn: boolean) => {
    const { team, net, set, starts } = await smallSequence(shape);
    const learner = rules.dll!(net);
    learner.load(set, turn ? starts.toReversed() : starts, 0, shape.rows);
    const { loss } = learner.step({ perception: 0, recall: 0 });
    const gradient = [...net.layers[0]!.parameters.group.gradients.view];
    await team.close();
    return { loss, gradient };
  };
  const [one, other] = [await gradientOf(false), await gradientOf(true)];
  expect(other.loss).toBeCloseTo(one.loss, 6);
  for (const [i, value] of one.gradient.entries()) expect(other.gradient[i]!).toBeCloseTo(value, 6);
});

test("another seed gives other weights; one layer's start does not depend on another's size", async () => {
  const start = async (hidden: readonly number[], seed: number) => {
    const { team, net } = await smallSequence({ ...shapes[0]!, hidden, seed });
    const read = net.layers[0]!.parameters.read("recurrent");
    await team.close();
    return [...read];
  };
  expect(await start([8, 4], 1)).toEqual(await start([8, 6], 1));
  expect(await start([8, 4], 1)).not.toEqual(await start([8, 4], 2));
});
