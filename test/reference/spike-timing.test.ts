/** The spike-timing kernel against all pairs of spikes, one by one, in float64; and a train worked out by hand. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LANES } from "../../src/engine/kernels.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";

let teams: Team[];
beforeAll(async () => {
  const make = (threads: number) => Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
  teams = [await make(1), await make(3)];
});
afterAll(async () => {
  for (const team of teams) await team.close();
});

interface Case {
  readonly images: number;
  readonly steps: number;
  readonly held: boolean;
  readonly pixels: number;
  readonly channels: number;
  /** p, q: what is left of a trace a step later. */
  readonly before: number;
  readonly after: number;
  readonly potentiation: number;
  readonly depression: number;
  readonly density: number;
  readonly seed: number;
}

const cases = fc.record<Case>({
  images: fc.integer({ min: 1, max: 5 }),
  steps: fc.integer({ min: 1, max: 9 }),
  held: fc.boolean(),
  pixels: fc.constantFrom(1, 2, 9),
  channels: fc.constantFrom(1, 15, 16, 17, 35),
  // Factors of no more digits than float32 has, so that both sides work with the same numbers.
  before: fc.integer({ min: 0, max: 64 }).map((x) => x / 64),
  after: fc.integer({ min: 0, max: 64 }).map((x) => x / 64),
  potentiation: fc.integer({ min: 0, max: 128 }).map((x) => x / 64),
  depression: fc.integer({ min: 0, max: 128 }).map((x) => x / 64),
  density: fc.constantFrom(0, 0.2, 0.5, 1),
  seed: fc.integer({ min: 0, max: 1e6 }),
});

/** The kernel's g as [image][distinct step][pixel][channel], and what is in unused lanes. */
function run(team: Team, c: Case, spikes: Uint8Array, factors: Float32Array) {
  const { images, steps, held, pixels, channels } = c;
  const tiles = Math.ceil(channels / LANES);
  const seen = held ? 1 : steps;
  const masks = team.arena.u16(images * steps * pixels * tiles);
  const rewards = team.arena.f32(images);
  const g = team.arena.f32(tiles * images * seen * pixels * LANES);
  g.view.fill(Number.NaN);
  rewards.view.set(factors);
  for (const [i, spike] of spikes.entries()) {
    const channel = i % channels;
    const row = Math.floor(i / channels);
    if (spike) masks.view[row * tiles + Math.floor(channel / LANES)]! |= 1 << (channel % LANES);
  }
  const { before, after, potentiation, depression } = c;
  team.run("spikeTiming", tiles * images, {
    images,
    steps,
    zSteps: seen,
    pixels,
    tiles,
    potentiationDecay: before,
    depressionDecay: after,
    potentiation,
    depression,
    masks: masks.at,
    factors: rewards.at,
    g: g.at,
  });
  const found = new Float64Array(images * seen * pixels * channels);
  let unused = 0;
  for (let tile = 0, at = 0; tile < tiles; tile++) {
    for (let b = 0; b < images; b++) {
      for (let row = 0; row < seen * pixels; row++) {
        for (let lane = 0; lane < LANES; lane++, at++) {
          const channel = tile * LANES + lane;
          if (channel >= channels) unused += Math.abs(g.view[at]!);
          else found[(b * seen * pixels + row) * channels + channel] = g.view[at]!;
        }
      }
    }
  }
  return { found, unused };
}

/** Every pair of a sender's possible spike at step t and the neuron's spike at u, on its own; `size` is the sum of the pairs' sizes. */
function plain(c: Case, spikes: Uint8Array, factors: Float32Array) {
  const { images, steps, held, pixels, channels, before, after, potentiation, depression } = c;
  const seen = held ? 1 : steps;
  const units = pixels * channels;
  const values = new Float64Array(images * seen * units);
  const size = new Float64Array(values.length);
  for (let b = 0; b < images; b++) {
    for (let unit = 0; unit < units; unit++) {
      for (let t = 0; t < steps; t++) {
        const at = (b * seen + (held ? 0 : t)) * units + unit;
        for (let u = 0; u < steps; u++) {
          if (!spikes[(b * steps + u) * units + unit]) continue;
          const pair = u >= t ? potentiation * before ** (u - t) : -depression * after ** (t - u);
          values[at]! += factors[b]! * pair;
          size[at]! += Math.abs(factors[b]! * pair);
        }
      }
    }
  }
  return { values, size };
}

test("all pairs of spikes, for planes and flat populations of any size; the same bytes on three threads", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const random = new RandomStream(c.seed, "spike timing");
      const length = c.images * c.steps * c.pixels * c.channels;
      const spikes = Uint8Array.from({ length }, () => (random.uniform() < c.density ? 1 : 0));
      const factors = Float32Array.from({ length: c.images }, () => random.uniform() - 0.5);
      const { found, unused } = run(teams[0]!, c, spikes, factors);
      const { values, size } = plain(c, spikes, factors);
      expect(unused).toBe(0);
      // A rounding a step of either trace, and of their difference.
      for (const [i, value] of found.entries())
        expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(4 * c.steps * 2 ** -23 * size[i]!);
      expect(run(teams[1]!, c, spikes, factors).found).toEqual(found);
    }),
    { numRuns: 150 },
  );
});

test("by hand: spikes at steps 0 and 2 of 4, traces that halve", () => {
  const c = { images: 1, steps: 4, held: false, pixels: 1, channels: 1, density: 0, seed: 0 } as const;
  const traces = { before: 0.5, after: 0.5, potentiation: 1, depression: 2 };
  const { found } = run(teams[0]!, { ...c, ...traces }, Uint8Array.of(1, 0, 1, 0), Float32Array.of(1));
  // A sender at step 0: 1 for the spike beside it, 1/4 for that at 2. At 1: 1/2 for 2, less 2 * 1/2 for 0. At 2: 1, less 2 * 1/4. At 3: less 2 * (1/8 + 1/2).
  expect([...found]).toEqual([1.25, -0.5, 0.5, -1.25]);
  const held = run(teams[0]!, { ...c, ...traces, held: true }, Uint8Array.of(1, 0, 1, 0), Float32Array.of(-2));
  expect(held.found[0]! + 0).toBe(0);
  // Steeper for pairs in order than the traces are alike: 1 + 1/2 + 1/4 and 1, less 2 * (1/2 + 1/8 + 1/2 * 1 ...) no longer cancel.
});
