/**
 * What a step of each rival costs on small nets, against plain loops over images, steps, outputs and taps that count one product at a time; and the memory of what it learns beside
 * the net against the tensors of the rule itself.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { CostMeter } from "../../src/measure/cost.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { type AnyLayer, plainWeights } from "../../src/measure/footprint.ts";
import { parametersOf, ruleFootprint } from "../../src/measure/rule-footprint.ts";
import { trainingCost } from "../../src/measure/training-cost.ts";
import { trainingStep } from "../../src/measure/training-step.ts";
import { ConvSynapses } from "../../src/nets/conv.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { NetworkPair } from "../../src/nets/pair.ts";
import type { Population } from "../../src/nets/population.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { isReal } from "../../src/nets/synapses.ts";
import { MirroredNets } from "../../src/rules/mirrored-nets.ts";
import { type ImageRuleName, imageRules, resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { smallDigits } from "../support/small-digits.ts";

const dataset = smallDigits();
const indices = Int32Array.of(3, 17, 30);
const IMAGES = indices.length;
const CLASSES = 4;
const STEPS = 3;
const BATCH = 16;

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

/** A connection: units' numbers, [pixel][channel] (a pooled convolution's outputs before its pool), and how much of it errors and gradients go through. */
type Visit = (input: number, output: number, weight: number, open: number) => void;

function eachLink(layer: AnyLayer, visit: Visit): void {
  const { synapses } = layer;
  const { height, width, channels } = synapses.source.shape;
  const weights = plainWeights(layer);
  if (!(synapses instanceof ConvSynapses)) {
    const inputs = sizeOf(synapses.source.shape);
    for (const [at, weight] of weights.entries()) visit(at % inputs, Math.floor(at / inputs), weight, 1);
    return;
  }
  const { pool } = synapses.wiring;
  const outputs = synapses.shape.channels;
  const kept = (size: number) => size - (pool ? size % 2 : 0);
  for (let p = 0; p < height; p++) {
    for (let q = 0; q < width; q++) {
      const open = p < kept(height) && q < kept(width) ? 1 / (pool ? 4 : 1) : 0;
      for (let o = 0; o < outputs; o++) {
        for (let tap = 0; tap < 9; tap++) {
          const [y, x] = [p + Math.floor(tap / 3) - 1, q + (tap % 3) - 1];
          if (y < 0 || x < 0 || y >= height || x >= width) continue;
          for (let c = 0; c < channels; c++)
            visit(
              (y * width + x) * channels + c,
              (p * width + q) * outputs + o,
              weights[(o * 9 + tap) * channels + c]!,
              open,
            );
        }
      }
    }
  }
}

/** What a unit sends at a step. */
function inputOf({ synapses }: AnyLayer, image: number, t: number, unit: number): number {
  const { source } = synapses;
  if (isReal(source))
    return new Float32Array(team.arena.memory.buffer, source.at, (image + 1) * source.stride)[
      image * source.stride + unit
    ]!;
  const { channels } = source.shape;
  return (source as Population).fired(image, t, Math.floor(unit / channels), unit % channels) ? 1 : 0;
}

/** Products of a layer, an image of `images`, all steps: whether its inputs are spikes or values decides what they are. */
function countLayer(layer: AnyLayer, steps: number, images = IMAGES) {
  const kind = isReal(layer.synapses.source) ? "macs" : "acs";
  const forward = { macs: 0, acs: 0, dense: 0 };
  const gradient = { macs: 0, acs: 0, dense: 0 };
  const [errors, through, full] = [{ macs: 0 }, { macs: 0 }, { macs: 0 }];
  const inputs = sizeOf(layer.synapses.source.shape);
  for (let image = 0; image < images; image++) {
    for (let t = 0; t < steps; t++) {
      const values = Array.from({ length: inputs }, (_, unit) => inputOf(layer, image, t, unit));
      const binary = values.every((value) => value === 0 || value === 1);
      const key = kind === "macs" && binary ? "acs" : kind;
      eachLink(layer, (input, _output, weight, open) => {
        forward.dense++;
        gradient.dense += open;
        through.macs += open;
        if (weight !== 0) errors.macs += open;
        if (weight !== 0) full.macs++;
        if (values[input] === 0) return;
        gradient[key] += open;
        if (weight !== 0) forward[key]++;
      });
    }
  }
  return { forward, gradient, errors, through, full };
}

type Count = { macs: number; acs?: number; dense?: number };
const add = (...counts: Count[]) => ({
  macs: counts.reduce((sum, count) => sum + count.macs, 0),
  acs: counts.reduce((sum, count) => sum + (count.acs ?? 0), 0),
  dense: counts.reduce((sum, count) => sum + (count.dense ?? count.macs), 0),
});
const times = (by: number, { macs, acs = 0, dense = macs }: Count) => ({
  macs: by * macs,
  acs: by * acs,
  dense: by * dense,
});
const NOTHING = add();

/** Rows of B images against J recalled ones: one count a product. */
function alignment(widths: readonly number[]): number {
  let count = 0;
  for (const [stage, width] of widths.entries()) {
    for (let b = 0; b < BATCH; b++) {
      count += width; // its square
      for (let j = 0; j < CLASSES; j++) count += width; // its dot product with j
      if (stage === 0) continue;
      count += width; // its own term in its gradient
      for (let j = 0; j < CLASSES; j++) count += width;
    }
    for (let j = 0; j < CLASSES; j++) {
      count += 2 * width; // its square, and its own term
      for (let b = 0; b < BATCH; b++) count += width;
    }
  }
  return count;
}

