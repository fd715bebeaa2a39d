/** Kernels between values in rows and errors in tiles against plain float64 loops, any widths; and exponential linear units at their ends. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { placed, tilesFor, unwritten } from "../support/packed.ts";
import { worstGap } from "./close.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 8192 });
});
afterAll(() => team.close());

const shapes = fc.record({
  images: fc.integer({ min: 1, max: 5 }),
  pixels: fc.integer({ min: 1, max: 6 }),
  channels: fc.constantFrom(1, 2, 3, 4, 5, 16, 17, 34),
  gap: fc.integer({ min: 0, max: 3 }),
  seed: fc.nat(),
});
type Case = typeof shapes extends fc.Arbitrary<infer C> ? C : never;

/** Rounding of a float32 sum of a few terms, relative to their size. */
const ROUNDING = 8 * 2 ** -24;
const VALUE = [(x: number) => Math.max(0, x), Math.tanh, (x: number) => (x > 0 ? x : Math.expm1(x))];

/** Random tiles and rows, the rows' gaps NaN, and every unit's place in both. */
function made({ images, pixels, channels, gap, seed }: Case) {
  const random = new RandomStream(seed, "row errors");
  const tiles = tilesFor(channels);
  const stride = pixels * channels + gap;
  const uniform = (length: number, bound: number) => {
    const own = team.arena.f32(length);
    random.fillUniform(own.view, -bound, bound);
    return own;
  };
  const places: { tile: number; row: number; channel: number }[] = [];
  for (let b = 0; b < images; b++)
    for (let p = 0; p < pixels; p++)
      for (let c = 0; c < channels; c++) {
        const tile = (((c >> 4) * images + b) * pixels + p) * 16 + (c & 15);
        places.push({ tile, row: b * stride + p * channels + c, channel: c });
      }
  const rows = () => {
    const own = unwritten(team, images * stride);
    for (const { row } of places) own.view[row] = 4 * random.uniform() - 2;
    return own;
  };
  return { tiles, stride, places, rows, items: tiles * images, length: tiles * images * pixels * 16, uniform };
}

const isUnit = (places: readonly { row: number }[], i: number) => places.some(({ row }) => row === i);

test("clipErrors: both copies clipped, the rows times a factor, nothing between rows written", () => {
  fc.assert(
    fc.property(shapes, fc.constantFrom(0.3, 50), (c, limit) => {
      const { stride, places, items, length, uniform } = made(c);
      const xi = uniform(length, 1);
      const before = xi.view.slice();
      const rows = unwritten(team, c.images * stride);
      team.run("clipErrors", items, {
        images: c.images,
        pixels: c.pixels,
        channels: c.channels,
        stride,
        errorLimit: limit,
        factor: 7,
        xi: xi.at,
        rows: rows.at,
      });
      for (const { tile, row } of places) {
        const clipped = Math.fround(Math.max(-Math.fround(limit), Math.min(Math.fround(limit), before[tile]!)));
        expect(xi.view[tile]).toBe(clipped);
        expect(rows.view[row]).toBe(Math.fround(7 * clipped));
      }
      for (const [i, value] of rows.view.entries()) if (!isUnit(places, i)) expect(value).toBeNaN();
    }),
    { numRuns: 40 },
  );
});

test("predictionGap: the prediction less the value, 0 in lanes that are no unit's", () => {
  fc.assert(
    fc.property(shapes, fc.constantFrom(0, 1, 2), (c, kind) => {
      const { tiles, stride, places, items, length, uniform, rows } = made(c);
      const z = uniform(length, 2);
      const [scale, shift] = [uniform(tiles * 16, 1), uniform(tiles * 16, 1)];
      const x = rows();
      const e = unwritten(team, length);
      team.run("predictionGap", items, {
        kind,
        images: c.images,
        pixels: c.pixels,
        channels: c.channels,
        stride,
        factor: 0.5,
        scale: scale.at,
        shift: shift.at,
        z: z.at,
        x: x.at,
        gap: e.at,
      });
      const expected = new Float64Array(length);
      for (const { tile, row, channel } of places) {
        const drive = z.view[tile]! * scale.view[channel]! + shift.view[channel]!;
        expected[tile] = 0.5 * (VALUE[kind]!(drive) - x.view[row]!);
      }
      expect(worstGap(e.view, expected).gap).toBeLessThan(4 * ROUNDING);
    }),
    { numRuns: 60 },
  );
});

test("relaxRows: values move against the pull and towards their prediction", () => {
  fc.assert(
    fc.property(shapes, (c) => {
      const { stride, places, items, length, uniform, rows } = made(c);
      const [pull, e] = [uniform(length, 1), uniform(length, 1)];
      const x = rows();
      const before = x.view.slice();
      team.run("relaxRows", items, {
        images: c.images,
        pixels: c.pixels,
        channels: c.channels,
        stride,
        inferenceRate: 0.25,
        pull: pull.at,
        gap: e.at,
        x: x.at,
      });
      for (const { tile, row } of places) {
        const expected = before[row]! - 0.25 * (pull.view[tile]! - e.view[tile]!);
        expect(Math.abs(x.view[row]! - expected)).toBeLessThan(2 * ROUNDING);
      }
      for (const [i, value] of x.view.entries()) if (!isUnit(places, i)) expect(value).toBeNaN();
    }),
    { numRuns: 40 },
  );
});

test("exponential linear units at their ends: 0, what is tiny, what is far below, no number", () => {
  const given = [0, -1e-6, -2, -200, Number.NEGATIVE_INFINITY, Number.NaN, 3, Number.POSITIVE_INFINITY];
  const z = placed(team, [...given, ...new Array(8).fill(0)]);
  const [scale, shift, rows] = [placed(team, new Array(16).fill(1)), team.arena.f32(16), team.arena.f32(16)];
  team.run("activate", 1, {
    kind: 2,
    images: 1,
    height: 1,
    width: 1,
    channels: 8,
    up: 0,
    stride: 16,
    scale: scale.at,
    shift: shift.at,
    z: z.at,
    out: rows.at,
  });
  for (const [i, x] of given.entries()) {
    const expected = x > 0 ? x : Math.expm1(x);
    if (Number.isFinite(expected)) {
      // Relative, so that small values keep their digits.
      expect(Math.abs(rows.view[i]! - expected)).toBeLessThanOrEqual(3e-7 * Math.abs(expected));
    } else expect(rows.view[i]).toBe(expected);
  }
});
