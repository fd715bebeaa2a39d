/**
 * What sees reconstructs what is below it: loss, the read-out's gradients and the gradient added to the stage's rates, against plain float64 loops over cells and pixels; and that gradient
 * against central differences of the loss, which is a function of the rates.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { ConvSynapses } from "../../src/nets/conv.ts";
import { Layer } from "../../src/nets/layer.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import { neuronDefaults } from "../../src/nets/neuron.ts";
import { Population } from "../../src/nets/population.ts";
import { flat, pixelsOf, type Shape, sizeOf } from "../../src/nets/shape.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { type Below, LocalReconstruction } from "../../src/rules/local-reconstruction.ts";

const cases = fc.record({
  plane: fc.boolean(),
  height: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 2, max: 4 }),
  channels: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(16, 17)),
  belowChannels: fc.integer({ min: 1, max: 5 }),
  spikes: fc.boolean(),
  images: fc.integer({ min: 1, max: 4 }),
  steps: fc.integer({ min: 1, max: 8 }),
  weight: fc.constantFrom(1, 2.5),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** Rates of image, cell and channel, 0 outside the plane. */
type LearningRates = (image: number, y: number, x: number, channel: number) => number;

const padTo = (n: number) => Math.ceil(n / 16) * 16;

async function run(c: Case, threads = 1) {
  const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
  const random = new RandomStream(c.seed, "local reconstruct");
  const { images, steps } = c;
  const room = images + 1;
  const shape: Shape = c.plane ? { height: c.height, width: c.width, channels: c.channels } : flat(c.channels);
  const belowShape: Shape = { height: 2 * c.height, width: 2 * c.width, channels: c.belowChannels };
  const fill = (population: Population) => {
    const { view } = population.masks;
    view.fill(0);
    for (let b = 0; b < images; b++) {
      for (let t = 0; t < steps; t++) {
        for (let p = 0; p < pixelsOf(population.shape); p++) {
          for (let u = 0; u < population.shape.channels; u++) {
            if (random.uniform() < 0.3) population.set(b, t, p, u, true);
          }
        }
      }
    }
  };
  // The layer lends its spikes only; what it reads does not matter.
  const input = new Population(team, belowShape, steps, room, c.plane ? "conv" : "linear");
  const stride = padTo(sizeOf(belowShape));
  const pixels = team.arena.f32(room * stride);
  for (let i = 0; i < pixels.view.length; i++) pixels.view[i] = 2 * random.uniform() - 1;
  const below: Below = c.spikes ? input : { at: pixels.at, stride, shape: belowShape };
  const synapses = c.plane
    ? new ConvSynapses(team, input, { channels: c.channels, stride: 2, bias: false })
    : new LinearSynapses(team, input, shape, false);
  const neurons = { ...neuronDefaults, norm: true, pool: 0, reader: "linear" as const };
  const layer = new Layer(team, { name: "perception.stage2", synapses, maxImages: room, steps, neurons });
  fill(input);
  fill(layer.output!);
  const reconstruct = new LocalReconstruction(team, layer, below, room);
  const shapes = reconstruct.parameters.shapes;
  for (const block of ["weight", "bias"] as const) {
    const length = shapes[block]!.reduce((a, b) => a * b, 1);
    reconstruct.parameters.write(
      block,
      Float32Array.from({ length }, () => 2 * random.uniform() - 1),
    );
  }
  const gradient = team.arena.f32(images * layer.featureWidth);
  gradient.view.fill(0.5);
  reconstruct.group.gradients.view.fill(Number.NaN);
  const loss = reconstruct.learn(images, c.weight, gradient.at);
  const rate = (population: Population, b: number, p: number, u: number) => {
    let sum = 0;
    for (let t = 0; t < steps; t++) sum += population.fired(b, t, p, u) ? 1 : 0;
    return sum / steps;
  };
  const learningRates: LearningRates = (b, y, x, u) => rate(layer.output!, b, y * shape.width + x, u);
  const target: LearningRates = (b, y, x, u) => {
    const p = y * belowShape.width + x;
    return c.spikes ? rate(input, b, p, u) : pixels.view[b * stride + p * belowShape.channels + u]!;
  };
  const found = {
    loss,
    gradient: gradient.view.slice(),
    weight: reconstruct.parameters.read("weight", reconstruct.group.gradients),
    bias: reconstruct.parameters.read("bias", reconstruct.group.gradients),
  };
  const net = { weight: reconstruct.parameters.read("weight"), bias: reconstruct.parameters.read("bias") };
  await team.close();
  return { found, net, learningRates, target, shape, belowShape };
}

type Run = Awaited<ReturnType<typeof run>>;

