/**
 * Synapse kernels against plain float64 loops: drives of linear and convolutional layers, of spikes and of real values, and
 * their weight and bias gradients. Drives are read out without neurons.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { pixelsOf, sizeOf } from "../../src/nets/shape.ts";
import { driveOf } from "../support/golden-engine.ts";
import { convCases, linearCases } from "../support/layer-arbitrary.ts";
import { buildLayer, channelsFirst, grid, type LayerCase, readBlock } from "../support/layer-case.ts";
import { blockBackward, blockForward } from "./block.ts";
import { worstGap } from "./close.ts";
import { spreadOverTime, timeMean } from "./stage.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const largest = (x: ArrayLike<number>): number =>
  Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

function check(c: LayerCase): void {
  const { layer, block, input, random } = buildLayer(team, c);
  const { shape } = layer.synapses;
  const { images, steps } = c;
  expect(shape).toEqual(c.output);
  layer.forward(images, { train: true });
  const trace = blockForward(block, input, steps * images);
  const drive = driveOf(team, layer, images, steps);
  expect(worstGap(drive, trace.drive).gap / Math.max(1, largest(trace.drive)), "drive").toBeLessThan(1e-5);

  const size = sizeOf(shape);
  const mean = timeMean(trace.drive, steps);
  for (let b = 0; b < images; b++) {
    for (let i = 0; i < layer.featureWidth; i++) {
      const expected = i < size ? mean[b * size + channelsFirst(i, shape)]! : 0;
      expect(Math.abs(layer.features.view[b * layer.featureWidth + i]! - expected), `feature ${i}`).toBeLessThan(1e-4);
    }
  }

  const rows = team.arena.f32(images * layer.featureWidth);
  const gradFeatures = grid(random, images * size, 1);
  for (let b = 0; b < images; b++) {
    // What lies in a row's padding is no unit's gradient.
    rows.view.fill(9, b * layer.featureWidth, (b + 1) * layer.featureWidth);
    for (let i = 0; i < size; i++) {
      rows.view[b * layer.featureWidth + i] = gradFeatures[b * size + channelsFirst(i, shape)]!;
    }
  }
  layer.group.gradients.view.fill(Number.NaN);
  layer.backward(images, "rate", rows.at);
  const expected = blockBackward(block, trace, spreadOverTime(gradFeatures, steps), steps * images);
  for (const name of ["weight", "bias"] as const) {
    if (!layer.group.has(name)) continue;
    const { gap } = worstGap(readBlock(layer, name, "gradients"), expected[name]);
    // At least one term's size: a sum whose terms cancel is known no better.
    expect(gap / Math.max(largest(expected[name]), largest(gradFeatures), 1 / 64), name).toBeLessThan(1e-4);
  }
  expectCleanPadding(layer.group.view("weight", layer.group.gradients), c);
}

/** Units that fill up a tile learn nothing. */
function expectCleanPadding(gradient: Float32Array, c: LayerCase): void {
  const tiles = Math.ceil(c.output.channels / 16);
  const pixels = c.kind === "linear" ? pixelsOf(c.output) : 1;
  const inputs = gradient.length / (16 * tiles * pixels);
  const spare = c.output.channels % 16;
  if (spare === 0) return;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const tile = pixel * tiles + tiles - 1;
    for (let i = 0; i < inputs; i++) {
      const row = gradient.subarray((tile * inputs + i) * 16 + spare, (tile * inputs + i + 1) * 16);
      expect(row.every((value) => value === 0)).toBe(true);
    }
  }
}

describe("drives and gradients", () => {
  test("linear, of spikes and of real values", () => {
    fc.assert(fc.property(linearCases, check), { numRuns: 120 });
  });

  test("convolutional: stride, padding, upsampling, pooling, odd sides", () => {
    fc.assert(fc.property(convCases, check), { numRuns: 200 });
  });

  test("more images than one group: every group's part reaches the gradient", () => {
    const output = { height: 8, width: 8, channels: 3 };
    const wide = { upsample: false, pool: false, stride: 1, padding: 1, bias: true, room: 1, density: 0.3, seed: 5 };
    const shapes = { input: { height: 8, width: 8, channels: 2 }, output };
    check({ ...wide, ...shapes, kind: "conv", source: "spikes", images: 19, steps: 3 });
    check({ ...wide, ...shapes, kind: "conv", source: "real", images: 19, steps: 1 });
  });
});

test.each([
  { density: 0.05, kernel: "linearEvents" },
  { density: 0.6, kernel: "linearTable" },
])("spikes at $density are multiplied by $kernel", ({ density, kernel }) => {
  const shapes = { input: { height: 1, width: 1, channels: 256 }, output: { height: 1, width: 1, channels: 16 } };
  const rest = { upsample: false, pool: false, stride: 1, padding: 0, bias: false, room: 0, seed: 3 };
  const { layer } = buildLayer(team, {
    ...shapes,
    ...rest,
    kind: "linear",
    source: "spikes",
    images: 200,
    steps: 4,
    density,
  });
  team.startProfile();
  layer.forward(200, { train: false });
  expect(team.profile().map(({ name }) => name)).toContain(kernel);
});
