/**
 * Backprop on image pairs against the tests' own autodiff, from the cross-entropy of the concept's mean drive down to every weight; feedback alignment against the same autodiff with
 * fixed weights on the way back.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import type { NetworkPair } from "../../src/nets/pair.ts";
import { stepsOf } from "../../src/nets/synapses.ts";
import { Backprop } from "../../src/rules/backprop.ts";
import { FixedWeights } from "../../src/rules/error-weights.ts";
import { worstGap } from "../reference/close.ts";
import * as ad from "../support/autodiff.ts";
import {
  allowance,
  driveOf,
  normed,
  type PlainParameters,
  parametersOf,
  plainBlock,
  timeMean,
} from "../support/plain-stack.ts";
import { rates } from "../support/small-pair.ts";
import { smallRivalPair } from "../support/small-rival.ts";
import { fired, inputRows } from "../support/spiking-stack.ts";
import { firingOf, logitsOf, makeExact, parametersNow, softmaxErrors, stimulusOf } from "../support/stage-twin.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const LABELS = [0, 2, 1, 1, 0];
const IMAGES = LABELS.length;
const optimiser = { weightDecay: 0.01, clip: 0, clipScope: "stage" } as const;
const options = { top: "cross-entropy", lambda: 0 } as const;

/** The whole pass with the engine's spikes; what carries errors down is a layer's own weights, or `errorWeights`. */
function plainNet(pair: NetworkPair, parameters: readonly PlainParameters[], errorWeights?: readonly ad.Value[]) {
  const firing = firingOf(pair, IMAGES);
  const drives: { z: ad.Value; x: ad.Value }[] = [];
  let value = ad.variable(inputRows(team, stimulusOf(pair), IMAGES));
  for (const [k, layer] of pair.perception.entries()) {
    const seen = stepsOf(layer.synapses.source);
    const own = parameters[k]!;
    let z = driveOf(layer, own, errorWeights && k > 0 ? ad.detach(value) : value, IMAGES * seen);
    if (errorWeights && k > 0) {
      // Adds nothing, and has the gradient of a product with the carrier.
      const back = driveOf(layer, { weight: errorWeights[k - 1]! }, value, IMAGES * seen);
      z = ad.add(z, ad.subtract(back, ad.detach(back)));
    }
    if (!layer.output) {
      drives.push({ z, x: z });
      return { drives, output: timeMean(z, seen, pair.target.width) };
    }
    const x = normed(layer, own, z);
    drives.push({ z, x });
    const { spikes, disagreement } = fired(layer, x, firing, seen);
    expect(disagreement, `${layer.name} spikes`).toBeLessThan(1e-4);
    value = spikes;
  }
  throw new Error("a pair ends in a read-out");
}

/** Holds every gradient of the newest step to the autodiff's. */
function check(pair: NetworkPair, before: readonly PlainParameters[], errorWeights?: readonly ad.Value[]): void {
  const { drives, output } = plainNet(pair, before, errorWeights);
  expect(worstGap(output.values, logitsOf(pair, IMAGES)).gap).toBeLessThan(1e-4);
  ad.backward(ad.sum(ad.multiply(output, ad.variable(softmaxErrors(output.values, LABELS)))));
  const { alpha, steps, tau } = firingOf(pair, IMAGES);
  let inherited = 0;
  for (const [k, layer] of [...pair.perception.entries()].reverse()) {
    const computed = { parts: layer, parameters: before[k]!, ...drives[k]!, read: { largest: 1, off: 0 } };
    const allowed = allowance(computed, inherited);
    let most = 0;
    for (const [block, value] of Object.entries(before[k]!)) {
      const found = plainBlock(layer.synapses, layer.group, block, "gradients");
      expect(worstGap(found, value!.gradient).gap, `${layer.name} ${block}`).toBeLessThanOrEqual(allowed.gradients);
      most = Math.max(most, ...value!.gradient.map(Math.abs));
    }
    expect(most, `${layer.name} learns`).toBeGreaterThan(100 * allowed.gradients);
    inherited = (allowed.below * (alpha / 2) * Math.sqrt(steps)) / tau;
  }
}

function smallNet(kind: "mlp" | "cnn"): NetworkPair {
  const pair = smallRivalPair(team, { name: "backprop", kind });
  makeExact(pair, IMAGES, new RandomStream(4, `backprop ${kind}`));
  return pair;
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test("backprop: gradients of all weights, biases and norms", () => {
    const pair = smallNet(kind);
    const before = parametersNow(pair);
    new Backprop(pair, options, optimiser).step({ labels: Uint16Array.from(LABELS), counter: 0 }, rates);
    check(pair, before);
  });

  test("feedback alignment is backprop while its matrices are the transposes, to the byte", () => {
    const run = (aligned: boolean) => {
      const pair = smallRivalPair(team, { name: "feedback-alignment", kind });
      const { seed } = pair.options;
      new RandomStream(2, "stimulus").fillUniform(pair.stimulus.view, -1, 1);
      // The stream that the layers' own weights were drawn from.
      const errorWeights = pair.perception
        .slice(1)
        .map(({ synapses, name }) => new FixedWeights(team, synapses, `init ${name}.weight`, seed));
      const rule = new Backprop(pair, options, optimiser, aligned ? errorWeights : undefined);
      return () => {
        rule.step({ labels: Uint16Array.from(LABELS), counter: 0 }, rates);
        return pair.perception.map(({ group }) => group.gradients.view.slice());
      };
    };
    const [backprop, aligned] = [run(false), run(true)];
    expect(aligned()).toEqual(backprop());
    // The weights have moved away from the carriers, which stay.
    const [first, ...others] = [aligned(), backprop()];
    expect(first!.at(-1)).toEqual(others[0]!.at(-1));
    expect(first![0]).not.toEqual(others[0]![0]);
  });
});

test("feedback alignment with other matrices, on fully connected stages", () => {
  const pair = smallNet("mlp");
  const before = parametersNow(pair);
  const random = new RandomStream(8, "carriers");
  const errorWeights = pair.perception.slice(1).map(({ synapses }) => {
    const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
    random.fillUniform(plain, -1, 1);
    const { at, view } = team.arena.f32(synapses.blocks.weight!);
    synapses.pack("weight", plain, view);
    return { plain, at: () => at };
  });
  new Backprop(pair, options, optimiser, errorWeights).step({ labels: Uint16Array.from(LABELS), counter: 0 }, rates);
  check(
    pair,
    before,
    errorWeights.map(({ plain }) => ad.variable(plain)),
  );
  expect(parametersOf(pair.perception[0]!).weight.values).not.toEqual(before[0]!.weight.values);
});
