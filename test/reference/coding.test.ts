/** Stimulus codes against their definitions; the Poisson code's numbers against the TypeScript Philox. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { philox, RandomStream, streamKey } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { Population } from "../../src/nets/population.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { stimulusEncoder } from "../../src/nets/stimulus-codes.ts";
import { targetCode } from "../../src/nets/target-codes.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

const cases = fc.record({
  shape: fc.record({
    height: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 1, max: 3 }),
    channels: fc.constantFrom(1, 3, 16, 18),
  }),
  images: fc.integer({ min: 1, max: 4 }),
  steps: fc.integer({ min: 1, max: 5 }),
  counter: fc.constantFrom(0, 1, 77, 0xffffffff),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** Encodes random intensities, some of them 0, 1 or beyond; calls `visit` for each unit with its index within an image. */
function encode(
  coding: "poisson" | "latency",
  { shape, images, steps, counter, seed }: Case,
  visit: (at: { image: number; step: number; id: number; unit: number; x: number; fired: boolean }) => void,
): void {
  const random = new RandomStream(seed, "intensities");
  const size = sizeOf(shape);
  const stride = size + 5;
  const x = team.arena.f32(images * stride);
  // 1e-9 is so dark that 1 - x rounds to 1: it still fires, at the last step.
  const special = [0, 1, 1.5, -0.25, 0.25, 1e-9];
  for (let i = 0; i < x.view.length; i++) x.view[i] = special[random.below(12)] ?? random.uniform();
  const ids = team.arena.u32(images);
  for (let b = 0; b < images; b++) ids.view[b] = random.nextU32();
  const population = new Population(team, shape, steps, images, "linear");
  population.masks.view.fill(0xffff);
  stimulusEncoder(team, coding, { at: x.at, stride }, ids, population, seed).encode(images, counter, true);
  for (let image = 0; image < images; image++)
    for (let step = 0; step < steps; step++)
      for (let unit = 0; unit < size; unit++) {
        const fired = population.fired(image, step, Math.floor(unit / shape.channels), unit % shape.channels);
        visit({ image, step, id: ids.view[image]!, unit, x: x.view[image * stride + unit]!, fired });
      }
  // Units beyond the last channel must stay silent: event lists would take them for the next pixel's.
  const spare = 0xffff & ~((1 << (((shape.channels - 1) % 16) + 1)) - 1);
  const tiles = Math.ceil(shape.channels / 16);
  for (let at = tiles - 1; at < population.masks.view.length; at += tiles)
    expect(population.masks.view[at]! & spare).toBe(0);
}

test("poisson: fires where a Philox number of (position, step, image, batch) lies below the intensity", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const key = streamKey(c.seed, "stimulus");
      encode("poisson", c, ({ step, id, unit, x, fired }) => {
        const word = philox([unit >> 2, step, id, c.counter], key)[unit & 3]!;
        expect(fired).toBe((word >>> 8) / 2 ** 24 < x);
      });
    }),
    { numRuns: 40 },
  );
});

test("poisson: a number equal to the intensity does not fire, so that 0 never does", () => {
  const [key0, key1] = streamKey(4, "stimulus");
  const x = team.arena.f32(8);
  const ids = team.arena.u32(1);
  const population = new Population(team, { height: 1, width: 1, channels: 8 }, 1, 1, "linear");
  for (let unit = 0; unit < 8; unit++) {
    const number = (philox([unit >> 2, 0, 0, 0], [key0, key1])[unit & 3]! >>> 8) / 2 ** 24;
    x.view[unit] = unit % 2 === 0 ? number : number + 2 ** -24;
  }
  stimulusEncoder(team, "poisson", { at: x.at, stride: 8 }, ids, population, 4).encode(1, 0, true);
  expect([...population.counts.view]).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
});

test("poisson: the rate is the intensity", () => {
  const shape = { height: 1, width: 1, channels: 16 };
  const population = new Population(team, shape, 4, 200, "linear");
  const x = team.arena.f32(200 * 16);
  for (let i = 0; i < x.view.length; i++) x.view[i] = (i % 16) / 15;
  const ids = team.arena.u32(200);
  for (let b = 0; b < 200; b++) ids.view[b] = b;
  stimulusEncoder(team, "poisson", { at: x.at, stride: 16 }, ids, population, 9).encode(200, 0, true);
  for (let c = 0; c < 16; c++) {
    const p = c / 15;
    let spikes = 0;
    for (let b = 0; b < 200; b++) for (let t = 0; t < 4; t++) spikes += population.fired(b, t, 0, c) ? 1 : 0;
    // Four standard deviations of 800 throws.
    expect(Math.abs(spikes / 800 - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / 800));
  }
});

test("latency: one spike, at step floor((1 - x) T), none where the intensity is 0 or less", () => {
  fc.assert(
    fc.property(cases, (c) => {
      encode("latency", c, ({ step, x, fired }) => {
        const when = Math.min(c.steps - 1, Math.floor(Math.fround(Math.fround(1 - Math.min(1, x)) * c.steps)));
        expect(fired).toBe(x > 0 && step === when);
      });
    }),
    { numRuns: 40 },
  );
});

test("target codes: one-hot, or random halves that differ", () => {
  const oneHot = targetCode("one-hot", 3, 0, 1);
  expect([...oneHot.bits]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.constantFrom(0, 16, 31), fc.nat(), (classes, size, seed) => {
      const { width, bits } = targetCode("random", classes, size, seed);
      expect(width).toBe(size || 4 * classes);
      const codes = Array.from({ length: classes }, (_, c) => bits.subarray(c * width, (c + 1) * width));
      for (const code of codes) expect(code.reduce((a, b) => a + b, 0)).toBe(width >> 1);
      expect(new Set(codes.map((code) => code.join(""))).size).toBe(classes);
    }),
  );
  expect(() => targetCode("random", 5, 2, 1)).toThrow(/targetSize/);
  const drawn = (seed: number) => targetCode("random", 5, 0, seed).bits.join("");
  expect(drawn(1)).toBe(drawn(1));
  expect(drawn(2)).not.toBe(drawn(1));
});
