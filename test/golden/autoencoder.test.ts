/**
 * Ten steps of learning of a small convolutional pair of autoencoders with a loss in each band of frequencies: the stage losses that the float64 reference found when it trained by itself,
 * with its own parameters and moments, are kept in `autoencoder-two-bands.json`. Here it must find them again, and the engine must find them to `TOLERANCE`, which holds as long as no
 * spike of the engine's is another than the reference's; that is asked for too.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { frequencyDefaults } from "../../src/losses/bands.ts";
import { AutoencoderPair } from "../../src/nets/autoencoder-pair.ts";
import { AutoencoderBsd } from "../../src/problems/autoencode-learners.ts";
import { type LayerState, ReferenceTraining } from "../reference/autoencoder-training.ts";
import { worstGap } from "../reference/close.ts";
import { AutoencoderTwin, arraysOf } from "../support/autoencoder-twin.ts";
import { autoencoderRule } from "../support/small-autoencoder.ts";

const STEPS = 10;
const IMAGES = 5;
const SEED = 4;
/** AdamW's steps that moments are told to have seen: with moments of 0 the first update is a gradient's sign, which rounding decides where the gradient is 0. */
const SEEN = 3;
/** Relative error of a loss: 1.3e-7 was the largest seen, two units of float32; ten updates add theirs up. */
const TOLERANCE = 2e-6;

const NETWORKS = ["perception", "recall"] as const;

const golden = JSON.parse(readFileSync(new URL("autoencoder-two-bands.json", import.meta.url), "utf8")) as {
  readonly stageLosses: readonly (readonly number[])[];
};

test("ten steps with two bands: losses, spikes and what was learned", async () => {
  const team = await Team.create({ maximumPages: 1024 });
  try {
    const pair = new AutoencoderPair(team, {
      ...{ kind: "cnn", hidden: [6, 10], latent: 12, image: { height: 8, width: 8, channels: 3 } },
      ...{ steps: 4, norm: true, tau: 2, threshold: { perception: 0.4, recall: 0.5 }, maxImages: IMAGES, seed: SEED },
      keepGradients: true,
    });
    const frequency = { ...frequencyDefaults, on: true };
    const rule = { ...autoencoderRule, seeing: 0.5, homeostasis: { weight: 0.5, rate: 0.1 }, frequency };
    const optimiser = { weightDecay: 0.01, clip: 0.5, clipScope: "stage" } as const;
    const rates = { perception: 0.01, recall: 0.005 };
    const learner = new AutoencoderBsd(pair, rule, optimiser);
    const twin = new AutoencoderTwin(pair, learner, false);
    twin.draw(SEED);
    learner.optimiser.steps = SEEN;

    const statesOf = (network: (typeof NETWORKS)[number]) =>
      pair.path(network).map((layer): LayerState => {
        const [parameters, first, second] = (["parameters", "firstMoment", "secondMoment"] as const).map((of) =>
          arraysOf(layer, of),
        );
        const entries = [...parameters!].map(([name, parameter]) => {
          return [name, { parameter, first: first!.get(name)!, second: second!.get(name)!, step: SEEN }] as const;
        });
        return new Map(entries);
      });
    const { centred, lambda, temperature } = rule;
    const training = new ReferenceTraining(
      { perception: twin.half("perception"), recall: twin.half("recall") },
      { perception: statesOf("perception"), recall: statesOf("recall") },
      { ...rule, steps: 4, tau: 2, alignment: { loss: "reco", centred, lambda, temperature }, frequency },
      { learningRate: rates, seeing: 0.5, weightDecay: 0.01, clip: 0.5 },
    );

    expect(golden.stageLosses.map((losses) => losses.length)).toEqual(new Array(STEPS).fill(pair.stages));
    for (let n = 0; n < STEPS; n++) {
      const image = twin.show(IMAGES, 100 + n);
      const expected = training.step(image, IMAGES);
      const { stageLosses } = learner.step(IMAGES, rates);
      for (const network of NETWORKS)
        for (const [k, { spikes }] of expected[network].halves.entries()) {
          const layer = pair.path(network)[k]!;
          expect(twin.spikes(layer, IMAGES), `spikes of ${layer.name} at step ${n + 1}`).toEqual(spikes);
        }
      for (const [i, value] of golden.stageLosses[n]!.entries()) {
        expect(
          Math.abs(expected.stageLosses[i]! / value - 1),
          `reference's loss of stage ${i + 1} at step ${n + 1}`,
        ).toBeLessThan(1e-9);
        expect(Math.abs(stageLosses[i]! / value - 1), `loss of stage ${i + 1} at step ${n + 1}`).toBeLessThan(
          TOLERANCE,
        );
      }
    }
    for (const network of NETWORKS)
      for (const [k, layer] of pair.path(network).entries()) {
        const after = arraysOf(layer, "parameters");
        for (const [name, { parameter }] of training.states[network][k]!)
          expect(worstGap(after.get(name)!, parameter).gap, `${layer.name}.${name}`).toBeLessThan(1e-5);
      }
  } finally {
    await team.close();
  }
});
