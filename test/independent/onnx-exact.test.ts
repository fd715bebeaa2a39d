import "../support/property-seed.ts";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { perceptionOnnx, recallOnnx } from "../../src/formats/onnx.ts";

import { decide, decideImages } from "../../src/measure/decide.ts";
import { conceptSpikes, recallConcepts } from "../../src/nets/inference.ts";
import type { Model } from "../../src/nets/model.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createModel } from "../../src/training/nets-and-rules.ts";
import {
  channelsFirst,
  type ExactCase,
  type ExactModel,
  exactModel,
  spikesOf,
  stageSpikes,
} from "../support/onnx-model.ts";
import { onnxNet, type Values } from "../support/onnx-session.ts";

const cases: fc.Arbitrary<ExactCase> = fc.record({
  kind: fc.constantFrom("mlp" as const, "cnn" as const),
  shape: fc.record({
    height: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 7 }),
    channels: fc.constantFrom(1, 3),
  }),
  hidden: fc.array(fc.constantFrom(1, 3, 16, 17), { minLength: 1, maxLength: 3 }),
  classes: fc.integer({ min: 2, max: 5 }),
  steps: fc.integer({ min: 1, max: 5 }),
  norm: fc.boolean(),
  tau: fc.constantFrom(1, 2, 4),
  thresholds: fc.record({
    perception: fc.constantFrom(0.25, 0.6),
    recall: fc.constantFrom(0.25, 0.6),
    concept: fc.constantFrom(0.5, 2),
  }),
  stimulus: fc.constantFrom("direct" as const, "direct" as const, "poisson" as const, "latency" as const),
  target: fc.constantFrom("one-hot" as const, "random" as const),
  recall: fc.constant("chain" as const),
  images: fc.integer({ min: 1, max: 4 }),
  seed: fc.nat(),
});

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

/** What the engine makes of the images: spikes by stage, decisions. */
function perceived({ model, pixels }: ExactModel, images: number) {
  const split = { images: pixels, labels: new Uint16Array(images), count: images };
  model.load(
    split,
    Int32Array.from({ length: images }, (_, k) => k),
    0,
    images,
  );
  model.perceive(images);
  const { pair } = model;
  const concept = Float32Array.from(conceptSpikes(pair, images));
  const decisions = decide(pair, images);
  const stimulus = pair.stimulusSpikes && unframed(model, spikesOf(pair.stimulusSpikes, images), images);
  return { spikes: { ...stageSpikes(pair.perception, images), "concept.spikes": concept }, decisions, stimulus };
}

/** Spikes of the frame, [image][step][channel][pixel] (an mlp's as one pixel of all), in the data's size. */
function unframed({ data, frame, pair }: Model, spikes: Float32Array, images: number): Float32Array {
  const { height, width, channels } = data.shape;
  const { steps, kind } = pair.options;
  const rows = images * steps;
  if (kind === "mlp") return channelsFirst(spikes, rows, data.shape);
  const [top, left] = [(frame.height - height) >> 1, (frame.width - width) >> 1];
  return Float32Array.from({ length: rows * channels * height * width }, (_, i) => {
    const [plane, y, x] = [Math.floor(i / height / width), Math.floor(i / width) % height, i % width];
    return spikes[(plane * frame.height + y + top) * frame.width + x + left]!;
  });
}

/** Step t of values [image][steps][...]. */
function atStep(values: Float32Array, t: number, images: number, steps: number): Float32Array {
  const size = values.length / images / steps;
  return Float32Array.from({ length: images * size }, (_, i) => {
    return values[(Math.floor(i / size) * steps + t) * size + (i % size)]!;
  });
}

/** Runs a graph of one step T times, state handed on; the outputs of each step. */
async function stepped(
  made: ReturnType<typeof perceptionOnnx>,
  images: number,
  feedsAt: (t: number) => Values,
  steps: number,
) {
  const net = await onnxNet(made);
  const zeros = (name: string) => {
    const { dimensions } = made.inputs.find((port) => port.name === name)!;
    return new Float32Array(dimensions.reduce<number>((a, d) => a * (d === "N" ? images : Number(d)), 1));
  };
  let state: Record<string, Float32Array> = Object.fromEntries(
    Object.keys(made.states).map((name) => [name, zeros(name)]),
  );
  const results: Record<string, Float32Array>[] = [];
  for (let t = 0; t < steps; t++) {
    const result = await net.run(images, { ...feedsAt(t), ...state });
    state = Object.fromEntries(Object.entries(made.states).map(([name, next]) => [name, result[next]!]));
    results.push(result);
  }
  return results;
}

const runs = { numRuns: 8 };

