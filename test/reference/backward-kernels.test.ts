/**
 * Kernels of backprop through feed-forward layers against plain float64 loops: a neuron's steps from a gradient of every spike, over pixels and chunks of images, and real units
 * (rectified, tanh, exponential linear) there and back. Cases in which a membrane or drive comes so near to its border that float32 may decide either way are passed over.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { tilesFor, unwritten } from "../support/packed.ts";
import { worstGap } from "./close.ts";
import { lifBackward, lifForward } from "./lif.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 8192 });
});
afterAll(() => team.close());

const ALPHA = 2;
const THETA = Math.fround(0.7);
/** Rounding of a float32 sum of a few terms, relative to their size. */
const ROUNDING = 8 * 2 ** -24;

interface Planes {
  readonly tiles: number;
  readonly images: number;
  /** Images a chunk of the norm's sums covers. */
  readonly chunkImages: number;
  readonly pixels: number;
  readonly seed: number;
}

const planes = {
  tiles: fc.integer({ min: 1, max: 3 }),
  images: fc.integer({ min: 1, max: 5 }),
  chunkImages: fc.integer({ min: 1, max: 6 }),
  pixels: fc.integer({ min: 1, max: 7 }),
  seed: fc.nat(),
};

/** Random values of a case, and the place of [tile][image][step][pixel][16]. */
function made({ tiles, images, pixels, seed }: Planes) {
  const random = new RandomStream(seed, "backward kernels");
  const region = (length: number, low: number, high: number) => {
    const own = team.arena.f32(length);
    random.fillUniform(own.view, low, high);
    return own;
  };
  const width = tiles * 16;
  const norm = {
    ...{ scale: region(width, 0.5, 1.5), shift: region(width, -0.2, 0.2) },
    ...{ mean: region(width, -0.5, 0.5), inverse: region(width, 0.5, 2) },
  };
  const place = (unit: number, image: number, step: number, pixel: number, steps: number) =>
    ((((unit >> 4) * images + image) * steps + step) * pixels + pixel) * 16 + (unit & 15);
  const { scale, shift, mean, inverse } = norm;
  const addresses = { scale: scale.at, shift: shift.at, mean: mean.at, inverse: inverse.at };
  return { region, norm, place, width, addresses };
}

/** Chunk sums of dX and dX x^, and the sizes of what they add up, at the kernel's places. */
class Sums {
  readonly values: Float64Array;
  readonly sizes: Float64Array;
  readonly #chunks: number;

  constructor({ tiles }: Planes, chunks: number) {
    this.#chunks = chunks;
    this.values = new Float64Array(tiles * chunks * 32);
    this.sizes = new Float64Array(tiles * chunks * 32);
  }

