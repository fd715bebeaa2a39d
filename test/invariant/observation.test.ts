/** Observing changes nothing: a run that is observed trains to the bytes of one that is not; and what is observed does not depend on threads or stops. */
import { describe, expect, it } from "vitest";
import { spikingModel } from "../../src/nets/model.ts";
import { NetworkPair } from "../../src/nets/pair.ts";
import { Backprop } from "../../src/rules/backprop.ts";
import { degreesOf, observedStep, withObserved } from "../support/observed-experiment.ts";
import { smallTraining } from "../support/small-training.ts";

const data = { classes: 3, train: 60, test: 6 };
const observe = { every: 3, images: 5 };
const stdp = { hidden: 0.5 };

/** One of each way to share memory: drives kept or not, classifiers, a feedback net. */
const RULES = ["bsd", "direct-feedback-alignment", "local-losses", "r-stdp", "dll", "predictive-coding"] as const;

const cases: [string, { network: object; rule: object }][] = [
  ...RULES.map((name): [string, { network: object; rule: object }] => [
    name,
    { network: { hidden: [18, 9] }, rule: { name, stdp } },
  ]),
  [
    "bsd, Poisson stimulus, random targets, negatives of the batch",
    {
      network: { hidden: [18], stimulus: "poisson", target: "random" },
      rule: { rivals: "masked", loss: "reco", homeostasis: { weight: 1, rate: 0.1 } },
    },
  ],
  ["bsd, cnn", { network: { kind: "cnn", hidden: [3, 5], steps: 2 }, rule: {} }],
  ["ccl, cnn", { network: { kind: "cnn", hidden: [3, 5] }, rule: { name: "ccl" } }],
];

describe.each(cases)("%s", (_, sections) => {
  const raw = { ...sections, train: { epochs: 2, batch: 16, learningRate: 0.01 } };

  it("observed or not: the same checkpoints and metrics", async () => {
    const plain = await smallTraining(raw, { data });
    const observed = await smallTraining({ ...raw, observe }, { data });
    expect(plain.observations).toEqual([]);
    // 4 batches an epoch.
    expect(observed.observations.map(({ step, epoch }) => [step, epoch])).toEqual([
      [1, 1],
      [4, 1],
      [7, 2],
      [8, 2],
    ]);
    expect(observed.last).toEqual(plain.last);
    expect(observed.best).toEqual(plain.best);
    expect(observed.metrics).toEqual(plain.metrics);
  });
});

it("stopped at any step, resumed with other threads: the same observations", async () => {
  const raw = { network: { hidden: [18, 9] }, train: { epochs: 2, batch: 16 }, observe: { every: 2, images: 6 } };
  const whole = await smallTraining(raw, { data });
  expect(whole.observations.map(({ step }) => step)).toEqual([1, 3, 5, 7, 8]);
  for (const stopBefore of [1, 6]) {
    const first = await smallTraining(raw, { data, stopBefore, threads: stopBefore === 6 ? 2 : 1 });
    const second = await smallTraining(raw, { data, resume: first.last });
    expect([...first.observations, ...second.observations], `stopped before ${stopBefore}`).toEqual(whole.observations);
  }
});

it.each(["mlp", "cnn"] as const)(
  "%s: what BSD is held against is what a backprop run makes of the same weights and images",
  async (kind) => {
    const shape = kind === "mlp" ? { hidden: [21, 17] } : { kind, hidden: [3, 18], steps: 2 };
    const raw = { network: shape, train: { batch: 12, clip: 0 } };
    await withObserved(raw, (experiment) => {
      for (let k = 0; k < 3; k++) observedStep(experiment, k);
      const { pair } = spikingModel(experiment.model, "this test");
      const before = pair.perception.map(({ group }) => group.parameters.view.slice());
      const angles = degreesOf(observedStep(experiment, 3));
      const ours = pair.perception.map(({ group }) => group.view("weight", group.gradients).slice());
      const labels = Uint16Array.from({ length: 12 }, (_, k) => {
        const { task, dataset, trainIndices } = experiment;
        expect(task.items).toBe(trainIndices);
        return dataset.train.labels[trainIndices[36 + k]!]!;
      });
      const other = new NetworkPair(pair.team, { ...pair.options, networks: "perception", keepDrives: true, seed: 99 });
      for (const [k, { group }] of other.perception.entries()) group.parameters.view.set(before[k]!);
      other.stimulus.view.set(pair.stimulus.view);
      const options = { weightDecay: 0, clip: 0, clipScope: "stage" } as const;
      const rule = new Backprop(other, { top: "cross-entropy", lambda: 0 }, options);
      // A step that is taken, and with another counter: a direct stimulus does not ask for it.
      rule.step({ labels, counter: 77 }, { perception: 0.1, recall: 0 });
      for (const [k, { group }] of other.perception.entries()) {
        const theirs = group.view("weight", group.gradients);
        let [dot, a, b] = [0, 0, 0];
        for (const [i, x] of ours[k]!.entries()) {
          dot += x * theirs[i]!;
          a += x * x;
          b += theirs[i]! * theirs[i]!;
        }
        // Where the cosine is 1 but for rounding, the arc cosine knows 1e-6 degrees.
        const degrees = (180 / Math.PI) * Math.acos(Math.min(1, dot / Math.sqrt(a * b)));
        expect(Math.abs(angles[k]! - degrees), `stage ${k + 2}`).toBeLessThan(2e-6);
      }
      expect(angles[0]).toBeGreaterThan(1);
    });
  },
);

it("is not asked for: there is no twin, and layers share room for their gradients", async () => {
  await withObserved(
    { network: { hidden: [18, 9] }, observe: { every: 0 } },
    ({ observer, model, task, trainIndices }) => {
      expect(observer).toBeUndefined();
      const [first, second] = spikingModel(model, "this test").pair.perception;
      expect(first!.group.gradients.at).toBe(second!.group.gradients.at);
      task.step(trainIndices, 0, 12, 0, { perception: 0.01, recall: 0.01 });
      expect(task.observation).toBeUndefined();
    },
  );
});