/** Rows of the product and their targets, as the head of local-reconstruction.ts has them. */
function rowsOf(
  c: Case,
  { shape, belowShape, target }: Run,
  learningRates: LearningRates,
): { inputs: number[]; targets: number[] }[] {
  const cell = padTo(shape.channels);
  const rows: { inputs: number[]; targets: number[] }[] = [];
  const inside = (y: number, x: number) => y >= 0 && y < shape.height && x >= 0 && x < shape.width;
  for (let b = 0; b < c.images; b++) {
    if (!c.plane) {
      const inputs = Array.from({ length: cell }, (_, u) => (u < shape.channels ? learningRates(b, 0, 0, u) : 0));
      const wide = c.spikes ? padTo(belowShape.channels) : belowShape.channels;
      const targets = Array.from({ length: pixelsOf(belowShape) * wide }, (_, i) => {
        const [p, u] = [Math.floor(i / wide), i % wide];
        const [y, x] = [Math.floor(p / belowShape.width), p % belowShape.width];
        return u < belowShape.channels ? target(b, y, x, u) : 0;
      });
      rows.push({ inputs, targets });
      continue;
    }
    for (let y = 0; y < shape.height; y++) {
      for (let x = 0; x < shape.width; x++) {
        const inputs: number[] = [];
        for (let v = y - 1; v <= y + 1; v++) {
          for (let u = x - 1; u <= x + 1; u++) {
            for (let k = 0; k < cell; k++)
              inputs.push(k < shape.channels && inside(v, u) ? learningRates(b, v, u, k) : 0);
          }
        }
        const targets: number[] = [];
        for (let v = 2 * y; v < 2 * y + 2; v++) {
          for (let u = 2 * x; u < 2 * x + 2; u++) {
            for (let k = 0; k < belowShape.channels; k++) targets.push(target(b, v, u, k));
          }
        }
        rows.push({ inputs, targets });
      }
    }
  }
  return rows;
}

function reference(c: Case, r: Run, learningRates: LearningRates = r.learningRates) {
  const rows = rowsOf(c, r, learningRates);
  const [depth, columns] = [rows[0]!.inputs.length, rows[0]!.targets.length];
  const weight = new Float64Array(columns * depth);
  const bias = new Float64Array(columns);
  let loss = 0;
  // What fills up a row's tiles is no value.
  const unit = c.weight / (rows.length * (c.plane ? columns : sizeOf(r.belowShape)));
  for (const { inputs, targets } of rows) {
    for (let o = 0; o < columns; o++) {
      let y = r.net.bias[o]!;
      for (let i = 0; i < depth; i++) y += r.net.weight[o * depth + i]! * inputs[i]!;
      const gap = y - targets[o]!;
      loss += unit * gap * gap;
      bias[o]! += 2 * unit * gap;
      for (let i = 0; i < depth; i++) weight[o * depth + i]! += 2 * unit * gap * inputs[i]!;
    }
  }
  return { loss, weight, bias };
}

test("loss and gradients of any stage", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async (c) => {
      const r = await run(c);
      const expected = reference(c, r);
      const scale = Math.max(1, expected.loss);
      expect(Math.abs(r.found.loss - expected.loss) / scale).toBeLessThan(1e-5);
      for (const block of ["weight", "bias"] as const) {
        expect(r.found[block].length).toBe(expected[block].length);
        for (const [i, value] of expected[block].entries())
          expect(Math.abs(r.found[block][i]! - value) / scale, `${block} ${i}`).toBeLessThan(1e-5);
      }
      // The loss is quadratic in a rate, so a central difference is exact, of any width.
      const { height, width, channels } = r.shape;
      const cell = padTo(channels);
      const random = new RandomStream(c.seed, "which");
      for (let k = 0; k < 4; k++) {
        const [b, y, x, u] = [
          random.below(c.images),
          random.below(height),
          random.below(width),
          random.below(channels),
        ];
        const moved = (by: number): number =>
          reference(c, r, (...at) => r.learningRates(...at) + (at.join() === [b, y, x, u].join() ? by : 0)).loss;
        const slope = (moved(1) - moved(-1)) / 2;
        const found = r.found.gradient[(b * height * width + y * width + x) * cell + u]! - 0.5;
        expect(Math.abs(found - slope) / scale).toBeLessThan(1e-5);
      }
    }),
    { numRuns: 40 },
  );
});

test("1 to 3 threads give the same bytes", async () => {
  const c: Case = {
    ...{ plane: true, height: 3, width: 4, channels: 17, belowChannels: 3, spikes: true },
    ...{ images: 4, steps: 8, weight: 1, seed: 6 },
  };
  for (const plane of [true, false]) {
    const alone = (await run({ ...c, plane })).found;
    for (const threads of [2, 3]) expect((await run({ ...c, plane }, threads)).found).toEqual(alone);
  }
});
