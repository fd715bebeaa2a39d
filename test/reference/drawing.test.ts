/**
 * Images drawn from firing rates: the same as the mean over time of a convolution of the spikes, in float64 and by the engine's own convolution; the same bytes for any number of threads.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { DrawingSynapses } from "../../src/nets/drawing.ts";
import { Layer } from "../../src/nets/layer.ts";
import type { Population } from "../../src/nets/population.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { buildLayer, channelsFirst, grid, type LayerCase } from "../support/layer-case.ts";
import { blockBackward, blockForward } from "./block.ts";
import { spreadOverTime, timeMean } from "./stage.ts";

const cases = fc.record({
  height: fc.integer({ min: 1, max: 6 }),
  width: fc.integer({ min: 1, max: 7 }),
  inputs: fc.oneof(fc.integer({ min: 1, max: 18 }), fc.constantFrom(16, 32, 33)),
  channels: fc.integer({ min: 1, max: 4 }),
  images: fc.integer({ min: 1, max: 5 }),
  room: fc.integer({ min: 0, max: 2 }),
  steps: fc.integer({ min: 1, max: 9 }),
  density: fc.constantFrom(0, 0.1, 0.5, 1),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function layerCase(c: Case): LayerCase {
  const { height, width, inputs, channels, images, room, steps, density, seed } = c;
  const input = { height, width, channels: inputs };
  const output = { height: 2 * height, width: 2 * width, channels };
  const conv = {
    kind: "conv",
    source: "spikes",
    upsample: true,
    pool: false,
    stride: 1,
    padding: 1,
    bias: true,
  } as const;
  return { ...conv, input, output, images, room, steps, density, seed };
}

/** Drawings and gradients of one case, in the reference's order, with their float64 values. */
async function run(c: Case, threads: number) {
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
  try {
    const { images, room, steps, channels } = c;
    const { layer: convolved, block, input, random } = buildLayer(team, layerCase(c));
    const synapses = new DrawingSynapses(team, convolved.synapses.source as Population, channels, images + room);
    const layer = new Layer(team, { name: "drawing", synapses, maxImages: images + room, steps });
    for (const name of ["weight", "bias"]) {
      expect(synapses.plainShape(name)).toEqual(convolved.synapses.plainShape(name));
      const plain = new Float32Array(synapses.plainShape(name).reduce((a, b) => a * b, 1));
      convolved.synapses.unpack(name, convolved.group.view(name), plain);
      synapses.pack(name, plain, layer.group.view(name));
    }
    const { shape } = synapses;
    const size = sizeOf(shape);
    const { z } = layer.workspace;
    new Float32Array(team.arena.memory.buffer, z, images * (size / channels) * 16).fill(Number.NaN);
    layer.forward(images, { train: true });
    const trace = blockForward(block, input, steps * images);
    const wanted = timeMean(trace.drive, steps);

    const gradFeatures = grid(random, images * size, 1);
    const rows = team.arena.f32(images * layer.featureWidth);
    const at = (b: number, i: number) => b * size + channelsFirst(i, shape);
    for (let b = 0; b < images; b++) {
      for (let i = 0; i < size; i++) rows.view[b * layer.featureWidth + i] = gradFeatures[at(b, i)]!;
    }
    layer.group.gradients.view.fill(Number.NaN);
    layer.backward(images, "rate", rows.at);
    const expected = blockBackward(block, trace, spreadOverTime(gradFeatures, steps), steps * images);
    const drawn = new Float64Array(images * size);
    for (let b = 0; b < images; b++) {
      for (let i = 0; i < size; i++) drawn[at(b, i)] = layer.features.view[b * layer.featureWidth + i]!;
    }
    const gradients = layer.group.gradients.view.slice();
    const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
    synapses.unpack("weight", layer.group.view("weight", layer.group.gradients), plain);
    const bias = layer.group.view("bias", layer.group.gradients).slice(0, channels);
    return { drawn, wanted, plain, bias, expected, gradients, convolved };
  } finally {
    await team.close();
  }
}

test("drawings and gradients of any plane", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (c) => {
      const { drawn, wanted, plain, bias, expected, gradients } = await run(c, 1);
      // Sums of at most 4 x inputs weights below 1, each known to a float's rounding.
      for (const [i, value] of wanted.entries()) expect(Math.abs(drawn[i]! - value)).toBeLessThan(1e-5 * c.inputs);
      const terms = c.images * 4 * c.height * c.width;
      const { inputs, channels } = c;
      for (let o = 0; o < channels; o++) {
        expect(Math.abs(bias[o]! - expected.bias[o]!)).toBeLessThan(1e-6 * terms);
        for (let tap = 0; tap < 9; tap++) {
          for (let i = 0; i < inputs; i++) {
            const gap = plain[(o * 9 + tap) * inputs + i]! - expected.weight[(o * inputs + i) * 9 + tap]!;
            expect(Math.abs(gap)).toBeLessThan(1e-6 * terms);
          }
        }
      }
      // Outputs that fill up the tile learn nothing.
      expect(gradients.every((value, i) => i % 16 < channels || value === 0)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("1 to 3 threads give the same bytes", async () => {
  const c: Case = { height: 5, width: 3, inputs: 33, channels: 3, images: 5, room: 1, steps: 8, density: 0.5, seed: 4 };
  const alone = await run(c, 1);
  for (const threads of [2, 3]) {
    const { drawn, gradients } = await run(c, threads);
    expect(drawn).toEqual(alone.drawn);
    expect(gradients).toEqual(alone.gradients);
  }
});
