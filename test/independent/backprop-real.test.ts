/** Real-valued feed-forward nets of any layers against the tests' own autodiff: outputs, running statistics and every gradient. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { AnnLayer } from "../../src/nets/dense.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { LayeredNet } from "../../src/nets/layered-net.ts";
import { NORM_EPSILON } from "../../src/nets/norm.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { annSpec } from "../../src/nets/specs.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { LayeredBackprop } from "../../src/rules/ways-down.ts";
import { worstGap } from "../reference/close.ts";
import * as ad from "../support/autodiff.ts";
import { grid } from "../support/layer-case.ts";
import {
  allowance,
  type Computed,
  driveOf,
  normed,
  type PlainParameters,
  parametersOf,
  plainBlock,
  winnersOf,
} from "../support/plain-stack.ts";
import { drawExact, inputRows, randomInput } from "../support/spiking-stack.ts";
import { type StackCase, shapeAfter, stackCases } from "../support/stack-arbitrary.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 16384 });
});
afterAll(() => team.close());

function build(on: Team, c: StackCase) {
  const random = new RandomStream(c.seed, "real stack");
  const input = randomInput(on, c, random);
  const net = new LayeredNet(on, { input, spec: annSpec(c.input, c.stages, c), seed: 3 });
  for (const layer of net.layers) drawExact(layer, random);
  return { net, input, random, backprop: new LayeredBackprop(on, net.hidden, net.readout) };
}

/** A training pass there and back; returns the read-out's gradient, [image][unit]. */
function runEngine(on: Team, c: StackCase) {
  const built = build(on, c);
  const { net, random, backprop } = built;
  const { featureWidth, maxImages, synapses } = net.readout;
  const units = sizeOf(synapses.shape);
  const rows = on.arena.f32(maxImages * featureWidth);
  const gradient = grid(random, c.images * units, 1);
  for (let b = 0; b < c.images; b++) rows.view.set(gradient.subarray(b * units, (b + 1) * units), b * featureWidth);
  for (const { group } of net.layers) group.gradients.view.fill(Number.NaN);
  net.forward(c.images, true);
  backprop.backward(c.images, rows.at);
  return { ...built, gradient };
}

type Built = ReturnType<typeof build>;

/** Which units' values are above 0, [image][unit], as the stage above reads them. */
function openUnits({ output, shape }: AnnLayer): (i: number) => boolean {
  const rows = new Float32Array(team.arena.memory.buffer, output.at, output.maxImages * output.stride);
  const times = output.shape.width / shape.width;
  return (i) => {
    const [b, unit] = [Math.floor(i / sizeOf(shape)), i % sizeOf(shape)];
    const [pixel, channel] = [Math.floor(unit / shape.channels), unit % shape.channels];
    const [y, x] = [times * Math.floor(pixel / shape.width), times * (pixel % shape.width)];
    return rows[b * output.stride + (y * output.shape.width + x) * shape.channels + channel]! > 0;
  };
}

/** Norm by the engine's running statistics; a constant to the gradient. */
function evaluated({ norm, shape }: AnnLayer, { gamma, beta }: PlainParameters, z: ad.Value): ad.Value {
  if (!norm.enabled) return z;
  const normed = z.values.map((drive, i) => {
    const u = i % shape.channels;
    const deviation = Math.sqrt(norm.runningVariance.view[u]! + NORM_EPSILON);
    return ((drive - norm.runningMean.view[u]!) / deviation) * gamma!.values[u]! + beta!.values[u]!;
  });
  return ad.variable(normed);
}

/** The engine's newest pass in the autodiff, with the engine's choices where float32 may choose either way. */
function plainPass({ net, input }: Built, { images, input: shape, stages }: StackCase, train: boolean) {
  const drives: Omit<Computed, "read">[] = [];
  let value = ad.variable(inputRows(team, input, images));
  let below = shape;
  for (const [k, layer] of net.layers.entries()) {
    const hidden = layer instanceof AnnLayer;
    const winner = hidden && train && k > 0 ? { winner: winnersOf(team.arena.memory, layer, images) } : {};
    const parts = { name: layer.name, synapses: layer.synapses, group: layer.group, below, ...winner };
    const parameters = parametersOf(parts);
    const z = driveOf(parts, parameters, value, images);
    const x = !hidden ? z : train ? normed(parts, parameters, z) : evaluated(layer, parameters, z);
    drives.push({ parts, z, x, parameters });
    value = hidden ? ad.gated(x, openUnits(layer)) : x;
    below = shapeAfter(stages[k]!, below)!;
  }
  return { drives, output: value };
}

/** Largest distance from 0 at which the engine and the plain pass decide differently. */
function disagreement(layer: AnnLayer | Layer, x: ad.Value): number {
  if (!(layer instanceof AnnLayer)) return 0;
  const open = openUnits(layer);
  return x.values.reduce((most, value, i) => (value > 0 === open(i) ? most : Math.max(most, Math.abs(value))), 0);
}

