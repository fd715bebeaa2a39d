/**
 * Operation counts of layers of any shape against NeuroBench's own way of counting: the layer's forward pass with every input and weight that is not 0 set to 1; and what the
 * engine performs against plain loops over outputs and taps.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { plainWeights } from "../../src/measure/footprint.ts";
import { LayerMeter } from "../../src/measure/layer-meter.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { convCases, linearCases } from "../support/layer-arbitrary.ts";
import { type BuiltLayer, buildLayer, channelsFirst, type LayerCase, readBlock } from "../support/layer-case.ts";
import { type ConvShape, convForward, convOutputSize } from "./conv.ts";

/** Sets about half of the weights to 0. */
function thin({ layer }: BuiltLayer, seed: number): void {
  const random = new RandomStream(seed, "thin");
  const weights = plainWeights(layer).map((weight) => (random.uniform() < 0.5 ? 0 : weight));
  layer.synapses.pack("weight", weights, layer.group.view("weight"));
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const presence = (values: Float64Array) => values.map((value) => (value === 0 ? 0 : 1));

/** Every pixel as 2x2: [images][channels][2 height][2 width]. */
function upsampled(x: Float64Array, width: number): Float64Array {
  return Float64Array.from({ length: 4 * x.length }, (_, at) => {
    const column = at % (2 * width);
    const row = Math.floor(at / (2 * width));
    return x[(row >> 1) * width + (column >> 1)]!;
  });
}

/** The convolution of a case as NeuroBench sees it: what comes after the upsampling. */
function convShape(c: LayerCase): ConvShape {
  const up = c.upsample ? 2 : 1;
  return {
    ...{
      channelsIn: c.input.channels,
      channelsOut: c.output.channels,
      kernel: 3,
      stride: c.stride,
      padding: c.padding,
    },
    ...{ height: c.input.height * up, width: c.input.width * up },
  };
}

/** One call: forward pass of ones and zeros, [images] of one step; the outputs kept are summed. */
function pass(c: LayerCase, x: Float64Array, weight: Float64Array, kept: "all" | "pooled" = "all"): number {
  if (c.kind === "linear") {
    const inputs = sizeOf(c.input);
    let total = 0;
    for (let b = 0; b < c.images; b++)
      for (let at = 0; at < weight.length; at++) total += weight[at]! * x[b * inputs + (at % inputs)]!;
    return total;
  }
  const shape = convShape(c);
  const seen = c.upsample ? upsampled(x, c.input.width) : x;
  const y = convForward(seen, c.images, weight, new Float64Array(shape.channelsOut), shape);
  if (kept === "all" || !c.pool) return sum(y);
  const { height, width } = convOutputSize(shape);
  // An odd last row or column is dropped; of the others one in four is a pool's winner.
  const inside = (at: number) =>
    at % width < width - (width % 2) && Math.floor(at / width) % height < height - (height % 2);
  return sum(y.filter((_, at) => inside(at))) / 4;
}

/** Counts of all T calls, per image. */
function counted(c: LayerCase, { layer, input }: BuiltLayer) {
  const weight = presence(readBlock(layer, "weight", "parameters"));
  const ones = weight.map(() => 1);
  const size = sizeOf(c.input) * c.images;
  const out = { macs: 0, acs: 0, dense: 0, gradient: 0 };
  for (let t = 0; t < c.steps; t++) {
    const x = input.subarray(t * size, (t + 1) * size);
    const binary = x.every((value) => value === 0 || Math.abs(value) === 1);
    out[binary ? "acs" : "macs"] += pass(c, presence(x), weight) / c.images;
    out.dense +=
      pass(
        c,
        x.map(() => 1),
        ones,
      ) / c.images;
    out.gradient += pass(c, presence(x), ones, "pooled") / c.images;
  }
  return out;
}

async function withLayer(c: LayerCase, use: (built: BuiltLayer, team: Team) => void): Promise<void> {
  const team = await Team.create({ maximumPages: 2048 });
  try {
    const built = buildLayer(team, c);
    thin(built, c.seed);
    built.layer.forward(c.images, { train: false });
    use(built, team);
  } finally {
    await team.close();
  }
}

function measure(team: Team, { layer }: BuiltLayer, c: LayerCase) {
  const meter = new LayerMeter(team, layer, c.steps);
  meter.add(c.images);
  return meter.result();
}

describe("synaptic operations of a layer", () => {
  for (const [name, cases] of [
    ["linear", linearCases],
    ["convolution", convCases],
  ] as const) {
    it(`are those of a forward pass of ones (${name})`, async () => {
      await fc.assert(
        fc.asyncProperty(cases, (c) =>
          withLayer(c, (built, team) => {
            const { operations, gradient, weights, zeroWeights } = measure(team, built, c);
            const expected = counted(c, built);
            // Whole numbers (quarters, where pooled), divided by the images: rounded at the last.
            expect(operations.macs).toBeCloseTo(expected.macs, 6);
            expect(operations.acs).toBeCloseTo(expected.acs, 6);
            expect(operations.dense).toBeCloseTo(expected.dense, 6);
            expect(gradient.macs + gradient.acs).toBeCloseTo(expected.gradient, 6);
            const plain = plainWeights(built.layer);
            expect([weights, zeroWeights]).toEqual([plain.length, plain.filter((weight) => weight === 0).length]);
          }),
        ),
        { numRuns: 60 },
      );
    });
  }
});

/** Motifs a train of T steps is cut into: periods 1 to min(4, T / 2) while they fit, then single steps. */
function motifs(train: readonly boolean[]): number {
  const left = [...train];
  let count = 0;
  for (let period = 1; period <= Math.min(4, Math.floor(train.length / 2)); period++) {
    const places = left.map((_, t) => t).filter((t) => t % period === period - 1);
    if (!places.every((t) => left[t])) continue;
    for (const t of places) left[t] = false;
    count++;
  }
  return count + left.filter(Boolean).length;
}

/** (output, source) pairs that meet: distinct source pixels under an output's taps, of the outputs that are kept. */
function meetings(c: LayerCase, y: number, x: number): number {
  const shape = convShape(c);
  const { height, width } = convOutputSize(shape);
  const up = c.upsample ? 2 : 1;
  const kept = (size: number) => (c.pool ? size - (size % 2) : size);
  let count = 0;
  for (let p = 0; p < kept(height); p++) {
    for (let q = 0; q < kept(width); q++) {
      const meets =
        [0, 1, 2].some((ky) => Math.floor((p * c.stride + ky - c.padding) / up) === y) &&
        [0, 1, 2].some((kx) => Math.floor((q * c.stride + kx - c.padding) / up) === x);
      if (meets) count++;
    }
  }
  return count;
}

describe("what the engine performs", () => {
  const expected = (c: LayerCase, { input }: BuiltLayer) => {
    const { height, width, channels } = c.input;
    const steps = c.source === "held" ? 1 : c.steps;
    const size = sizeOf(c.input);
    let additions = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const errorDepth = c.kind === "linear" ? sizeOf(c.output) : meetings(c, y, x) * c.output.channels;
        for (let channel = 0; channel < channels; channel++) {
          const unit = channelsFirst((y * width + x) * channels + channel, c.input);
          for (let b = 0; b < c.images; b++) {
            const train = Array.from({ length: steps }, (_, t) => input[(t * c.images + b) * size + unit] === 1);
            additions += motifs(train) * errorDepth;
          }
        }
      }
    }
    // Of the 9 taps 4 sums are made, for each parity of the window's row and column, once a batch.
    return additions + (c.upsample ? 4 * 5 * channels * c.output.channels : 0);
  };

  for (const [name, cases] of [
    ["linear, by events", linearCases.map((c) => ({ ...c, product: "events" as const }))],
    ["convolution", convCases],
  ] as const) {
    it(`is one addition a motif and output that meets it (${name})`, async () => {
      await fc.assert(
        fc.asyncProperty(
          cases.filter((c) => c.source !== "real"),
          (c) =>
            withLayer(c, (built, team) => {
              const { engine } = measure(team, built, c);
              expect(engine.macs).toBe(0);
              expect(engine.acs).toBeCloseTo(expected(c, built) / c.images, 6);
            }),
        ),
        { numRuns: 40 },
      );
    });
  }

  it("is a product of every real value once, held or not, or of those that differ from the background", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .oneof(linearCases, convCases)
          .map((c) => ({ ...c, source: "real" as const }))
          .filter((c) => !c.upsample)
          .filter((c) => c.kind === "conv" || c.output.height * c.output.width === 1),
        (c) =>
          withLayer(c, (built, team) => {
            const { engine } = measure(team, built, c);
            const inputs = sizeOf(c.input);
            if (c.kind === "conv") {
              const outputs = c.output.height * c.output.width * (c.pool ? 4 : 1) * c.output.channels;
              expect(engine).toEqual({ macs: outputs * 9 * c.input.channels, acs: 0 });
              return;
            }
            const x = built.input.subarray(0, inputs * c.images);
            const listed = x.filter((value) => value !== x[channelsFirst(0, c.input)]).length;
            const few = listed <= 0.75 * inputs * c.images;
            const macs = few ? listed + 1 : inputs * c.images;
            expect(engine.macs).toBeCloseTo((macs * c.output.channels) / c.images, 6);
            expect(engine.acs).toBeCloseTo(few ? (inputs * c.output.channels) / c.images : 0, 6);
          }),
      ),
      { numRuns: 40 },
    );
  });

  it("is a looked-up sum for 8 inputs, and 255 additions a table", async () => {
    const c: LayerCase = {
      ...{ kind: "linear", source: "spikes", product: "table", upsample: false, pool: false, stride: 1, padding: 0 },
      ...{ input: { height: 1, width: 1, channels: 19 }, output: { height: 1, width: 1, channels: 5 } },
      ...{ bias: true, images: 3, room: 0, steps: 4, density: 0.9, seed: 5 },
    };
    await withLayer(c, (built, team) => {
      // 8 + 8 + 3 inputs: 255 + 255 + 7 sums, and three look-ups in each of 12 rows.
      expect(measure(team, built, c).engine.acs).toBeCloseTo((5 * (517 + 36)) / 3, 9);
    });
  });
});