/** Of each stage's features: how many, and how many are not 0 an image, by rates of single neurons averaged over cells. */
function classifiers(hidden: readonly Layer[], pool: number): Count {
  let [macs, dense] = [0, 0];
  for (const { output } of hidden) {
    const { height, width, channels } = output!.shape;
    const side = (size: number) => (pool > 0 && pool < size ? pool : size);
    const cells = side(height) * side(width);
    for (let image = 0; image < IMAGES; image++) {
      const rates = new Float64Array(cells * channels);
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (let c = 0; c < channels; c++)
            for (let t = 0; t < STEPS; t++) {
              const cell =
                Math.floor((y * side(height)) / height) * side(width) + Math.floor((x * side(width)) / width);
              if (output!.fired(image, t, y * width + x, c)) rates[cell * channels + c]!++;
            }
      for (const rate of rates) {
        dense += 3 * CLASSES;
        // To every class, and its class's row of the gradient; back to every feature.
        macs += rate === 0 ? CLASSES : 3 * CLASSES;
      }
    }
  }
  return times(1 / IMAGES, { macs, dense });
}

async function measured(rule: ImageRuleName, kind: "mlp" | "cnn") {
  const raw = {
    data: { path: "bars" },
    network: { kind, hidden: kind === "mlp" ? [19, 6] : [5, 6], steps: STEPS },
    rule: {
      name: rule,
      pool: kind === "cnn" ? 2 : 0,
      predictiveCoding: { inferenceSteps: 4 },
      stdp: { hidden: 0.1 },
    },
    train: { batch: BATCH },
  };
  const { model, rule: learner, config } = createExperiment(team, resolveConfig(raw), dataset);
  const { net } = model;
  // Some weights are exactly 0.
  for (const slot of model.slots(false))
    if (/^perception.*weight$/.test(slot.name)) slot.write(slot.read().map((value, i) => (i % 5 === 0 ? 0 : value)));
  const meter = new CostMeter(net);
  await evaluate(model, dataset.test, indices, undefined, [meter]);
  return { net, learner, cost: meter.result(), step: trainingStep(config)! };
}

const rivals = imageRules.filter((name) => name !== "bsd" && name !== "bsd-ann");
describe.each(rivals)("%s", (rule) => {
  it.each(["mlp", "cnn"] as const)("%s: every part is as many products as loops count", async (kind) => {
    const { net, learner, cost, step } = await measured(rule, kind);
    const training = trainingCost(net, cost, step);
    const pair = net instanceof NetworkPair ? net : null;
    const layers: readonly AnyLayer[] = net instanceof NetworkPair ? net.perception : net.layers;
    const T = pair ? STEPS : 1;
    const counts = layers.map((layer) => countLayer(layer, T));
    const above = counts.slice(1);
    const an = (...all: Count[]) => times(1 / IMAGES, add(...all));
    const through = an(...above.map((layer) => layer.through));
    const units = layers.slice(0, -1).reduce((sum, { synapses }) => sum + sizeOf(synapses.shape), 0);
    let feedback: Count = NOTHING;
    if (rule === "feedback-alignment") feedback = through;
    if (rule === "direct-feedback-alignment") feedback = { macs: T * CLASSES * units };
    if (rule === "dll") feedback = times(2, through);
    if (learner instanceof MirroredNets) {
      learner.feedback.forward(CLASSES, true);
      const down = learner.feedback.layers.map((layer) => countLayer(layer, 1, CLASSES));
      feedback = times(1 / BATCH, add(...down.flatMap(({ forward, gradient }) => [forward, gradient])));
    }
    const isCoding = rule === "predictive-coding";
    const gradients = isCoding ? add(an(counts[0]!.gradient), through) : an(...counts.map((layer) => layer.gradient));
    const full = (layer: ReturnType<typeof countLayer>) => ({ macs: layer.full.macs, dense: layer.forward.dense });
    const back = (layer: ReturnType<typeof countLayer>) => ({ macs: layer.errors.macs, dense: layer.through.macs });
    const widths = [64, ...layers.slice(0, -1).map(({ synapses }) => sizeOf(synapses.shape))];
    const parts: Record<string, Count> = {
      forward: an(...counts.map((layer) => layer.forward)),
      gradients,
      errors: ["backprop", "backprop-ann"].includes(rule) ? an(...above.map(back)) : NOTHING,
      feedback,
      classifiers:
        rule === "local-losses" ? classifiers(pair!.perception.slice(0, -1), kind === "cnn" ? 2 : 0) : NOTHING,
      inference: isCoding ? times(4, an(...above.flatMap((layer) => [back(layer), full(layer)]))) : NOTHING,
      alignment: learner instanceof MirroredNets ? { macs: alignment(widths) / BATCH } : NOTHING,
      traces: rule === "r-stdp" ? { macs: 5 * T * (units + CLASSES) } : NOTHING,
    };
    for (const [part, count] of Object.entries({ ...parts, total: add(...Object.values(parts)) })) {
      const found = training[part as "total"];
      const expected = times(1, count);
      // Whole numbers and quarters, divided by the images: rounded at the last.
      for (const key of ["macs", "acs", "dense"] as const)
        expect(found[key], `${part}: ${key}`).toBeCloseTo(expected[key], 6);
    }
    expect(cost.perception.operations).toEqual(training.forward);
    const numbers = (prefix: RegExp) =>
      [...learner.slots(true)]
        .filter(({ name }) => prefix.test(name) && !/^optimiser|\.norm\.(mean|variance)$/.test(name))
        .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const own = parametersOf(ruleFootprint(net, rule));
    expect(own.perception).toBe(numbers(/^perception/));
    expect(own.classifiers).toBe(numbers(/^classifier/));
    // Fixed weights are in no tensor: they are drawn again.
    if (!/feedback/.test(rule)) expect(own.feedback).toBe(numbers(/^feedback/));
    expect(own.training).toBe(own.perception + own.feedback + own.classifiers);
  });
});