/** Outputs of the engine, [image][unit]. */
function outputs({ readout }: LayeredNet, images: number): Float64Array {
  const units = sizeOf(readout.synapses.shape);
  return Float64Array.from(
    { length: images * units },
    (_, i) => readout.features.view[Math.floor(i / units) * readout.featureWidth + (i % units)]!,
  );
}

const largest = (x: ArrayLike<number>) => Array.from(x).reduce((most, v) => Math.max(most, Math.abs(v)), 1);

/** Holds every gradient to what float32 allows; returns the largest gap relative to its layer's largest weight gradient. */
function check(c: StackCase): number {
  const built = runEngine(team, c);
  const { net, gradient } = built;
  const { drives, output } = plainPass(built, c, true);
  let read = { largest: 1, off: 0 };
  const computed: Computed[] = [];
  for (const [k, layer] of drives.entries()) {
    computed.push({ ...layer, read });
    const { drive } = allowance(computed[k]!, 0);
    expect(disagreement(net.layers[k]!, layer.x), `${net.layers[k]!.name} rectified`).toBeLessThanOrEqual(drive);
    read = { largest: largest(layer.x.values), off: drive };
  }
  expect(worstGap(outputs(net, c.images), output.values).gap, "outputs").toBeLessThanOrEqual(read.off);

  ad.backward(ad.sum(ad.multiply(output, ad.variable(gradient))));
  let inherited = 0;
  let relative = 0;
  for (const [k, layer] of [...net.layers.entries()].reverse()) {
    const allowed = allowance(computed[k]!, inherited);
    for (const [block, value] of Object.entries(computed[k]!.parameters)) {
      const found = plainBlock(layer.synapses, layer.group, block, "gradients");
      const { gap } = worstGap(found, value!.gradient);
      expect(gap, `${layer.name} ${block}`).toBeLessThanOrEqual(allowed.gradients);
      relative = Math.max(relative, gap / (Math.max(...computed[k]!.parameters.weight.gradient.map(Math.abs)) || 1));
    }
    inherited = allowed.below;
  }

  for (const layer of net.hidden) {
    if (!layer.norm.enabled) continue;
    expect(layer.norm.runningVariance.view.subarray(0, layer.shape.channels).every((v) => v !== 1)).toBe(true);
  }
  net.forward(c.images, false);
  const running = plainPass(built, c, false).output.values;
  expect(worstGap(outputs(net, c.images), running).gap / largest(running), "evaluation").toBeLessThan(1e-4);
  return relative;
}

test("nets of any layers: outputs, gradients, evaluation by running statistics", () => {
  fc.assert(
    fc.property(stackCases, (c) => void check(c)),
    { numRuns: 80 },
  );
});

const autoencoder: StackCase = {
  input: { height: 8, width: 8, channels: 3 },
  stages: [
    { kind: "conv", channels: 5, stride: 2, padding: 1, pool: false, upsample: false },
    { kind: "conv", channels: 17, stride: 1, padding: 1, pool: true, upsample: false },
    { kind: "linear", shape: { height: 1, width: 1, channels: 6 } },
    { kind: "linear", shape: { height: 2, width: 2, channels: 17 } },
    { kind: "conv", channels: 5, stride: 1, padding: 1, pool: false, upsample: true },
    { kind: "conv", channels: 3, stride: 1, padding: 1, pool: false, upsample: true },
  ],
  ...{ images: 5, room: 1, steps: 1, norm: true, tau: 2, alpha: 2, seed: 12 },
};

test("an autoencoder: down through the latent and up again, and the same bytes for 1 to 3 threads", async () => {
  expect(check(autoencoder)).toBeLessThan(1e-4);
  const alone = runEngine(team, autoencoder).net.layers.map(({ group }) => group.gradients.view.slice());
  expect(alone.every((gradients) => gradients.some((value) => value !== 0))).toBe(true);
  for (const threads of [1, 3]) {
    const others = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
    try {
      const { net } = runEngine(others, autoencoder);
      for (const [k, { group }] of net.layers.entries()) expect(group.gradients.view).toEqual(alone[k]);
    } finally {
      await others.close();
    }
  }
});

test("in evaluation an image's bytes do not depend on those beside it", () => {
  const { net, input } = build(team, autoencoder);
  net.forward(autoencoder.images, true);
  net.forward(autoencoder.images, false);
  const together = outputs(net, autoencoder.images);
  const rows = new Float32Array(team.arena.memory.buffer, input.at, autoencoder.images * input.stride);
  rows.copyWithin(0, 3 * input.stride, 4 * input.stride);
  net.forward(1, false);
  const alone = outputs(net, 1);
  expect(alone).toEqual(together.subarray(3 * alone.length, 4 * alone.length));
});
