/**
 * Gradients of what synapses read against plain float64 loops: linear and convolutional, with stride, padding, upsampling and pooling. Weights and gradients are multiples of
 * 1/64, so every sum is exact in float32 and the bytes must agree.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { InputGradient } from "../../src/nets/input-gradient.ts";
import { pixelsOf, type Shape, sizeOf, tilesOf } from "../../src/nets/shape.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { convCases, linearCases, pooledCases } from "../support/layer-arbitrary.ts";
import { buildLayer, channelsFirst, grid, type LayerCase } from "../support/layer-case.ts";
import { unwritten } from "../support/packed.ts";
import { type Block, type BlockTrace, blockForward } from "./block.ts";
import { convInputGradient } from "./conv.ts";
import { linearInputGradient } from "./linear.ts";
import { maxPoolBackward, upsampleBackward } from "./pool.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 8192 });
});
afterAll(() => team.close());

/** Place of unit i (pixel * channels + channel) of a row (image * steps + step) in [tile][row][pixel][16]. */
function place(i: number, row: number, rows: number, shape: Shape): number {
  const [pixel, channel] = [Math.floor(i / shape.channels), i % shape.channels];
  return (((channel >> 4) * rows + row) * pixelsOf(shape) + pixel) * 16 + (channel & 15);
}

/** dL/dx [rows][inputs], channels first, of dL/dz [rows][units]. */
function inputGradientOf({ synapses, weight }: Block, trace: BlockTrace, gradDrive: Float64Array, rows: number) {
  if (synapses.kind === "linear") return linearInputGradient(gradDrive, rows, weight, synapses);
  const unpooled = trace.pool ? maxPoolBackward(gradDrive, trace.pool.winner, trace.pool.length) : gradDrive;
  const seen = convInputGradient(unpooled, rows, weight, synapses);
  if (!synapses.upsample) return seen;
  return upsampleBackward(seen, rows * synapses.channelsIn, synapses.height / 2, synapses.width / 2);
}

/** The engine's result, and what it must be in the engine's order (padding 0). */
function run(on: Team, c: LayerCase, held: boolean) {
  const { layer, block, input } = buildLayer(on, c);
  const { images, steps } = c;
  const { synapses, workspace, group } = layer;
  const { shape } = synapses;
  layer.forward(images, { train: true });
  const random = new RandomStream(c.seed, "gradient of drives");
  const seen = held ? 1 : steps;
  const own = grid(random, seen * images * sizeOf(shape), 1);
  // What fills up a tile, and the steps a held gradient leaves out, belong to no one.
  const floats = images * steps * pixelsOf(shape) * tilesOf(shape) * 16;
  const g = new Float32Array(on.arena.memory.buffer, workspace.g, floats).fill(Number.NaN);
  const gradDrive = new Float64Array(own.length);
  for (let t = 0; t < seen; t++) {
    for (let b = 0; b < images; b++) {
      for (let i = 0; i < sizeOf(shape); i++) {
        const value = own[(t * images + b) * sizeOf(shape) + i]!;
        g[place(i, b * steps + t, images * steps, shape)] = value;
        gradDrive[(t * images + b) * sizeOf(shape) + channelsFirst(i, shape)] = value;
      }
    }
  }
  const down = new InputGradient(on, synapses, group);
  const out = unwritten(on, down.floats(images, seen));
  down.run(images, workspace, seen, out.at);

  const trace = blockForward(block, input, steps * images);
  const below = inputGradientOf(block, trace, gradDrive, seen * images);
  const expected = new Float32Array(out.view.length);
  for (let t = 0; t < seen; t++) {
    for (let b = 0; b < images; b++) {
      for (let i = 0; i < sizeOf(c.input); i++) {
        expected[place(i, b * seen + t, images * seen, c.input)] =
          below[(t * images + b) * sizeOf(c.input) + channelsFirst(i, c.input)]!;
      }
    }
  }
  return { found: out.view, expected };
}

function check(c: LayerCase, held: boolean): void {
  const { found, expected } = run(team, { ...c, source: "spikes" }, held && !c.pool);
  // + 0: a sum of nothing may be -0.
  expect(found.map((value) => value + 0)).toEqual(expected);
}

test("linear: planes and flat, of every step or held", () => {
  fc.assert(fc.property(linearCases, fc.boolean(), check), { numRuns: 120 });
});

test("convolutional: stride, padding, upsampling, pooling, odd sides, of every step or held", () => {
  fc.assert(fc.property(convCases, fc.boolean(), check), { numRuns: 200 });
});

test("more units than are transposed at a time", () => {
  const rest = { upsample: false, pool: false, stride: 1, padding: 0, bias: false, room: 1, density: 0.3, seed: 8 };
  const flat = (channels: number) => ({ height: 1, width: 1, channels });
  const sizes = { input: flat(20), output: { height: 3, width: 2, channels: 83 }, images: 3, steps: 3 };
  check({ ...rest, ...sizes, kind: "linear", source: "spikes" }, false);
});

test("max-pooled planes of odd sides and several tiles", () => {
  fc.assert(
    fc.property(pooledCases, (c) => check(c, false)),
    { numRuns: 12 },
  );
});

test.each(["linear", "conv", "pooled"] as const)("%s: the same bytes for 1 to 3 threads", async (kind) => {
  const conv = kind !== "linear";
  const plane = { height: 5, width: 5, channels: 19 };
  const rest = { upsample: conv, pool: kind === "pooled", stride: 1, padding: 1, bias: true, room: 0, density: 0.5 };
  const side = { linear: 2, conv: 10, pooled: 5 }[kind];
  const output = { height: side, width: side, channels: 33 };
  const sizes = { input: plane, output, images: 3, steps: 3, seed: 4 };
  const c: LayerCase = { ...rest, ...sizes, kind: conv ? "conv" : "linear", source: "spikes" };
  const alone = run(team, c, false).found.slice();
  for (const threads of [1, 3]) {
    const others = await Team.create({ threads, spawn: spawnThread, maximumPages: 512 });
    try {
      expect(run(others, c, false).found).toEqual(alone);
    } finally {
      await others.close();
    }
  }
});
