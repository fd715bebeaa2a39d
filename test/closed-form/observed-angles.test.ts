/** Angles to backprop's gradient and alignments of weights, where theory says what they are. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { plainWeights, type Weighted } from "../../src/measure/footprint.ts";
import { spikingModel } from "../../src/nets/model.ts";
import type { Synapses } from "../../src/nets/synapses.ts";
import { ImageDll } from "../../src/rules/dll.ts";
import { MirroredNets } from "../../src/rules/mirrored-nets.ts";
import type { Experiment } from "../../src/training/experiment.ts";
import { degreesOf, observedStep, withObserved } from "../support/observed-experiment.ts";

const shapes = {
  mlp: { network: { hidden: [21, 17] } },
  cnn: { network: { kind: "cnn", hidden: [3, 18], steps: 2 } },
} as const;
const KINDS = ["mlp", "cnn"] as const;

/** A group is clipped and stepped after its gradient was taken. */
const train = { batch: 12, clip: 0.01 };

describe.each(KINDS)("%s", (kind) => {
  const settings = (name: string, other: object = {}) => ({ ...shapes[kind], rule: { name, ...other }, train });

  it("backprop is at 0 degrees from itself in every stage, however long it has trained", async () => {
    await withObserved(settings("backprop"), (experiment) => {
      for (let k = 0; k < 4; k++) {
        const { gradients } = observedStep(experiment, k);
        expect(gradients).toEqual([2, 3, 4].map((stage) => ({ stage, cosine: 1, degrees: 0 })));
      }
    });
  });

  it("so it is under other codes and top losses, and on non-spiking nets", async () => {
    const codes = { ...shapes[kind].network, stimulus: "poisson", target: "random" };
    await withObserved({ ...settings("backprop", { top: "reco" }), network: codes }, (experiment) => {
      for (let k = 0; k < 2; k++) expect(degreesOf(observedStep(experiment, k))).toEqual([0, 0, 0]);
    });
    await withObserved(settings("backprop-ann"), (experiment) => {
      for (let k = 0; k < 2; k++) expect(degreesOf(observedStep(experiment, k))).toEqual([0, 0, 0]);
    });
  });

  it("feedback alignment: 0 where its matrices are the weights themselves, apart below the top where they are not", async () => {
    await withObserved(settings("feedback-alignment"), (experiment) => {
      const [second, third, top] = degreesOf(observedStep(experiment, 0));
      expect(top).toBe(0);
      for (const angle of [second!, third!]) {
        expect(angle).toBeGreaterThan(1);
        expect(angle).toBeLessThan(179);
      }
      takeFeedback(experiment);
      expect(degreesOf(observedStep(experiment, 1))).toEqual([0, 0, 0]);
    });
  });

  it("bsd: the same whether layers keep gradients for a clip by all of them or for this alone", async () => {
    const far = 1e6;
    const [own, all] = await Promise.all(
      (["stage", "global"] as const).map((clipScope) =>
        withObserved({ ...settings("bsd"), train: { ...train, clip: far, clipScope } }, (experiment) =>
          [0, 1].map((k) => observedStep(experiment, k)),
        ),
      ),
    );
    expect(own).toEqual(all);
  });

  it.each(["local-losses", "bsd", "direct-feedback-alignment"])(
    "%s: 0 at the top, whose loss it shares",
    async (name) => {
      await withObserved(settings(name), (experiment) => {
        for (let k = 0; k < 3; k++) {
          const [second, third, top] = degreesOf(observedStep(experiment, k));
          expect(top).toBe(0);
          for (const angle of [second!, third!]) expect(angle).toBeGreaterThan(1);
        }
      });
    },
  );

  it("DLL with Theta = W is backprop, up to rounding, and its weights are aligned", async () => {
    await withObserved({ ...settings("dll"), train: { ...train, clip: 0 } }, (experiment) => {
      const rule = experiment.rule as ImageDll;
      expect(rule).toBeInstanceOf(ImageDll);
      const before = observedStep(experiment, 0);
      expect(degreesOf(before)[2]).toBe(0);
      expect(degreesOf(before)[0]).toBeGreaterThan(1);
      expect(before.weights.map(({ between }) => between)).toEqual([
        [2, 3],
        [3, 4],
      ]);
      for (const { cosine, chance } of before.weights) expect(Math.abs(cosine!)).toBeLessThan(5 * chance);
      for (const [k, { group }] of rule.feedback.entries())
        group.view("weight").set(rule.net.layers[k + 1]!.group.view("weight"));
      const after = observedStep(experiment, 1);
      for (const { cosine } of after.weights) expect(cosine).toBeCloseTo(1, 12);
      // float32 rounding turns a vector by 1e-7 of its length or so, 6e-6 degrees; errors pass a few such steps.
      for (const angle of degreesOf(after)) expect(angle).toBeLessThan(1e-3);
    });
  });

  it.each(["ccl", "bsd-ann"])("%s: feedback weights aligned by 1 once they mirror the net's", async (name) => {
    await withObserved(settings(name), (experiment) => {
      const rule = experiment.rule as MirroredNets;
      expect(rule).toBeInstanceOf(MirroredNets);
      const before = observedStep(experiment, 0);
      expect(before.weights.map(({ between: [below] }) => below)).toEqual([1, 2, 3]);
      for (const [k, up] of rule.net.layers.entries()) mirror(up, rule.feedback.layers.at(-1 - k)!);
      for (const { cosine } of observedStep(experiment, 1).weights) expect(cosine).toBeCloseTo(1, 12);
    });
  });
});

/** Writes into `down` what has `up`'s weights as its adjoint's: inputs and outputs exchanged, taps turned. */
function mirror(up: Weighted, down: Weighted & { readonly synapses: Pick<Synapses, "pack"> }): void {
  const weights = plainWeights(up);
  const shape = up.synapses.plainShape("weight");
  const [outputs, inputs, taps] = [shape[0]!, shape.at(-1)!, shape.length === 4 ? 9 : 1];
  const plain = new Float32Array(weights.length);
  for (let o = 0; o < outputs; o++)
    for (let tap = 0; tap < taps; tap++)
      for (let i = 0; i < inputs; i++)
        plain[(i * taps + (taps - 1 - tap)) * outputs + o] = weights[(o * taps + tap) * inputs + i]!;
  down.synapses.pack("weight", plain, down.group.view("weight"));
}

/** Gives stages 3 and up the very numbers that feedback alignment drew for its matrices. */
function takeFeedback({ model, config }: Experiment): void {
  for (const { synapses, group, name } of spikingModel(model, "this test").pair.perception.slice(1)) {
    const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
    const bound = 1 / Math.sqrt(synapses.fanIn);
    new RandomStream(config.train.seed, `feedback ${name}`).fillUniform(plain, -bound, bound);
    synapses.pack("weight", plain, group.view("weight"));
  }
}
