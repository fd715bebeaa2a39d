/**
 * The neurons' kernels alone against the float64 reference: more rows than take a step together, as images or as pixels, and many numbers of steps.
 * Cases in which a membrane comes so near to the threshold that float32 may decide either way are passed over.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROWS } from "../../src/engine/kernels.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { relativeGap } from "./close.ts";
import { lifBackward, lifForward } from "./lif.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

const ALPHA = 2;
const cases = fc
  .record({
    /** Images of one pixel, or pixels of a few images. */
    rows: fc.integer({ min: 1, max: 2 * ROWS + 5 }),
    flat: fc.boolean(),
    tiles: fc.integer({ min: 1, max: 2 }),
    /** Half of them four, for which the gradient has a path of its own. */
    steps: fc.oneof(fc.constant(4), fc.integer({ min: 1, max: 9 })),
    held: fc.boolean(),
    chunkImages: fc.integer({ min: 1, max: 80 }),
    cells: fc.integer({ min: 1, max: 4 }),
    pooled: fc.boolean(),
    tau: fc.constantFrom(1, 1.5, 2, 4),
    feature: fc.constantFrom("rate" as const, "drive" as const, "membrane" as const, "energy" as const),
    seed: fc.nat(),
  })
  .map((c) => ({
    ...c,
    // One pixel is no cell: its energy is its rate, and the layer asks for that.
    feature: c.flat && c.feature === "energy" ? ("rate" as const) : c.feature,
    images: c.flat ? c.rows : 1 + (c.seed % 3),
    pixels: c.flat ? 1 : c.rows,
    zSteps: c.held ? 1 : c.steps,
    cells: c.pooled ? Math.min(c.cells, c.flat ? 1 : c.rows) : c.flat ? 1 : c.rows,
  }));
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const CODES = { rate: 1, drive: 2, membrane: 3, energy: 4 };
const THETA = Math.fround(0.7);

/** Every neuron's drive by step, [image][pixel][neuron][step], and where its z lies. */
function* neuronsOf({ images, pixels, tiles, zSteps }: Case) {
  for (let b = 0; b < images; b++)
    for (let p = 0; p < pixels; p++)
      for (let c = 0; c < tiles * 16; c++) {
        const at = (t: number) => (((((c >> 4) * images + b) * zSteps + t) * pixels + p) << 4) + (c & 15);
        yield { b, p, c, at };
      }
}

function build(c: Case) {
  const { images, pixels, tiles, steps, zSteps, cells } = c;
  const random = new RandomStream(c.seed, "neurons");
  const neurons = tiles * 16;
  const chunks = Math.ceil(images / c.chunkImages);
  const region = (length: number, low: number, high: number) => {
    const made = team.arena.f32(length);
    random.fillUniform(made.view, low, high);
    return made;
  };
  const dirty = (length: number) => {
    const made = team.arena.f32(length);
    made.view.fill(Number.NaN);
    return made;
  };
  const cellOf = team.arena.i32(pixels);
  for (let p = 0; p < pixels; p++) cellOf.view[p] = cells === pixels ? p : random.below(cells);
  return {
    chunks,
    cellOf,
    scale: region(neurons, 0.5, 1.5),
    shift: region(neurons, -0.3, 0.6),
    mean: region(neurons, -0.5, 0.5),
    inverse: region(neurons, 0.5, 2),
    pull: region(neurons, -0.2, 0.2),
    z: region(tiles * images * zSteps * pixels * 16, -1, 2),
    g: dirty(tiles * images * zSteps * pixels * 16),
    masks: team.arena.u16(images * steps * pixels * tiles),
    counts: dirty(neurons * chunks),
    sums: dirty(neurons * chunks * 2),
    features: dirty(images * cells * neurons),
    inverses: dirty(images * cells * neurons),
    gradients: region(images * cells * neurons, -1, 1),
    share: cells === pixels ? 1 : 0.25,
    sizes: {
      chunks,
      chunkImages: c.chunkImages,
      images,
      steps,
      zSteps,
      pixels,
      tiles,
      decay: 1 / c.tau,
      threshold: THETA,
      cellCount: cells,
    },
  };
}
type Built = ReturnType<typeof build>;

/** The float64 run of one neuron. */
function reference(c: Case, { z, scale, shift }: Built, neuron: number, at: (t: number) => number) {
  const drive = Float64Array.from(
    { length: c.steps },
    (_, t) => z.view[at(c.held ? 0 : t)]! * scale.view[neuron]! + shift.view[neuron]!,
  );
  const trace = lifForward(drive, 1, { theta: THETA, tau: c.tau });
  fc.pre(trace.membrane.every((h) => Math.abs(h - THETA) > 3e-6));
  return { drive, trace };
}

