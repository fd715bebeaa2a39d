/**
 * Convolutions of real values against the float64 reference: planes larger than the blocks the kernels work in, ties between the four of a pool,
 * repeated background, the norm's end, and the room they are given. Values are multiples of 1/64, so that drives are exact and ties are ties.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { annScratch } from "../../src/nets/conv.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { worstGap } from "./close.ts";
import { convForward, convOutputSize, convWeightGradient } from "./conv.ts";
import { maxPoolBackward, maxPoolForward } from "./pool.ts";

interface Case {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outputs: number;
  readonly pool: boolean;
  readonly stride: number;
  readonly padding: number;
  readonly bias: boolean;
  readonly norm: boolean;
  /** Share of pixels that differ from the background. */
  readonly density: number;
  readonly seed: number;
}

const CANARY = 0x5a;

/** Runs both kernels as the layers do, in exactly the room `realScratch` names. */
async function run(c: Case, threads = 1) {
  const { images, height, width, channels, outputs, stride, padding } = c;
  const team = await Team.create({ maximumPages: 1024, threads, spawn: spawnThread });
  const { arena } = team;
  const plane = convOutputSize({
    channelsIn: channels,
    channelsOut: outputs,
    height,
    width,
    kernel: 3,
    stride,
    padding,
  });
  const pool = c.pool ? 1 : 0;
  const shape = { height: plane.height >> pool, width: plane.width >> pool, channels: outputs };
  const tiles = Math.ceil(outputs / 16);
  const rows = tiles * images * shape.height * shape.width;
  const random = new RandomStream(c.seed, "conv real");
  const grid = (bound: number) => Math.floor((2 * random.uniform() - 1) * bound * 64) / 64;

  const xStride = height * width * channels + 5;
  const x = arena.f32(images * xStride);
  const background = random.below(3) === 0 ? 0 : grid(1);
  for (let i = 0; i < x.view.length; i++) x.view[i] = random.uniform() < c.density ? grid(1) : background;
  const weights = arena.f32(tiles * 9 * channels * 16);
  const biases = arena.f32(tiles * 16);
  const g = arena.f32(rows * 16);
  const coefficients = arena.f32(3 * tiles * 16);
  for (const { view } of [weights, biases, g, coefficients]) for (let i = 0; i < view.length; i++) view[i] = grid(1);
  const z = arena.f32(rows * 16);
  const winner = arena.u8(rows * 16);
  const moments = arena.f32(tiles * images * 32);
  const dWeights = arena.f32(weights.view.length);
  const dBias = arena.f32(tiles * 16);
  for (const region of [z, moments, dWeights, dBias]) region.view.fill(Number.NaN);

  const source = { height, width, channels };
  const outPlane = { outHeight: plane.height, outWidth: plane.width };
  const bytes = annScratch({ source, ...outPlane, pool, padding, shape });
  const room = (needed: number) => {
    const stride = Math.ceil(needed / 16) * 16;
    const region = arena.u8(stride * threads + 64);
    region.view.fill(random.below(2) === 0 ? 0 : 0xff, 0, stride * threads);
    region.view.fill(CANARY, stride * threads);
    return { at: region.at, stride, intact: () => region.view.subarray(stride * threads).every((b) => b === CANARY) };
  };
  const rooms = [room(bytes.forward), room(bytes.gradient)] as const;
  team.run("convolveReal", images, {
    images,
    height,
    width,
    stride,
    pad: padding,
    channels,
    outHeight: plane.height,
    outWidth: plane.width,
    pool,
    tiles,
    xStride,
    x: x.at,
    weights: weights.at,
    bias: c.bias ? biases.at : 0,
    z: z.at,
    winner: winner.at,
    moments: moments.at,
    scratch: rooms[0].at,
    scratchStride: rooms[0].stride,
  });
  team.run("convolveRealGradient", 4 * tiles, {
    images,
    height,
    width,
    stride,
    pad: padding,
    channels,
    outHeight: plane.height,
    outWidth: plane.width,
    pool,
    tiles,
    xStride,
    x: x.at,
    g: g.at,
    z: z.at,
    winner: winner.at,
    coefficients: c.norm ? coefficients.at : 0,
    dWeights: dWeights.at,
    dBias: c.bias ? dBias.at : 0,
    scratch: rooms[1].at,
    scratchStride: rooms[1].stride,
  });
  for (const { intact } of rooms) expect(intact(), "writes past its scratch memory").toBe(true);
  await team.close();
  return { c, plane, shape, tiles, xStride, x, weights, biases, g, coefficients, z, winner, moments, dWeights, dBias };
}

type Ran = Awaited<ReturnType<typeof run>>;

/** [image][channel][pixel] of a [tile][image][pixel][16] array. */
function plain({ c, shape }: Ran, packed: ArrayLike<number>): Float64Array {
  const pixels = shape.height * shape.width;
  return Float64Array.from({ length: c.images * c.outputs * pixels }, (_, i) => {
    const [b, u, p] = [Math.floor(i / pixels / c.outputs), Math.floor(i / pixels) % c.outputs, i % pixels];
    return packed[((Math.floor(u / 16) * c.images + b) * pixels + p) * 16 + (u % 16)]!;
  });
}

