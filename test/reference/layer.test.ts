/**
 * A layer with neurons against the float64 reference: norm, membrane, spikes, features, and the way back to every parameter.
 * Cases in which a membrane comes so near to the threshold that float32 may decide either way are passed over.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { Layer } from "../../src/nets/layer.ts";
import type { Feature } from "../../src/nets/neuron.ts";
import { pixelsOf, sizeOf } from "../../src/nets/shape.ts";
import { driveOf } from "../support/golden-engine.ts";
import { convCases, linearCases, neurons } from "../support/layer-arbitrary.ts";
import { type BuiltLayer, buildLayer, channelsFirst, grid, type LayerCase, readBlock } from "../support/layer-case.ts";
import { type Block, type BlockGradients, blockForward } from "./block.ts";
import { worstGap } from "./close.ts";
import type { Surrogate } from "./lif.ts";
import { normEpsilon, normForward } from "./norm.ts";
import { type StageOptions, type StageTrace, stageBackward, stageForward } from "./stage.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

type NeuronCase = LayerCase & { readonly neurons: NonNullable<LayerCase["neurons"]> };

const largest = (x: ArrayLike<number>): number =>
  Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The ATan surrogate of any alpha. */
const surrogateOf = (alpha: number): Surrogate => ({
  spike: (x) => (x >= 0 ? 1 : 0),
  slope: (x) => alpha / 2 / (1 + (Math.PI * (alpha / 2) * x) ** 2),
});

/** The cell of each pixel when a plane is pooled to `side` x `side` cells, and their number. */
function cellsOf({ height, width }: { height: number; width: number }, side: number) {
  const [rows, columns] = [height, width].map((size) => (side > 0 && side < size ? side : size)) as [number, number];
  const cells = Array.from({ length: height * width }, (_, p) => {
    const [y, x] = [Math.floor(p / width), p % width];
    return Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
  });
  return { cells, count: rows * columns };
}

/** Whether cells are compared by the energies of their rates. */
const byEnergy = (c: NeuronCase, feature: Feature, pixels: number, cells: number) =>
  c.neurons.pooling === "energy" && feature === "rate" && cells < pixels;

/**
 * How far a float32 drive of each channel may lie off. The norm is folded into z scale + shift, so a channel whose z hardly varies about
 * a large mean loses what cancels between the two.
 */
function allowances({ block, input }: BuiltLayer, rows: number): Float64Array {
  const channels = block.norm?.channels ?? 1;
  const sizes = new Float64Array(channels);
  if (block.norm) {
    const { scale, space } = block.norm;
    const z = blockForward({ ...block, norm: null }, input, rows).drive;
    const { inverseDeviation } = normForward(z, channels, space, scale, scale);
    for (let at = 0; at < z.length; at++) {
      const channel = Math.floor(at / space) % channels;
      sizes[channel] = Math.max(sizes[channel]!, Math.abs(z[at]! * scale[channel]! * inverseDeviation[channel]!));
    }
  }
  return sizes.map((size) => 1e-5 + 4 * 2 ** -24 * size);
}

/** Largest gap relative to what is allowed for the channel; entries are [...][channel][space]. */
function gapOver(actual: ArrayLike<number>, expected: Float64Array, allowed: Float64Array, space: number): number {
  const scale = Math.max(1, largest(expected));
  const off = expected.map(
    (value, at) => (actual[at]! - value) / (allowed[Math.floor(at / space) % allowed.length]! * scale),
  );
  return largest(off);
}

interface Shown {
  readonly allowed: Float64Array;
  readonly built: BuiltLayer;
  readonly trace: StageTrace;
  readonly options: StageOptions;
  readonly surrogate: Surrogate;
}

function show(c: NeuronCase, features: Feature): Shown {
  const built = buildLayer(team, c);
  const { theta, tau, alpha } = c.neurons;
  const options = { theta: Math.fround(theta), tau, steps: c.steps, features };
  const surrogate = surrogateOf(alpha);
  const trace = stageForward(built.block, built.input, c.images, options, surrogate);
  const allowed = allowances(built, c.steps * c.images);
  const space = built.block.norm?.space ?? 1;
  fc.pre(trace.membrane.every((h, at) => Math.abs(h - theta) > allowed[Math.floor(at / space) % allowed.length]!));
  return { allowed, built, trace, options, surrogate };
}

