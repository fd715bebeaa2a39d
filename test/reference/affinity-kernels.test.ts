/** `centre`, `dots`, `squares` and `combine` against plain float64 loops; widths on both sides of the kernels' block of 1024. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CENTRED_COLUMNS } from "../../src/engine/kernels.ts";
import type { Region } from "../../src/engine/memory.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { relativeGap, worstGap } from "./close.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 6 }),
  others: fc.integer({ min: 1, max: 9 }),
  width: fc.constantFrom(16, 48, 1024, 1040, 2064),
  seed: fc.nat(),
});

/** A region of `length` random floats; every fifth row of `width` is silent. */
function filled(random: RandomStream, length: number, width = length + 1): Region<Float32Array> {
  const region = team.arena.f32(length);
  random.fillUniform(region.view, -1, 1);
  for (let row = 4; (row + 1) * width <= length; row += 5) region.view.fill(0, row * width, (row + 1) * width);
  return region;
}

const rowOf = (x: ArrayLike<number>, row: number, width: number): Float64Array =>
  Float64Array.from(x).subarray(row * width, (row + 1) * width);

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

test("centre takes each column's mean away, of one side in place", () => {
  fc.assert(
    fc.property(cases, fc.boolean(), ({ rows, others, width, seed }, inPlace) => {
      const random = new RandomStream(seed, "centre");
      const v = filled(random, rows * width);
      const w = filled(random, others * width);
      const out = inPlace ? v : filled(random, rows * width);
      const before = Float32Array.from(v.view);
      const less = (x: Float32Array, count: number) =>
        Float64Array.from(x, (value, at) => {
          let sum = 0;
          for (let row = 0; row < count; row++) sum += x[row * width + (at % width)]!;
          return value - sum / count;
        });
      const [centredV, centredW] = [less(v.view, rows), less(w.view, others)];
      const scratch = team.scratch(CENTRED_COLUMNS * 4);
      team.run("centre", Math.ceil(width / CENTRED_COLUMNS), {
        rows,
        others,
        width,
        v: v.at,
        out: out.at,
        w: w.at,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      expect(worstGap(out.view, centredV).gap).toBeLessThan(1e-6);
      expect(worstGap(w.view, centredW).gap).toBeLessThan(1e-6);
      if (!inPlace) expect(v.view).toEqual(before);
    }),
    { numRuns: 40 },
  );
});

test("dots and squares", () => {
  fc.assert(
    fc.property(cases, ({ rows, others, width, seed }) => {
      const random = new RandomStream(seed, "dots");
      const v = filled(random, rows * width, width);
      const w = filled(random, others * width, width);
      const out = team.arena.f64(rows * others);
      const [squares, otherSquares] = [team.arena.f64(rows), team.arena.f64(others)];
      for (const { view } of [out, squares, otherSquares]) view.fill(Number.NaN);
      team.run("dots", rows, { others, width, v: v.at, w: w.at, out: out.at });
      team.run("squares", rows + others, { rows, width, v: v.at, w: w.at, outV: squares.at, outW: otherSquares.at });
      for (let k = 0; k < rows; k++) {
        const own = rowOf(v.view, k, width);
        expect(Math.abs(squares.view[k]! - dot(own, own))).toBeLessThanOrEqual(1e-6 * dot(own, own));
        for (let j = 0; j < others; j++) {
          const other = rowOf(w.view, j, width);
          expect(Math.abs(otherSquares.view[j]! - dot(other, other))).toBeLessThanOrEqual(1e-6 * dot(other, other));
          const size = Math.sqrt(dot(own, own) * dot(other, other));
          expect(Math.abs(out.view[k * others + j]! - dot(own, other))).toBeLessThanOrEqual(1e-6 * size);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test("squares and dots of one row agree to the last bit, so a row's cosine with itself is 1", () => {
  const v = filled(new RandomStream(3, "self"), 2064);
  const out = team.arena.f64(3);
  team.run("dots", 1, { others: 1, width: 2064, v: v.at, w: v.at, out: out.at });
  team.run("squares", 2, { rows: 1, width: 2064, v: v.at, w: v.at, outV: out.at + 8, outW: out.at + 16 });
  expect(out.view[0]).toBe(out.view[1]);
  expect(out.view[0]).toBe(out.view[2]);
});

test("combine serves both networks with one matrix", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom(16, 48, 4096), ({ rows, others, width, seed }, panel) => {
      const random = new RandomStream(seed, "combine");
      const v = filled(random, rows * width);
      const w = filled(random, others * width);
      const mix = filled(random, rows * others);
      const [ownV, ownW] = [filled(random, rows), filled(random, others)];
      const [outV, outW] = [team.arena.f32(rows * width), team.arena.f32(others * width)];
      for (const out of [outV, outW]) out.view.fill(Number.NaN);
      const items = (count: number) => Math.ceil(width / panel) * Math.ceil(count / 2);
      const scratch = team.scratch(4 * panel * Math.max(rows, others));
      team.run("combine", items(rows), {
        rows,
        others,
        width,
        panel,
        rowStep: others,
        columnStep: 1,
        v: v.at,
        w: w.at,
        mix: mix.at,
        own: ownV.at,
        out: outV.at,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      team.run("combine", items(others), {
        rows: others,
        others: rows,
        width,
        panel,
        rowStep: 1,
        columnStep: others,
        v: w.at,
        w: v.at,
        mix: mix.at,
        own: ownW.at,
        out: outW.at,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      const gradV = Float64Array.from(v.view, (value, at) => value * ownV.view[Math.floor(at / width)]!);
      const gradW = Float64Array.from(w.view, (value, at) => value * ownW.view[Math.floor(at / width)]!);
      for (let k = 0; k < rows; k++)
        for (let j = 0; j < others; j++)
          for (let i = 0; i < width; i++) {
            gradV[k * width + i]! += mix.view[k * others + j]! * w.view[j * width + i]!;
            gradW[j * width + i]! += mix.view[k * others + j]! * v.view[k * width + i]!;
          }
      expect(relativeGap(outV.view, gradV)).toBeLessThan(1e-5);
      expect(relativeGap(outW.view, gradW)).toBeLessThan(1e-5);
    }),
    { numRuns: 30 },
  );
});
