/**
 * Kernels of backprop through time against plain float64 loops: transposes, gradients of spikes, and the neuron's steps from a gradient of every spike.
 * Cases in which a membrane comes so near to the threshold that float32 may decide either way are passed over.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { gridOf, inTile, placed, tilesFor, unwritten } from "../support/packed.ts";
import { relativeGap } from "./close.ts";
import { lifBackward, lifForward } from "./lif.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 8192 });
});
afterAll(() => team.close());

const units = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(15, 16, 17, 32, 33));

test("weights are transposed and scaled; unused inputs are 0", () => {
  fc.assert(
    fc.property(units, units, fc.constantFrom(1, 0.25, -2), fc.nat(), (inputs, outputs, factor, seed) => {
      const weights = gridOf(new RandomStream(seed, "transpose"), tilesFor(outputs) * inputs * 16, 1);
      const out = unwritten(team, tilesFor(inputs) * outputs * 16);
      team.run("transposeWeights", tilesFor(inputs), {
        inputs,
        outputs,
        factor,
        weights: placed(team, weights).at,
        out: out.at,
      });
      for (let i = 0; i < tilesFor(inputs) * 16; i++) {
        for (let u = 0; u < outputs; u++) {
          const expected = i < inputs ? factor * weights[inTile(u, i, inputs)]! : 0;
          expect(out.view[inTile(i, u, outputs)]).toBe(expected);
        }
      }
    }),
    { numRuns: 60 },
  );
});

const sums = fc.record({
  inputs: units,
  outputs: fc.oneof({ weight: 5, arbitrary: units }, fc.constant(0)),
  rows: fc.integer({ min: 1, max: 9 }),
  /** Rows of g and of dS before the range. */
  gFirst: fc.integer({ min: 0, max: 4 }),
  first: fc.integer({ min: 0, max: 4 }),
  room: fc.integer({ min: 0, max: 3 }),
  /** Steps that share a row of the constant; 0: no constant. */
  repeat: fc.integer({ min: 0, max: 4 }),
  seed: fc.nat(),
});

test("the gradient of spikes is a product with the transposed weights, and a constant", () => {
  fc.assert(
    fc.property(sums, ({ inputs, outputs, rows, gFirst, first, room, repeat, seed }) => {
      const random = new RandomStream(seed, "spike gradient");
      const gRows = gFirst + rows + room;
      // A constant row serves whole elements: dS has a whole number of them.
      const allRows = Math.ceil((first + rows + room) / Math.max(1, repeat)) * Math.max(1, repeat);
      const tiles = tilesFor(inputs);
      const weights = gridOf(random, tiles * outputs * 16, 1);
      const g = gridOf(random, tilesFor(outputs) * gRows * 16, 1);
      const constant = repeat ? gridOf(random, (tiles * allRows * 16) / repeat, 2) : new Float32Array(0);
      const out = unwritten(team, tiles * allRows * 16);
      team.run("spikeGradient", tiles, {
        rows,
        outputs,
        gFirst,
        gRows,
        first,
        allRows,
        repeat: Math.max(1, repeat),
        g: placed(team, g).at,
        weights: placed(team, weights).at,
        constant: repeat ? placed(team, constant).at : 0,
        out: out.at,
      });
      for (let i = 0; i < tiles * 16; i++) {
        for (let row = 0; row < allRows; row++) {
          const found = out.view[inTile(i, row, allRows)]!;
          if (row < first || row >= first + rows) {
            expect(found, `row ${row} is not the kernel's`).toBeNaN();
            continue;
          }
          let expected = repeat ? constant[inTile(i, Math.floor(row / repeat), allRows / repeat)]! : 0;
          for (let u = 0; u < outputs; u++)
            expected += weights[inTile(i, u, outputs)]! * g[inTile(u, gFirst + row - first, gRows)]!;
          expect(found).toBe(expected);
        }
      }
    }),
    { numRuns: 150 },
  );
});

const ALPHA = 2;
const THETA = Math.fround(0.7);

const neurons = fc.record({
  tiles: fc.integer({ min: 1, max: 3 }),
  steps: fc.integer({ min: 1, max: 9 }),
  before: fc.integer({ min: 0, max: 3 }),
  count: fc.integer({ min: 1, max: 6 }),
  after: fc.integer({ min: 0, max: 2 }),
  tau: fc.constantFrom(1, 1.5, 2, 4),
  /** Drives' range: all silent, mixed, all firing. */
  drive: fc.constantFrom([-2, 0] as const, [-1, 2] as const, [4, 6] as const),
  seed: fc.nat(),
});

test("dX through the neuron's steps from a gradient of every spike, and the norm's sums", () => {
  fc.assert(
    fc.property(neurons, ({ tiles, steps, before, count, after, tau, drive, seed }) => {
      const random = new RandomStream(seed, "backward steps");
      const images = before + count + after;
      const width = tiles * 16;
      const region = (length: number, low: number, high: number) => {
        const made = team.arena.f32(length);
        random.fillUniform(made.view, low, high);
        return made;
      };
      const [scale, shift] = [region(width, 0.5, 1.5), region(width, -0.2, 0.2)];
      const [mean, inverse] = [region(width, -0.5, 0.5), region(width, 0.5, 2)];
      const z = region(width * images * steps, drive[0], drive[1]);
      const dS = region(width * images * steps, -1, 1);
      const g = unwritten(team, width * images * steps);
      const found = unwritten(team, tiles * 32);
      const expected = new Float64Array(g.view.length).fill(Number.NaN);
      const expectedSums = new Float64Array(tiles * 32);
      for (let unit = 0; unit < width; unit++) {
        for (let b = before; b < before + count; b++) {
          const at = (t: number) => inTile(unit, b * steps + t, images * steps);
          const x = Float64Array.from(
            { length: steps },
            (_, t) => z.view[at(t)]! * scale.view[unit]! + shift.view[unit]!,
          );
          const trace = lifForward(x, 1, { theta: THETA, tau });
          fc.pre(trace.membrane.every((h) => Math.abs(h - THETA) > 3e-6));
          const own = Float64Array.from({ length: steps }, (_, t) => dS.view[at(t)]!);
          const dX = lifBackward(own, new Float64Array(steps), trace, 1, { theta: THETA, tau });
          for (let t = 0; t < steps; t++) {
            expected[at(t)] = dX[t]!;
            const slot = (unit >> 4) * 32 + (unit & 15);
            expectedSums[slot]! += dX[t]!;
            expectedSums[slot + 16]! += dX[t]! * (z.view[at(t)]! - mean.view[unit]!) * inverse.view[unit]!;
          }
        }
      }
      const scratch = team.scratch(steps * 16);
      team.run("neuronBackwardSteps", tiles, {
        first: before,
        count,
        images,
        steps,
        decay: 1 / tau,
        threshold: THETA,
        slope: ALPHA / 2,
        scale: scale.at,
        shift: shift.at,
        mean: mean.at,
        inverse: inverse.at,
        z: z.at,
        spikes: dS.at,
        g: g.at,
        sums: found.at,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      const written = [...expected.keys()].filter((at) => !Number.isNaN(expected[at]!));
      expect(g.view.filter((value) => !Number.isNaN(value)).length).toBe(written.length);
      expect(
        relativeGap(
          written.map((at) => g.view[at]!),
          written.map((at) => expected[at]!),
        ),
      ).toBeLessThan(2e-5);
      expect(relativeGap(found.view, expectedSums)).toBeLessThan(2e-5);
    }),
    { numRuns: 100 },
  );
});