/** Spikes of the engine in the reference's order. */
function spikesOf(layer: Layer, images: number, steps: number): number[] {
  const { shape } = layer.synapses;
  const spikes: number[] = [];
  for (let t = 0; t < steps; t++)
    for (let b = 0; b < images; b++)
      for (let c = 0; c < shape.channels; c++)
        for (let p = 0; p < pixelsOf(shape); p++) spikes.push(layer.output!.fired(b, t, p, c) ? 1 : 0);
  return spikes;
}

function checkForward(c: NeuronCase, feature: Feature): void {
  const { allowed, built, trace } = show(c, feature);
  const { layer } = built;
  const { shape } = layer.synapses;
  const pixels = pixelsOf(shape);
  layer.forward(c.images, { train: true, feature });
  const drive = driveOf(team, layer, c.images, c.steps);
  expect(drive.length).toBe(trace.block.drive.length);
  expect(gapOver(drive, trace.block.drive, allowed, pixels), "drive").toBeLessThan(1);
  expect(spikesOf(layer, c.images, c.steps)).toEqual([...trace.spikes]);

  const { cells, count } = cellsOf(shape, c.neurons.cells);
  const energies = byEnergy(c, feature, pixels, count);
  const width = count * Math.ceil(shape.channels / 16) * 16;
  expect(layer.featureWidth).toBe(width);
  const features = new Float64Array(c.images * width);
  for (let at = 0; at < trace.features.length; at++) {
    const [image, channel] = [Math.floor(at / sizeOf(shape)), Math.floor(at / pixels) % shape.channels];
    const column = (cells[at % pixels]! * width) / count + channel;
    const value = energies ? trace.features[at]! ** 2 : trace.features[at]!;
    features[image * width + column]! += (value * count) / pixels;
  }
  if (energies) for (const [i, square] of features.entries()) features[i] = Math.sqrt(square);
  const shown = layer.features.view.subarray(0, features.length);
  const perColumn = Float64Array.from({ length: width / count }, (_, k) => allowed[k % allowed.length]!);
  expect(gapOver(shown, features, perColumn, 1), "features").toBeLessThan(1);

  const rates = layer.rates();
  for (let channel = 0; channel < shape.channels; channel++) {
    const own = trace.spikes.filter((_, at) => Math.floor(at / pixels) % shape.channels === channel);
    expect(rates[channel]).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 12);
  }
  checkStatistics(c, built);
}

/** Mean and unbiased variance of z move the running statistics by a tenth, and evaluation uses those. */
function checkStatistics(c: NeuronCase, { layer, block, input }: BuiltLayer): void {
  const { norm } = block;
  if (!norm) return;
  const bare: Block = { ...block, norm: null };
  const z = blockForward(bare, input, c.steps * c.images).drive;
  const expected = new Float64Array(z.length);
  for (let channel = 0; channel < norm.channels; channel++) {
    const at = [...z.keys()].filter((i) => Math.floor(i / norm.space) % norm.channels === channel);
    const mean = at.reduce((sum, i) => sum + z[i]!, 0) / at.length;
    const squares = at.reduce((sum, i) => sum + (z[i]! - mean) ** 2, 0);
    const variance = 0.9 + (0.1 * squares) / Math.max(1, at.length - 1);
    expect(layer.norm.runningMean.view[channel]).toBeCloseTo(0.1 * mean, 5);
    expect(layer.norm.runningVariance.view[channel]! / variance).toBeCloseTo(1, 5);
    for (const i of at) {
      expected[i] =
        (norm.scale[channel]! * (z[i]! - 0.1 * mean)) / Math.sqrt(variance + normEpsilon) + norm.shift[channel]!;
    }
  }
  layer.forward(c.images, { train: false });
  const drive = driveOf(team, layer, c.images, c.steps);
  expect(worstGap(drive, expected).gap / Math.max(1, largest(expected)), "evaluation").toBeLessThan(1e-5);
}

/** Adds up two gradients; they are linear in the features' gradient. */
const added = (a: BlockGradients, b: BlockGradients) => {
  const sum = (x: Float64Array | null, y: Float64Array | null) => x?.map((value, i) => value + y![i]!) ?? null;
  return {
    weight: sum(a.weight, b.weight)!,
    bias: sum(a.bias, b.bias)!,
    scale: sum(a.scale, b.scale),
    shift: sum(a.shift, b.shift),
  };
};

