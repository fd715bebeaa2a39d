/**
 * Backprop through feed-forward spiking nets against the tests' own autodiff: every gradient of stacks of any layers, with the surrogate for the spike and the reset held
 * constant. The autodiff takes the engine's spikes, and only where its own would be the same but for rounding.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { SpikingStage } from "../../src/rules/backward-stage.ts";
import { LayeredBackprop } from "../../src/rules/ways-down.ts";
import { worstGap } from "../reference/close.ts";
import * as ad from "../support/autodiff.ts";
import { grid } from "../support/layer-case.ts";
import { allowance, plainBlock } from "../support/plain-stack.ts";
import { forwardStack, plainPass, type SpikingStack, spikingStack } from "../support/spiking-stack.ts";
import { type StackCase, stackCases } from "../support/stack-arbitrary.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 16384 });
});
afterAll(() => team.close());

/** The engine's pass there and back; returns the read-out's gradient, [image][unit]. */
function runEngine(on: Team, c: StackCase): { stack: SpikingStack; gradient: Float64Array } {
  const stack = spikingStack(on, c);
  const readout = stack.layers.at(-1)!;
  const hidden = stack.layers.slice(0, -1).map((layer) => new SpikingStage(on, layer));
  const backprop = new LayeredBackprop(on, hidden, readout);
  const rows = on.arena.f32(readout.maxImages * readout.featureWidth);
  const units = sizeOf(readout.synapses.shape);
  const gradient = grid(stack.random, c.images * units, 1);
  for (let b = 0; b < c.images; b++) {
    rows.view.set(gradient.subarray(b * units, (b + 1) * units), b * readout.featureWidth);
  }
  for (const { group } of stack.layers) group.gradients.view.fill(Number.NaN);
  forwardStack(stack, c.images);
  backprop.backward(c.images, rows.at);
  return { stack, gradient };
}

/** Holds every gradient to what float32 allows; returns the largest gap relative to its layer's largest weight gradient. */
function check(c: StackCase): number {
  const { stack, gradient } = runEngine(team, c);
  const plain = plainPass(team, stack, c);
  expect(plain.disagreement, "spikes").toBeLessThan(1e-4);
  ad.backward(ad.sum(ad.multiply(plain.output, ad.variable(gradient))));
  let inherited = 0;
  let relative = 0;
  for (const [k, layer] of [...stack.layers.entries()].reverse()) {
    const { z, x } = plain.drives[k]!;
    const read = { largest: 1, off: 0 };
    const allowed = allowance({ parts: layer, parameters: plain.parameters[k]!, z, x, read }, inherited);
    for (const [block, value] of Object.entries(plain.parameters[k]!)) {
      const found = plainBlock(layer.synapses, layer.group, block, "gradients");
      const { gap } = worstGap(found, value!.gradient);
      expect(gap, `${layer.name} ${block}`).toBeLessThanOrEqual(allowed.gradients);
      relative = Math.max(relative, gap / (Math.max(...plain.parameters[k]!.weight.gradient.map(Math.abs)) || 1));
    }
    // Through the neurons below: the surrogate's steepest slope, at every step.
    inherited = (allowed.below * (c.alpha / 2) * Math.sqrt(c.steps)) / c.tau;
  }
  return relative;
}

test("stacks of any layers: gradients of weights, biases and norms", () => {
  fc.assert(
    fc.property(stackCases, (c) => void check(c)),
    { numRuns: 120 },
  );
});

const autoencoder: StackCase = {
  input: { height: 8, width: 8, channels: 3 },
  stages: [
    { kind: "conv", channels: 5, stride: 2, padding: 1, pool: false, upsample: false },
    { kind: "conv", channels: 17, stride: 2, padding: 1, pool: false, upsample: false },
    { kind: "linear", shape: { height: 1, width: 1, channels: 6 } },
    { kind: "linear", shape: { height: 2, width: 2, channels: 17 } },
    { kind: "conv", channels: 5, stride: 1, padding: 1, pool: false, upsample: true },
    { kind: "conv", channels: 3, stride: 1, padding: 1, pool: false, upsample: true },
  ],
  ...{ images: 3, room: 1, steps: 4, norm: true, tau: 2, alpha: 2, seed: 12 },
};

test("an autoencoder: down through the latent and up again", () => {
  expect(check(autoencoder)).toBeLessThan(1e-4);
});

test.each([1, 3])("%i threads: the same bytes", async (threads) => {
  const alone = runEngine(team, autoencoder).stack.layers.map(({ group }) => group.gradients.view.slice());
  const others = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
  try {
    const { stack } = runEngine(others, autoencoder);
    for (const [k, { group }] of stack.layers.entries()) expect(group.gradients.view).toEqual(alone[k]);
    expect(alone[0]!.some((value) => value !== 0)).toBe(true);
  } finally {
    await others.close();
  }
});

test("layers that share a workspace, or room for gradients, are refused", () => {
  const layers = spikingStack(team, autoencoder).layers.slice(0, 3) as [Layer, Layer, Layer];
  const stack = (...[first, second, last]: [Layer, Layer, Layer]) =>
    new LayeredBackprop(team, [new SpikingStage(team, first), new SpikingStage(team, second)], last);
  expect(() => stack(layers[0], layers[0], layers[2])).toThrow(/share a workspace/);
  ParameterGroup.shareGradients(
    team,
    layers.map(({ group }) => group),
  );
  expect(() => stack(...layers)).toThrow(/share room/);
});
