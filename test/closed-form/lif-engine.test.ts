/**
 * The engine's neuron against voltage traces and gradients that can be worked out by hand.
 *
 * The drive is written step by step: input i fires at step i alone, so weight i is the drive of step i and its gradient the drive's.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { Layer } from "../../src/nets/layer.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import type { Feature } from "../../src/nets/neuron.ts";
import { Population } from "../../src/nets/population.ts";
import { flat } from "../../src/nets/shape.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 512 });
});
afterAll(() => team.close());

interface Neuron {
  readonly threshold: number;
  readonly tau: number;
}

const neuron: Neuron = { threshold: 0.6, tau: 2 };

/** Neuron 17 of 18, under `drive`; the others get none. */
function run(drive: readonly number[], feature: Feature, { threshold, tau }: Neuron = neuron) {
  const steps = drive.length;
  const source = new Population(team, flat(steps), steps, 1, "linear");
  for (let t = 0; t < steps; t++) source.set(0, t, 0, t, true);
  source.list(1, true);
  const synapses = new LinearSynapses(team, source, flat(18), false);
  const neurons = { threshold, tau, alpha: 2, norm: false, reader: "none" as const, pool: 0 };
  const layer = new Layer(team, { name: "traced", synapses, maxImages: 1, steps, neurons });
  const weights = new Float32Array(18 * steps);
  weights.set(drive, 17 * steps);
  synapses.pack("weight", weights, layer.group.view("weight"));
  layer.forward(1, { train: true, feature });
  const spikes = drive.map((_, t) => (layer.output!.fired(0, t, 0, 17) ? 1 : 0));
  return { layer, spikes, mean: layer.features.view[17]! };
}

/** Gradient of the drive at each step when the feature's gradient is `gradient`, and a pull on every spike. */
function backward(drive: readonly number[], feature: Feature, gradient: number, options: Neuron = neuron, pull = 0) {
  const { layer } = run(drive, feature, options);
  const row = team.arena.f32(layer.featureWidth);
  row.view[17] = gradient;
  layer.regularisation.view[17] = pull;
  layer.backward(1, feature, row.at);
  const plain = new Float32Array(18 * drive.length);
  layer.synapses.unpack("weight", layer.group.view("weight", layer.group.gradients), plain);
  return [...plain.subarray(17 * drive.length)];
}

describe("forward", () => {
  test("constant drive 1: charges to 0.75 in two steps, fires, starts over", () => {
    expect(run([1, 1, 1, 1], "rate")).toMatchObject({ spikes: [0, 1, 0, 1], mean: 0.5 });
    expect(run([1, 1, 1, 1], "membrane").mean).toBe((0.5 + 0.75 + 0.5 + 0.75) / 4);
    expect(run([1, 1, 1, 1], "drive").mean).toBe(1);
  });

  test("below threshold: the membrane halves its distance to the drive at each step", () => {
    const { spikes, mean } = run([0.5, 0.5, 0.5, 0], "membrane");
    expect(spikes).toEqual([0, 0, 0, 0]);
    expect(mean).toBe((0.25 + 0.375 + 0.4375 + 0.21875) / 4);
  });

  test("reaching the threshold exactly is firing", () => {
    expect(run([1, 0.75, 1], "rate", { threshold: 0.5, tau: 2 }).spikes).toEqual([1, 0, 1]);
  });

  test("the reset is to 0, not by the threshold", () => {
    // H = 2 fires; from 0 the second drive reaches 0.5 only, from 2 - 0.6 it would reach 1.2.
    expect(run([4, 1], "rate").spikes).toEqual([1, 0]);
  });

  test("inhibition holds the membrane below rest; it is not clipped", () => {
    expect(run([-1, 2], "membrane").mean).toBe((-0.5 + 0.75) / 2);
  });

  test("a time constant of 1 forgets at once, one of 4 takes in a quarter", () => {
    expect(run([0.5, 0.75], "membrane", { threshold: 0.6, tau: 1 })).toMatchObject({ spikes: [0, 1], mean: 0.625 });
    expect(run([1, 1], "membrane", { threshold: 0.6, tau: 4 }).mean).toBe((0.25 + 0.4375) / 2);
  });
});

describe("backward", () => {
  const slope = (h: number, theta = 0.6) => 1 / (1 + (Math.PI * (h - theta)) ** 2);
  const near = (actual: readonly number[], expected: readonly number[]) => {
    for (const [t, value] of expected.entries()) expect(actual[t], `step ${t}`).toBeCloseTo(value, 6);
  };

  test("a silent first step receives half of the second step's error", () => {
    // H = 0.25, 0.625; a rate's gradient of 2 is 1 at each of two spikes.
    const second = slope(0.625) / 2;
    near(backward([0.5, 1], "rate", 2), [slope(0.25) / 2 + second / 2, second]);
  });

  test("a spike cuts the past off, because the reset forgets it", () => {
    near(backward([2, 1], "rate", 2), [slope(1) / 2, slope(0.5) / 2]);
  });

  test("so does a spike exactly at the threshold", () => {
    const half = { threshold: 0.5, tau: 2 };
    near(backward([1, 0.5], "membrane", 2, half), [0.5, 0.5]);
    near(backward([1, 0.5], "rate", 2, half), [slope(0.5, 0.5) / 2, slope(0.25, 0.5) / 2]);
  });

  test("the membrane's own gradient skips the surrogate; the drive's skips the neuron", () => {
    near(backward([0.5, 0.5], "membrane", 2), [0.75, 0.5]);
    near(backward([0.5, 0.5], "drive", 2), [1, 1]);
  });

  test("a pull acts on every spike, whatever the feature", () => {
    const [first, second] = [slope(1) / 2, slope(0.5) / 2];
    near(backward([2, 1], "drive", 0, neuron, 3), [3 * first, 3 * second]);
    near(backward([2, 1], "rate", 2, neuron, 3), [4 * first, 4 * second]);
  });
});
