/** Kernels of the non-spiking nets between products, against plain loops. Whole numbers throughout, so results must be exact. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BLOCK } from "../../src/engine/kernels.ts";
import type { Region } from "../../src/engine/memory.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  symbols: fc.integer({ min: 1, max: 9 }),
  stride: fc.constantFrom(16, 32, 80),
  seed: fc.nat(),
});

function whole(random: RandomStream, length: number): Region<Float32Array> {
  const region = team.arena.f32(length);
  for (let i = 0; i < length; i++) region.view[i] = random.below(9) - 4;
  return region;
}

test("gatherRows looks symbols' rows up; scatterRows adds rows up by symbol; sumRows adds all", () => {
  fc.assert(
    fc.property(cases, ({ rows, symbols, stride, seed }) => {
      const random = new RandomStream(seed, "rows");
      const names = team.arena.u16(rows);
      for (let r = 0; r < rows; r++) names.view[r] = random.below(symbols);
      const table = whole(random, symbols * stride);
      const bias = whole(random, stride);
      const out = whole(random, rows * stride);
      team.run("gatherRows", rows, { stride, symbols: names.at, table: table.at, bias: bias.at, out: out.at });
      for (let i = 0; i < rows * stride; i++) {
        const row = names.view[Math.floor(i / stride)]!;
        expect(out.view[i]).toBe(table.view[row * stride + (i % stride)]! + bias.view[i % stride]!);
      }
      const sums = new Float32Array(symbols * stride);
      const all = new Float32Array(stride);
      for (let i = 0; i < rows * stride; i++) {
        sums[names.view[Math.floor(i / stride)]! * stride + (i % stride)]! += out.view[i]! / 2;
        all[i % stride]! += out.view[i]! / 2;
      }
      team.run("scatterRows", stride / 16, {
        rows,
        symbolCount: symbols,
        stride,
        scale: 0.5,
        symbols: names.at,
        g: out.at,
        table: table.at,
      });
      team.run("sumRows", stride / 16, { rows, stride, scale: 0.5, x: out.at, out: bias.at });
      expect(table.view).toEqual(sums);
      expect(bias.view).toEqual(all);
    }),
    { numRuns: 60 },
  );
});

test("squaredError: the mean over the width a row, the factor on the gradient, padding 0", () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 16 }), ({ rows, stride, seed }, width) => {
      const random = new RandomStream(seed, "squares");
      const [y, targets, gradients] = [0, 1, 2].map(() => whole(random, rows * stride)) as [
        Region<Float32Array>,
        Region<Float32Array>,
        Region<Float32Array>,
      ];
      const losses = team.arena.f64(rows);
      team.run("squaredError", rows, {
        width,
        stride,
        factor: -0.5,
        y: y.at,
        targets: targets.at,
        losses: losses.at,
        gradients: gradients.at,
      });
      for (let r = 0; r < rows; r++) {
        let sum = 0;
        for (let i = 0; i < stride; i++) {
          const gap = y.view[r * stride + i]! - targets.view[r * stride + i]!;
          if (i < width) sum += gap * gap;
          expect(gradients.view[r * stride + i]! + 0).toBe(i < width ? -0.5 * gap + 0 : 0);
        }
        expect(losses.view[r]).toBe(sum / width);
      }
    }),
    { numRuns: 60 },
  );
});

test.each([4, 20, BLOCK, BLOCK + 4, 2 * BLOCK + 12])("predictionError and relax on %i floats", (length) => {
  const random = new RandomStream(length, "predictive");
  const [x, mu, pull, delta] = [0, 1, 2, 3].map(() => whole(random, length)) as [
    Region<Float32Array>,
    Region<Float32Array>,
    Region<Float32Array>,
    Region<Float32Array>,
  ];
  const items = Math.ceil(length / BLOCK);
  team.run("predictionError", items, { length, x: x.at, mu: mu.at, delta: delta.at });
  const before = x.view.slice();
  team.run("relax", items, { length, inferenceRate: 0.25, x: x.at, mu: mu.at, pull: pull.at });
  for (let i = 0; i < length; i++) {
    const m = mu.view[i]!;
    expect(delta.view[i]! + 0).toBe((m - before[i]!) * (1 - m * m) + 0);
    expect(x.view[i]! + 0).toBe(before[i]! - 0.25 * (before[i]! - m + pull.view[i]!) + 0);
  }
});

test("addInto: one onto the other, over blocks and their rests", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 * (BLOCK / 4) }), fc.nat(), (quads, seed) => {
      const random = new RandomStream(seed, "sums");
      const [x, sum] = [whole(random, 4 * quads), whole(random, 4 * quads)];
      const expected = sum.view.map((value, i) => value + x.view[i]!);
      const beside = team.arena.f32(4);
      team.run("addInto", Math.ceil((4 * quads) / BLOCK), { length: 4 * quads, x: x.at, sum: sum.at });
      expect(sum.view).toEqual(expected);
      expect([...beside.view]).toEqual([0, 0, 0, 0]);
    }),
    { numRuns: 40 },
  );
});