  add(unit: number, chunk: number, dX: number, standard: number): void {
    const at = ((unit >> 4) * this.#chunks + chunk) * 32 + (unit & 15);
    for (const [k, term] of [dX, dX * standard].entries()) {
      this.values[at + 16 * k]! += term;
      this.sizes[at + 16 * k]! += Math.abs(dX) * (1 + Math.abs(standard));
    }
  }

  expect(found: Float32Array): void {
    for (const [i, value] of this.values.entries())
      expect(Math.abs(found[i]! - value), `sum ${i}`).toBeLessThanOrEqual(40 * ROUNDING * this.sizes[i]!);
  }
}

const neurons = fc.record({
  ...planes,
  steps: fc.integer({ min: 1, max: 6 }),
  /** Whether the drive, and the gradient of the spikes, are the same at all steps. */
  heldDrive: fc.boolean(),
  heldGradient: fc.boolean(),
  tau: fc.constantFrom(1, 1.5, 2, 4),
});

test("dX through a neuron's steps from a gradient of every spike, held or not, and the norm's chunk sums", () => {
  fc.assert(
    fc.property(neurons, (c) => {
      const { tiles, images, chunkImages, pixels, steps, tau } = c;
      const { region, norm, place, width, addresses } = made(c);
      const [zSteps, sSteps] = [c.heldDrive ? 1 : steps, c.heldGradient ? 1 : steps];
      const z = region(width * images * zSteps * pixels, -1, 2);
      const dS = region(width * images * sSteps * pixels, -1, 1);
      const g = unwritten(team, z.view.length);
      const chunks = Math.ceil(images / chunkImages);
      const sums = new Sums(c, chunks);
      const found = unwritten(team, sums.values.length);
      const expected = new Float64Array(g.view.length);
      for (let unit = 0; unit < width; unit++) {
        const [scale, shift] = [norm.scale.view[unit]!, norm.shift.view[unit]!];
        for (let b = 0; b < images; b++) {
          for (let p = 0; p < pixels; p++) {
            const zAt = (t: number) => place(unit, b, Math.min(t, zSteps - 1), p, zSteps);
            const x = Float64Array.from({ length: steps }, (_, t) => z.view[zAt(t)]! * scale + shift);
            const trace = lifForward(x, 1, { theta: THETA, tau });
            fc.pre(trace.membrane.every((h) => Math.abs(h - THETA) > 3e-6));
            const own = Float64Array.from(
              { length: steps },
              (_, t) => dS.view[place(unit, b, Math.min(t, sSteps - 1), p, sSteps)]!,
            );
            const dX = lifBackward(own, new Float64Array(steps), trace, 1, { theta: THETA, tau });
            for (let t = 0; t < steps; t++) {
              expected[zAt(t)]! += dX[t]!;
              const standard = (z.view[zAt(t)]! - norm.mean.view[unit]!) * norm.inverse.view[unit]!;
              sums.add(unit, Math.floor(b / chunkImages), dX[t]!, standard);
            }
          }
        }
      }
      const scratch = team.scratch(steps * 16);
      team.run("neuronBackwardSpikes", tiles * chunks, {
        chunks,
        chunkImages,
        images,
        steps,
        zSteps,
        sSteps,
        pixels,
        decay: 1 / tau,
        threshold: THETA,
        slope: ALPHA / 2,
        ...addresses,
        z: z.at,
        spikes: dS.at,
        g: g.at,
        sums: found.at,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      // A gradient is at most 1 times the steps it is summed over.
      expect(worstGap(g.view, expected).gap).toBeLessThan(40 * ROUNDING * steps);
      sums.expect(found.view);
    }),
    { numRuns: 60 },
  );
});

const annUnits = fc.record({
  kind: fc.constantFrom(0, 1, 2),
  ...planes,
  tiles: fc.constant(0),
  pixels: fc.constant(0),
  height: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 4 }),
  channels: fc.constantFrom(1, 2, 3, 5, 16, 17, 33),
  up: fc.constantFrom(0, 1),
});

const VALUE = [(x: number) => Math.max(0, x), Math.tanh, (x: number) => (x > 0 ? x : Math.expm1(x))];
const SLOPE = [
  (x: number) => (x > 0 ? 1 : 0),
  (x: number) => 1 - Math.tanh(x) ** 2,
  (x: number) => (x > 0 ? 1 : Math.exp(x)),
];

test("real units: rows of any width, upsampled or not, dX and the norm's chunk sums", () => {
  fc.assert(
    fc.property(annUnits, ({ kind, height, columns, channels, up, ...rest }) => {
      const c: Planes = { ...rest, tiles: tilesFor(channels), pixels: height * columns };
      const { tiles, images, chunkImages, pixels } = c;
      const { region, norm, place, width, addresses } = made(c);
      const z = region(width * images * pixels, -1, 1);
      const above = region(width * images * pixels, -1, 1);
      const stride = (pixels << (2 * up)) * channels + 3;
      const rows = unwritten(team, images * stride);
      const expectedRows = new Float64Array(images * stride).fill(Number.NaN);
      const g = unwritten(team, z.view.length);
      const chunks = Math.ceil(images / chunkImages);
      const sums = new Sums(c, chunks);
      const found = unwritten(team, sums.values.length);
      const expected = new Float64Array(g.view.length);
      for (let unit = 0; unit < width; unit++) {
        for (let b = 0; b < images; b++) {
          for (let p = 0; p < pixels; p++) {
            const at = place(unit, b, 0, p, 1);
            const x = z.view[at]! * norm.scale.view[unit]! + norm.shift.view[unit]!;
            if (kind === 0) fc.pre(Math.abs(x) > 1e-6);
            const dX = above.view[at]! * SLOPE[kind]!(x);
            expected[at] = dX;
            const standard = (z.view[at]! - norm.mean.view[unit]!) * norm.inverse.view[unit]!;
            sums.add(unit, Math.floor(b / chunkImages), dX, standard);
            for (let q = 0; unit < channels && q < 1 << (2 * up); q++) {
              const y = (Math.floor(p / columns) << up) + (q >> 1);
              const column = ((p % columns) << up) + (q & 1);
              expectedRows[b * stride + (y * (columns << up) + column) * channels + unit] = VALUE[kind]!(x);
            }
          }
        }
      }
      team.run("activate", tiles * images, {
        kind,
        images,
        height,
        width: columns,
        channels,
        up,
        stride,
        scale: addresses.scale,
        shift: addresses.shift,
        z: z.at,
        out: rows.at,
      });
      team.run("activateBackward", tiles * chunks, {
        kind,
        chunks,
        chunkImages,
        images,
        pixels,
        ...addresses,
        z: z.at,
        above: above.at,
        g: g.at,
        sums: found.at,
      });
      for (const [i, value] of expectedRows.entries()) {
        if (Number.isNaN(value)) expect(rows.view[i], `float ${i} is no unit's`).toBeNaN();
        else expect(Math.abs(rows.view[i]! - value), `value ${i}`).toBeLessThan(2 * ROUNDING);
      }
      // Rectified gradients are passed on or not: exact.
      expect(worstGap(g.view, expected).gap).toBeLessThanOrEqual(kind === 0 ? 0 : 2 * ROUNDING);
      sums.expect(found.view);
    }),
    { numRuns: 100 },
  );
});