describe("where no sum is rounded, exported graphs give the engine's own spikes", () => {
  it("perception, all steps at once", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (c) => {
        const exact = exactModel(team, c);
        const { spikes, decisions, stimulus } = perceived(exact, c.images);
        const made = perceptionOnnx(exact.model, { spikes: true });
        const net = await onnxNet(made);
        const pixels = channelsFirst(exact.pixels, c.images, c.shape);
        const feeds = c.stimulus === "poisson" ? { "stimulus.spikes": stimulus! } : { pixels };
        const result = await net.run(c.images, feeds);
        for (const [name, values] of Object.entries(spikes)) expect([name, result[name]]).toEqual([name, values]);
        expect([...result.decision!]).toEqual(decisions.map((decision) => decision.class));
        expectClose(
          result.cosines!,
          decisions.flatMap(({ cosines }) => [...cosines]),
        );
        expectClose(
          result.drives!,
          decisions.flatMap(({ drives }) => [...drives]),
        );
      }),
      runs,
    );
  });

  it("perception, one step a run", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (c) => {
        const exact = exactModel(team, c);
        const { spikes, decisions, stimulus } = perceived(exact, c.images);
        const pixels = channelsFirst(exact.pixels, c.images, c.shape);
        const feedsAt = (t: number): Values =>
          c.stimulus === "direct" ? { pixels } : { "stimulus.spikes": atStep(stimulus!, t, c.images, c.steps) };
        const results = await stepped(
          perceptionOnnx(exact.model, { mode: "step", spikes: true }),
          c.images,
          feedsAt,
          c.steps,
        );
        for (const [name, values] of Object.entries(spikes)) {
          for (const [t, result] of results.entries())
            expect([name, t, result[name]]).toEqual([name, t, atStep(values, t, c.images, c.steps)]);
        }
        expect([...results.at(-1)!.decision!]).toEqual(decisions.map((decision) => decision.class));
      }),
      runs,
    );
  });

  it.each([
    ["mlp", "chain"],
    ["mlp", "broadcast"],
    ["cnn", "chain"],
    ["cnn", "broadcast"],
  ] as const)("recall, both ways: %s, %s", async (kind, recall) => {
    await fc.assert(
      fc.asyncProperty(cases, async (drawnCase) => {
        const c: ExactCase = { ...drawnCase, kind, recall };
        const { model } = exactModel(team, c);
        const { pair } = model;
        const labels = Array.from({ length: c.classes }, (_, k) => c.classes - 1 - k);
        recallConcepts(pair, labels);
        const spikes = stageSpikes(pair.recall, c.classes);
        const drawn = drawnPixels(model, c.classes);
        const whole = await (await onnxNet(recallOnnx(model, { spikes: true }))).run(c.classes, { class: labels });
        for (const [name, values] of Object.entries(spikes)) expect([name, whole[name]]).toEqual([name, values]);
        expectClose(whole.pixels!, drawn);
        // Without what a broadcast's other stages do beside the drawing.
        const alone = await (await onnxNet(recallOnnx(model))).run(c.classes, { class: labels });
        expect(alone.pixels).toEqual(whole.pixels);

        const { width, bits } = pair.target;
        const code = labels.flatMap((label) => [...bits.subarray(label * width, (label + 1) * width)]);
        const single = recallOnnx(model, { mode: "step", spikes: true, concept: "code" });
        const results = await stepped(single, c.classes, () => ({ code }), c.steps);
        for (const [name, values] of Object.entries(spikes)) {
          for (const [t, result] of results.entries())
            expect([name, t, result[name]]).toEqual([name, t, atStep(values, t, c.classes, c.steps)]);
        }
        expectClose(
          drawn.map((_, i) => results.reduce((sum, { pixels }) => sum + pixels![i]!, 0) / c.steps),
          drawn,
        );
      }),
      { numRuns: 5 },
    );
  });
});

describe("non-spiking nets", () => {
  const shape = { height: 6, width: 5, channels: 3 };
  const data = {
    ...{ name: "colours", shape, classNames: ["a", "b", "c"] },
    statistics: { mean: [0.2, 0.5, 0.7], std: [0.3, 0.2, 0.9] },
  };

  it.each(
    (["mlp", "cnn"] as const).flatMap((kind) =>
      (["relu", "tanh", "elu"] as const).map((unit) => [kind, unit] as const),
    ),
  )("%s of %s", async (kind, activation) => {
    const config = resolveConfig({
      data: { path: "x" },
      network: { kind, hidden: [17, 6], activation },
      rule: { name: "backprop-ann" },
      train: { batch: 8 },
    });
    const model = createModel(team, config, data);
    const random = new RandomStream(5, "real nets");
    for (const slot of model.slots(false)) {
      const values = new Float32Array(slot.shape.reduce((a, b) => a * b, 1));
      // Norms of either sign, variances about 1.
      if (slot.name.endsWith("variance")) random.fillUniform(values, 0.5, 2);
      else if (slot.name.includes("norm")) random.fillUniform(values, -1, 1);
      else continue;
      slot.write(values);
    }
    const count = 8;
    const pixels = Uint8Array.from({ length: count * 90 }, () => random.below(256));
    model.load(
      { images: pixels, labels: new Uint16Array(count), count },
      Int32Array.from({ length: count }, (_, k) => k),
      0,
      count,
    );
    model.perceive(count);
    const decisions = decideImages(model, count);
    const result = await (await onnxNet(perceptionOnnx(model))).run(count, {
      pixels: channelsFirst(pixels, count, shape),
    });
    expectClose(
      result.drives!,
      decisions.flatMap(({ drives }) => [...drives]),
    );
    expect([...result.decision!]).toEqual(decisions.map((decision) => decision.class));
    expect(new Set(result.drives).size).toBe(3 * count);
  });
});

/** Recall's newest drawings as [class][channel][pixel] of the data's size, in pixels. */
function drawnPixels({ pair, data, frame, stimulusScale }: Model, rows: number): Float32Array {
  const { height, width, channels } = data.shape;
  const [top, left] = [(frame.height - height) >> 1, (frame.width - width) >> 1];
  const { features, featureWidth } = pair.reconstructed;
  return Float32Array.from({ length: rows * channels * height * width }, (_, i) => {
    const [plane, y, x] = [Math.floor(i / height / width), Math.floor(i / width) % height, i % width];
    const [row, channel] = [Math.floor(plane / channels), plane % channels];
    const at = ((y + top) * frame.width + x + left) * channels + channel;
    return 255 * stimulusScale[channel]! * features.view[row * featureWidth + at]!;
  });
}

/** Sums of up to some hundred terms of size 10 at most, in single precision. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(1e-4 * (1 + Math.abs(expected[i]!)));
}
