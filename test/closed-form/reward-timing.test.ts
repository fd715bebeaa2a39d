/** R-STDP's weight changes from the spikes of a small net, pair by pair of spikes in float64, and what it leaves alone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import type { NetworkPair } from "../../src/nets/pair.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { stepsOf } from "../../src/nets/synapses.ts";
import { RewardTiming } from "../../src/rules/r-stdp.ts";
import { worstGap } from "../reference/close.ts";
import * as ad from "../support/autodiff.ts";
import { driveOf, parametersOf, plainBlock } from "../support/plain-stack.ts";
import { smallRivalPair } from "../support/small-rival.ts";
import { logitsOf, makeExact, readRows, spikeRows } from "../support/stage-twin.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const IMAGES = 6;
const stdp = { trace: 1.5, potentiation: 1.25, depression: 0.5, hidden: 0.5 };
const options = { top: "cross-entropy", lambda: 0, stdp } as const;
const optimiser = { weightDecay: 0, clip: 0, clipScope: "stage" } as const;

function largest(row: Float64Array): number {
  return row.indexOf(Math.max(...row));
}

/** Decisions of the newest pass, by the largest mean drive. */
function decisionsOf(pair: NetworkPair): number[] {
  const logits = logitsOf(pair, IMAGES);
  return Array.from({ length: IMAGES }, (_, b) => largest(logits.subarray(b * 3, b * 3 + 3)));
}

/** Rates of 0: the pass and the gradients of a step that changes nothing but running statistics. */
function dryRun(rule: RewardTiming, labels: readonly number[]): number {
  return rule.step({ labels: Uint16Array.from(labels), counter: 0 }, { perception: 0, recall: 0 }).correct;
}

/** A sender's spike at t and a neuron's at u. */
const pairWeight = (t: number, u: number) =>
  u >= t ? stdp.potentiation * Math.exp((t - u) / stdp.trace) : -stdp.depression * Math.exp((u - t) / stdp.trace);

/**
 * The weights' gradient: minus (reward less its mean) times every pair's weight, over the images. The synapses that join two neurons are those of the product itself, so the
 * autodiff of the drive carries G to them.
 */
function wanted(pair: NetworkPair, k: number, rewards: readonly number[]): Float64Array {
  const layer = pair.perception[k]!;
  const { steps } = pair.options;
  const units = sizeOf(layer.synapses.shape);
  const seen = stepsOf(layer.synapses.source);
  const spikes = layer.output ? spikeRows(layer, IMAGES) : winners(pair);
  const mean = rewards.reduce((a, b) => a + b, 0) / IMAGES;
  const g = new Float64Array(IMAGES * seen * units);
  for (let b = 0; b < IMAGES; b++) {
    for (let unit = 0; unit < units; unit++) {
      for (let t = 0; t < steps; t++) {
        for (let u = 0; u < steps; u++) {
          if (!spikes[(b * steps + u) * units + unit]) continue;
          g[(b * seen + Math.min(t, seen - 1)) * units + unit]! -= ((rewards[b]! - mean) / IMAGES) * pairWeight(t, u);
        }
      }
    }
  }
  const parameters = parametersOf(layer);
  const z = driveOf(layer, parameters, ad.variable(readRows(pair, k, IMAGES)), IMAGES * seen);
  ad.backward(ad.sum(ad.multiply(z, ad.variable(g))));
  return parameters.weight.gradient;
}

/** The winner's one spike, at the last step: [image][step][class]. */
function winners(pair: NetworkPair): Float64Array {
  const { steps } = pair.options;
  const spikes = new Float64Array(IMAGES * steps * 3);
  for (const [b, winner] of decisionsOf(pair).entries()) spikes[(b * steps + steps - 1) * 3 + winner] = 1;
  return spikes;
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test("weights move by their pairs of spikes times reward; biases and norms do not", () => {
    const pair = smallRivalPair(team, { name: "r-stdp", kind });
    makeExact(pair, IMAGES, new RandomStream(9, `reward ${kind}`));
    const rule = new RewardTiming(pair, options, optimiser);
    dryRun(rule, [0, 0, 0, 0, 0, 0]);
    // Two decisions are right, four wrong.
    const labels = decisionsOf(pair).map((winner, b) => (b % 3 === 1 ? winner : (winner + 1) % 3));
    expect(dryRun(rule, labels)).toBe(2);
    const rewards = labels.map((_, b) => (b % 3 === 1 ? 1 : -1));
    for (const [k, layer] of pair.perception.entries()) {
      const found = plainBlock(layer.synapses, layer.group, "weight", "gradients");
      const gradient = wanted(pair, k, rewards);
      const most = Math.max(...gradient.map(Math.abs));
      expect(most, layer.name).toBeGreaterThan(0.01);
      // Sums of at most images x steps x pixels terms of that size.
      expect(worstGap(found, gradient).gap, layer.name).toBeLessThan(1e-5 * Math.max(1, most));
      for (const block of ["bias", "gamma", "beta"]) {
        if (!layer.group.has(block)) continue;
        expect(layer.group.view(block, layer.group.gradients).every((value) => value === 0)).toBe(true);
      }
    }
  });
});

test("a right decision potentiates the winner's recent inputs, a wrong one depresses them", () => {
  const pair = smallRivalPair(team, { name: "r-stdp", kind: "mlp" });
  makeExact(pair, IMAGES, new RandomStream(10, "winner"));
  const rule = new RewardTiming(pair, options, optimiser);
  dryRun(rule, [0, 0, 0, 0, 0, 0]);
  const decisions = decisionsOf(pair);
  for (const right of [true, false]) {
    // All other decisions are the opposite, so that image 0 is off the mean; its part is what changes with it alone.
    const labels = decisions.map((winner, b) => ((b === 0) === right ? winner : (winner + 1) % 3));
    dryRun(rule, labels);
    const { synapses, group } = pair.conceptDrive;
    const change = plainBlock(synapses, group, "weight", "gradients").map((value) => -value);
    const inputs = spikeRows(pair.perception.at(-2)!, IMAGES);
    const size = synapses.fanIn;
    const mean = right ? (1 - 5) / 6 : (5 - 1) / 6;
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let b = 0; b < IMAGES; b++) {
        if (decisions[b] !== decisions[0]) continue;
        const reward = (b === 0) === right ? 1 : -1;
        for (let t = 0; t < 4; t++)
          sum +=
            (((reward - mean) * inputs[(b * 4 + t) * size + i]!) / 6) * stdp.potentiation * Math.exp((t - 3) / 1.5);
      }
      expect(change[decisions[0]! * size + i]).toBeCloseTo(sum, 5);
    }
  }
});

test("where all decisions are right, nothing is learned: what is usual teaches nothing", () => {
  const pair = smallRivalPair(team, { name: "r-stdp", kind: "mlp" });
  makeExact(pair, IMAGES, new RandomStream(11, "usual"));
  const rule = new RewardTiming(pair, options, optimiser);
  dryRun(rule, [0, 0, 0, 0, 0, 0]);
  const before = pair.perception.map(({ group }) => group.parameters.view.slice());
  const labels = Uint16Array.from(decisionsOf(pair));
  expect(rule.step({ labels, counter: 0 }, { perception: 0.01, recall: 0 }).correct).toBe(IMAGES);
  expect(pair.perception.map(({ group }) => group.parameters.view)).toEqual(before);
});