test("masks, counts and features", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const built = build(c);
      const { images, pixels, tiles, steps, cells } = c;
      const neurons = tiles * 16;
      const features = new Float64Array(images * cells * neurons);
      const counts = new Float64Array(neurons * built.chunks);
      const fired = new Uint16Array(images * steps * pixels * tiles);
      for (const { b, p, c: neuron, at } of neuronsOf(c)) {
        const { drive, trace } = reference(c, built, neuron, at);
        const read = { rate: trace.spikes, drive, membrane: trace.membrane, energy: trace.spikes }[c.feature];
        const cell = (b * cells + built.cellOf.view[p]!) * neurons + neuron;
        const mean = read.reduce((sum, value) => sum + value, 0) / steps;
        features[cell]! += (c.feature === "energy" ? mean ** 2 : mean) * built.share;
        for (let t = 0; t < steps; t++) {
          if (trace.spikes[t] === 0) continue;
          fired[((b * steps + t) * pixels + p) * tiles + (neuron >> 4)]! |= 1 << (neuron & 15);
          counts[((neuron >> 4) * built.chunks + Math.floor(b / c.chunkImages)) * 16 + (neuron & 15)]!++;
        }
      }
      if (c.feature === "energy") for (const [i, value] of features.entries()) features[i] = Math.sqrt(value);
      const scratch = team.scratch(ROWS * 256);
      team.run("neuronForward", tiles * built.chunks, {
        ...built.sizes,
        feature: CODES[c.feature],
        share: built.share,
        scale: built.scale.at,
        shift: built.shift.at,
        z: built.z.at,
        masks: built.masks.at,
        counts: built.counts.at,
        features: built.features.at,
        inverses: built.inverses.at,
        cells: built.cellOf.at,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      expect([...built.masks.view]).toEqual([...fired]);
      expect([...built.counts.view]).toEqual([...counts]);
      expect(relativeGap(built.features.view, features)).toBeLessThan(1e-5);
      if (c.feature !== "energy") return;
      const inverses = features.map((value) => (value > 0 ? 1 / value : 0));
      expect(relativeGap(built.inverses.view, inverses)).toBeLessThan(1e-5);
    }),
    { numRuns: 60 },
  );
});

test("gradients of the drive, and their chunk sums", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const built = build(c);
      const { images, pixels, tiles, steps, zSteps, cells } = c;
      const neurons = tiles * 16;
      new RandomStream(c.seed, "inverses").fillUniform(built.inverses.view, 0, 4);
      const expected = new Float64Array(tiles * images * zSteps * pixels * 16);
      const sums = new Float64Array(neurons * built.chunks * 2);
      for (const { b, p, c: neuron, at } of neuronsOf(c)) {
        const { trace } = reference(c, built, neuron, at);
        const cell = (b * cells + built.cellOf.view[p]!) * neurons + neuron;
        const count = trace.spikes.reduce((sum, spike) => sum + spike, 0);
        // Energy: dE/dS = share S / E; the inverse of E is whatever the way there has kept.
        const slope = c.feature === "energy" ? (count / steps) * built.inverses.view[cell]! : 1;
        const feedback = (built.gradients.view[cell]! * slope * built.share) / steps;
        const own = built.pull.view[neuron]!;
        const ofSpikes = c.feature === "rate" || c.feature === "energy";
        const spikes = new Float64Array(steps).fill(own + (ofSpikes ? feedback : 0));
        const membrane = new Float64Array(steps).fill(c.feature === "membrane" ? feedback : 0);
        const dX = lifBackward(spikes, membrane, trace, 1, { theta: THETA, tau: c.tau });
        for (let t = 0; t < steps; t++) {
          const value = dX[t]! + (c.feature === "drive" ? feedback : 0);
          const place = at(c.held ? 0 : t);
          expected[place]! += value;
          const standard = (built.z.view[place]! - built.mean.view[neuron]!) * built.inverse.view[neuron]!;
          const row = ((neuron >> 4) * built.chunks + Math.floor(b / c.chunkImages)) * 32 + (neuron & 15);
          sums[row]! += value;
          sums[row + 16]! += value * standard;
        }
      }
      const scratch = team.scratch(ROWS * (steps * 16 + 144));
      team.run("neuronBackward", tiles * built.chunks, {
        ...built.sizes,
        slope: ALPHA / 2,
        feature: CODES[c.feature],
        share: built.share,
        scale: built.scale.at,
        shift: built.shift.at,
        mean: built.mean.at,
        inverse: built.inverse.at,
        z: built.z.at,
        gradients: built.gradients.at,
        inverses: built.inverses.at,
        cells: built.cellOf.at,
        pull: built.pull.at,
        g: built.g.at,
        sums: built.sums.at,
        scratch: scratch.at,
        scratchStride: scratch.stride,
      });
      expect(relativeGap(built.g.view, expected)).toBeLessThan(2e-5);
      expect(relativeGap(built.sums.view, sums)).toBeLessThan(2e-5);
    }),
    { numRuns: 60 },
  );
});