/** [out][in][3][3] of weights [tile][tap][channel][16]. */
function plainWeights({ c }: Ran, packed: Float32Array): Float64Array {
  return Float64Array.from({ length: c.outputs * c.channels * 9 }, (_, i) => {
    const [u, channel, k] = [Math.floor(i / 9 / c.channels), Math.floor(i / 9) % c.channels, i % 9];
    return packed[((Math.floor(u / 16) * 9 + k) * c.channels + channel) * 16 + (u % 16)]!;
  });
}

function check(ran: Ran): void {
  const { c, plane, shape } = ran;
  const { images, height, width, channels, outputs, stride, padding } = c;
  const size = { channelsIn: channels, channelsOut: outputs, height, width, kernel: 3, stride, padding };
  const x = Float64Array.from({ length: images * channels * height * width }, (_, i) => {
    const [b, channel, p] = [
      Math.floor(i / height / width / channels),
      Math.floor(i / height / width) % channels,
      i % (height * width),
    ];
    return ran.x.view[b * ran.xStride + p * channels + channel]!;
  });
  const bias = Float64Array.from({ length: outputs }, (_, u) => (c.bias ? ran.biases.view[u]! : 0));
  const drive = convForward(x, images, plainWeights(ran, ran.weights.view), bias, size);
  const planes = images * outputs;
  const pooled = c.pool ? maxPoolForward(drive, planes, plane.height, plane.width) : null;
  const z = pooled?.output ?? drive;
  expect(plain(ran, ran.z.view)).toEqual(z);
  if (pooled) {
    const which = pooled.winner.map((at, i) => {
      const p = i % (shape.height * shape.width);
      const corner = 2 * Math.floor(p / shape.width) * plane.width + 2 * (p % shape.width);
      const offset = (at % (plane.height * plane.width)) - corner;
      return offset < plane.width ? offset : 2 + offset - plane.width;
    });
    expect(plain(ran, ran.winner.view)).toEqual(Float64Array.from(which));
  }
  expectMoments(ran, z);

  let g = plain(ran, ran.g.view);
  if (c.norm) {
    const k = (row: number, u: number) => ran.coefficients.view[row * ran.tiles * 16 + u]!;
    const pixels = shape.height * shape.width;
    g = g.map((value, i) => {
      const u = Math.floor(i / pixels) % outputs;
      return value * k(0, u) + z[i]! * k(1, u) + k(2, u);
    });
  }
  const spread = pooled ? maxPoolBackward(g, pooled.winner, drive.length) : g;
  const gradient = convWeightGradient(x, spread, images, size);
  // Sums whose terms cancel are known as well as their terms.
  const terms = convWeightGradient(x.map(Math.abs), spread.map(Math.abs), images, size);
  const error = (ours: ArrayLike<number>, name: "weight" | "bias") =>
    worstGap(ours, gradient[name]).gap / Math.max(1 / 64, ...terms[name]);
  // A float32 sum's bound: half a unit of the last place a term. A lost term would be far more.
  const tolerance = Math.max(1e-6, images * shape.height * shape.width * 2 ** -24);
  expect(error(plainWeights(ran, ran.dWeights.view), "weight")).toBeLessThan(tolerance);
  if (c.bias) expect(error(ran.dBias.view.slice(0, outputs), "bias")).toBeLessThan(tolerance);
}

function expectMoments({ c, shape, moments }: Ran, z: Float64Array): void {
  const pixels = shape.height * shape.width;
  for (let b = 0; b < c.images; b++) {
    for (let u = 0; u < c.outputs; u++) {
      const values = z.subarray((b * c.outputs + u) * pixels, (b * c.outputs + u + 1) * pixels);
      const mean = values.reduce((a, v) => a + v, 0) / pixels;
      const deviation = values.reduce((a, v) => a + (v - mean) ** 2, 0);
      const at = (Math.floor(u / 16) * c.images + b) * 32 + (u % 16);
      expect(Math.abs(moments.view[at]! - mean)).toBeLessThan(1e-4);
      expect(Math.abs(moments.view[at + 16]! - deviation)).toBeLessThan(1e-4 * (1 + deviation));
    }
  }
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    images: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 1, max: 23 }),
    width: fc.integer({ min: 1, max: 23 }),
    channels: fc.constantFrom(1, 1, 2, 3, 3, 4, 5, 6),
    outputs: fc.constantFrom(1, 16, 19),
    pool: fc.boolean(),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.integer({ min: 0, max: 2 }),
    bias: fc.boolean(),
    norm: fc.boolean(),
    density: fc.constantFrom(0, 0.05, 0.3, 1),
    seed: fc.nat(),
  })
  .filter((c) => {
    const least = c.pool ? 3 + c.stride : 3;
    return Math.min(c.height, c.width) + 2 * c.padding >= least;
  });

describe("convolutions of real values", () => {
  test("meet the reference: channels, sizes, strides, borders, pooling, the norm's end", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (c) => check(await run(c))),
      { numRuns: 150 },
    );
  });

  test("are the same bytes for any number of threads", async () => {
    const c: Case = {
      ...{ images: 5, height: 19, width: 22, channels: 3, outputs: 35, pool: true, stride: 1, padding: 1 },
      ...{ bias: true, norm: true, density: 0.4, seed: 3 },
    };
    const [one, three] = [await run(c), await run(c, 3)];
    for (const name of ["z", "winner", "moments", "dWeights", "dBias"] as const) {
      expect(three[name].view, name).toEqual(one[name].view);
    }
  });
});