function checkBackward(c: NeuronCase, feature: Feature, pulled: boolean): void {
  const { allowed, built, trace, options, surrogate } = show(c, feature);
  const { layer, block, random } = built;
  const { shape } = layer.synapses;
  const pixels = pixelsOf(shape);
  const { cells, count } = cellsOf(shape, c.neurons.cells);
  layer.forward(c.images, { train: true, feature });

  const rows = team.arena.f32(c.images * layer.featureWidth);
  const gradFeatures = new Float64Array(c.images * sizeOf(shape));
  const cellWidth = layer.featureWidth / count;
  for (let b = 0; b < c.images; b++) {
    for (let cell = 0; cell < count; cell++) {
      for (let channel = 0; channel < shape.channels; channel++) {
        rows.view[b * layer.featureWidth + cell * cellWidth + channel] = grid(random, 1, 1)[0]!;
      }
    }
    const energies = new Float64Array(count * shape.channels);
    const rateOf = (i: number) => trace.features[b * sizeOf(shape) + channelsFirst(i, shape)]!;
    const placeOf = (i: number) => cells[Math.floor(i / shape.channels)]! * shape.channels + (i % shape.channels);
    for (let i = 0; i < sizeOf(shape); i++) energies[placeOf(i)]! += (rateOf(i) ** 2 * count) / pixels;
    for (let i = 0; i < sizeOf(shape); i++) {
      const [pixel, channel] = [Math.floor(i / shape.channels), i % shape.channels];
      const value = rows.view[b * layer.featureWidth + cells[pixel]! * cellWidth + channel]!;
      const energy = Math.sqrt(energies[placeOf(i)]!);
      const slope = !byEnergy(c, feature, pixels, count) ? 1 : energy > 0 ? rateOf(i) / energy : 0;
      gradFeatures[b * sizeOf(shape) + channelsFirst(i, shape)] = (value * slope * count) / pixels;
    }
  }
  const pull = pulled ? grid(random, shape.channels, 0.25) : new Float64Array(shape.channels);
  layer.regularisation.view.set(pull);
  layer.group.gradients.view.fill(Number.NaN);
  layer.backward(c.images, feature, rows.at);

  const own = stageBackward(block, trace, gradFeatures, c.images, options, surrogate);
  // A pull on every spike is the gradient of T times the firing rate.
  const gradRates = gradFeatures.map((_, at) => pull[Math.floor(at / pixels) % shape.channels]! * c.steps);
  const expected = added(
    own,
    stageBackward(block, trace, gradRates, c.images, { ...options, features: "rate" }, surrogate),
  );
  // The size of one term: a sum whose terms cancel is known no better.
  const inverse = block.norm ? largest(trace.block.norm!.inverseDeviation.map((s, k) => s * block.norm!.scale[k]!)) : 1;
  const term = Math.max(largest(gradFeatures) / c.steps + largest(pull), 1 / 64) * inverse;
  // The norm takes away what all rows have in common: the sum over all of them is nothing but rounding, a little of every row's.
  const rounding = block.norm ? (term * trace.membrane.length) / shape.channels / 10 : 0;
  const sums = (name: string) => name === "bias" || (name === "weight" && c.density === 1);
  const named = { weight: expected.weight, bias: expected.bias, gamma: expected.scale, beta: expected.shift };
  for (const [name, values] of Object.entries(named)) {
    if (!layer.group.has(name)) continue;
    const { gap } = worstGap(readBlock(layer, name, "gradients"), values!);
    expect(gap / Math.max(largest(values!), term, sums(name) ? rounding : 0), name).toBeLessThan(10 * largest(allowed));
  }
}

const withNeurons = (cases: fc.Arbitrary<LayerCase>): fc.Arbitrary<NeuronCase> =>
  fc.tuple(cases, neurons).map(([c, n]) => ({ ...c, neurons: n }));
const features = fc.constantFrom("rate" as const, "drive" as const, "membrane" as const);

test.each([
  ["linear", linearCases],
  ["convolutional", convCases],
] as const)("%s: drives, spikes, features, rates, running statistics", (_, cases) => {
  fc.assert(fc.property(withNeurons(cases), features, checkForward), { numRuns: 100 });
});

test.each([
  ["linear", linearCases],
  ["convolutional", convCases],
] as const)("%s: gradients of weights, biases and norm, with pull and pooling cells", (_, cases) => {
  fc.assert(fc.property(withNeurons(cases), features, fc.boolean(), checkBackward), { numRuns: 120 });
});
