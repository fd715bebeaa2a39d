/** `tanhForward` and `tanhBackward` against the host's Math and the derivative's closed form. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BLOCK } from "../../src/engine/kernels.ts";
import { Team } from "../../src/engine/team.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
});
afterAll(() => team.close());

function tanh(x: readonly number[]): { given: Float32Array; value: Float32Array } {
  const length = Math.ceil(x.length / 4) * 4;
  const region = team.arena.f32(length + 4);
  region.view.set(x);
  region.view.fill(0.5, length);
  const given = region.view.slice(0, x.length);
  team.run("tanhForward", Math.ceil(length / BLOCK), { length, x: region.at });
  expect([...region.view.subarray(length)]).toEqual([0.5, 0.5, 0.5, 0.5]);
  return { given, value: region.view.slice(0, x.length) };
}

const numbers = fc.oneof(
  fc.double({ min: -12, max: 12, noNaN: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.double({ min: -1e-5, max: 1e-5, noNaN: true }),
);

test("tanh to 3e-7 relative, at any size; odd in x", () => {
  fc.assert(
    fc.property(fc.array(numbers, { minLength: 1, maxLength: 2 * BLOCK + 9, size: "max" }), (x) => {
      const { given, value } = tanh(x);
      const mirrored = tanh([...given].map((one) => -one)).value;
      const gaps = value.map(
        (own, i) => Math.abs(own - Math.tanh(given[i]!)) / (Math.abs(given[i]!) < 1 ? Math.abs(given[i]!) || 1 : 1),
      );
      expect(Math.max(...gaps)).toBeLessThanOrEqual(3e-7);
      expect(Math.max(...value.map(Math.abs))).toBeLessThanOrEqual(1);
      expect(mirrored).toEqual(value.map((own) => -own));
    }),
    { numRuns: 40 },
  );
});

test("the ends: signed zeros, 1 for what is large, and no number stays none", () => {
  const { value } = tanh([0, -0, 20, -20, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 9.2]);
  expect([...value]).toEqual([0, -0, 1, -1, 1, -1, Number.NaN, 1]);
});

test("tanhBackward clips the error, then multiplies by 1 - h^2", () => {
  const [xi, h, delta] = [team.arena.f32(8), team.arena.f32(8), team.arena.f32(8)];
  xi.view.set([1, -2, 60, -70, 0, 4, Number.POSITIVE_INFINITY, 3]);
  h.view.set([0, 0.5, -0.5, 0.25, 1, -1, 0.5, 0]);
  delta.view.fill(9);
  team.run("tanhBackward", 1, { length: 4, errorLimit: 50, xi: xi.at, h: h.at, delta: delta.at });
  expect([...xi.view]).toEqual([1, -2, 50, -50, 0, 4, Number.POSITIVE_INFINITY, 3]);
  expect([...delta.view]).toEqual([1, -1.5, 37.5, -46.875, 9, 9, 9, 9]);
  team.run("tanhBackward", 1, { length: 8, errorLimit: Number.POSITIVE_INFINITY, xi: xi.at, h: h.at, delta: delta.at });
  expect([...delta.view]).toEqual([1, -1.5, 37.5, -46.875, 0, 0, Number.POSITIVE_INFINITY, 3]);
});
