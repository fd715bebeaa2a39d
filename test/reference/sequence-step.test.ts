/**
 * One step of learning of small recurrent pairs, BSD and backprop through time, against the float64 reference: losses, outputs, all gradients, the clipped AdamW update, running statistics.
 * Cases in which a membrane comes so near to the threshold that float32 may decide either way are passed over, and so are feature rows whose direction is mostly rounding.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { NORM_MOMENTUM } from "../../src/nets/norm.ts";
import { SequencePair } from "../../src/nets/sequence-pair.ts";
import { SequenceBsd } from "../../src/problems/sequence.ts";
import { SequenceBackprop } from "../../src/rules/backprop.ts";
import { drawParameters, plainArrays, referenceNet, windowElements } from "../support/sequence-twin.ts";
import { randomSequence, startsOf } from "../support/small-recurrent.ts";
import { adamwDefaults, adamwStep } from "./adamw.ts";
import { worstGap } from "./close.ts";
import { heaviside } from "./lif.ts";
import {
  backpropStep,
  type ReadOut,
  type SequenceStage,
  type SequenceStep,
  type StageGradients,
  type StageTrace,
  sequenceStep,
} from "./sequence-reference.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 16384 });
});
afterAll(() => team.close());

const end = fc.record({
  kind: fc.constantFrom("symbols" as const, "values" as const),
  width: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.constantFrom(16, 17, 20)),
});

const neurons = fc.oneof(fc.integer({ min: 4, max: 12 }), fc.constantFrom(15, 16, 17, 20));

const cases = fc.record({
  inputs: end,
  targets: end,
  hidden: fc.array(neurons, { minLength: 1, maxLength: 2 }),
  steps: fc.integer({ min: 1, max: 6 }),
  window: fc.integer({ min: 1, max: 4 }),
  rows: fc.integer({ min: 1, max: 4 }),
  room: fc.integer({ min: 0, max: 2 }),
  norm: fc.boolean(),
  tau: fc.constantFrom(1.5, 2, 3),
  threshold: fc.record({ perception: fc.constantFrom(0.4, 0.6), recall: fc.constantFrom(0.5, 0.7) }),
  recurrentRecall: fc.boolean(),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const rules = fc.record({
  recallFeatures: fc.constantFrom("rate" as const, "rate" as const, "drive" as const, "membrane" as const),
  centred: fc.boolean(),
  loss: fc.constantFrom("infonce" as const, "reco" as const),
  rivals: fc.constantFrom("literal" as const, "masked" as const),
  block: fc.integer({ min: 1, max: 20 }),
  temperature: fc.constantFrom(0.1, 0.3, 1),
  affinity: fc.constantFrom("cosines" as const, "dots" as const),
  lambda: fc.constantFrom(0.3, 2),
  weight: fc.constantFrom(1, 0.7),
  stimulusWeight: fc.constantFrom(1, 0.4),
  homeostasis: fc.record({ weight: fc.constantFrom(0, 5), rate: fc.constantFrom(0, 0.1) }),
});

/** Mostly each position's own, as windows are learned from. */
const statisticsOf = fc.constantFrom("batch" as const, "batch" as const, "running" as const);

const RATES = { perception: 0.01, recall: 0.005 };
const OPTIMISER = { weightDecay: 0.02, clip: 0.5, clipScope: "stage" } as const;
/** Steps that moments and running statistics are told to have seen. */
const SEEN = 3;

function optionsOf(c: Case) {
  const population = { size: 5, range: 2 };
  return { ...c, maxRows: c.rows + c.room, population };
}

function dataOf(c: Case) {
  const starts = startsOf(c.rows, c.window);
  const set = randomSequence(c, c.rows * c.window, c.seed);
  return {
    set,
    starts,
    size: { positions: c.window, rows: c.rows, steps: c.steps },
    inputs: windowElements(set.inputs, starts, c.window),
    targets: windowElements(set.targets, starts, c.window),
  };
}

/** Passes over cases in which rounding may decide a spike. The norm is folded into z scale + shift: a large z scale loses what cancels. */
function expectMargin(stage: SequenceStage, trace: StageTrace, theta: number): void {
  for (const { membrane, z, norm } of trace) {
    for (const [i, h] of membrane.entries()) {
      const unit = i % stage.neurons;
      const scale = stage.norm && norm ? stage.norm.gamma[unit]! * norm.inverseDeviation[unit]! : 1;
      let size = 0;
      for (let at = unit; at < z.length; at += stage.neurons) size = Math.max(size, Math.abs(z[at]! * scale));
      fc.pre(Math.abs(h - theta) > 1e-5 + 8 * 2 ** -24 * size);
    }
  }
}

/** Passes over rows so short that centring's rounding decides their direction. What is silent is exactly 0 in both. */
function expectDirections(compared: SequenceStep["compared"], isCentred: boolean): void {
  for (const { rows, centred, width } of compared) {
    if (rows.every((value) => value === 0)) continue;
    for (let from = 0; from < rows.length; from += width) {
      const norm = Math.hypot(...centred.subarray(from, from + width));
      fc.pre(norm > 0.05 || (norm === 0 && !isCentred));
    }
  }
}

const largest = (arrays: Iterable<ArrayLike<number>>): number =>
  Math.max(0, ...[...arrays].flatMap((array) => Array.from(array, Math.abs)));

type Gradients = StageGradients | { readonly weight: Float64Array; readonly bias: Float64Array };

/** Arrays of a group that the reference knows, by the engine's names. */
const entriesOf = (gradients: Gradients): [string, Float64Array][] =>
  Object.entries(gradients).filter((entry): entry is [string, Float64Array] => entry[1] !== null);

/** Gradients of a layer, and its parameters after a step of AdamW with the gradient clipped by the layer's own norm. */
function expectUpdate(
  layer: Layer,
  before: {
    parameters: Map<string, Float64Array>;
    first: Map<string, Float64Array>;
    second: Map<string, Float64Array>;
  },
  gradients: Gradients,
  rate: number,
  { tolerance = 1e-4, floor = 0.01 }: { tolerance?: number; floor?: number } = {},
): void {
  const found = plainArrays(layer, (group) => group.gradients);
  const expected = entriesOf(gradients);
  expect([...found.keys()].sort(), layer.name).toEqual(expected.map(([name]) => name).sort());
  // The size of a layer's whole gradient, or of the terms that cancel in it: it is known no better.
  const scale = Math.max(floor, largest(expected.map(([, values]) => values)));
  for (const [name, values] of expected)
    expect(worstGap(found.get(name)!, values).gap / scale, `gradient of ${layer.name}.${name}`).toBeLessThan(tolerance);

  const norm = Math.hypot(...expected.flatMap(([, values]) => [...values]));
  const clip = Math.min(1, OPTIMISER.clip / (norm + 1e-6));
  const after = plainArrays(layer, (group) => group.parameters);
  for (const [name, values] of expected) {
    const { parameter } = adamwStep(
      {
        parameter: before.parameters.get(name)!,
        first: before.first.get(name)!,
        second: before.second.get(name)!,
        step: SEEN,
      },
      values.map((value) => value * clip),
      { ...adamwDefaults, learningRate: rate, weightDecay: OPTIMISER.weightDecay },
    );
    expect(worstGap(after.get(name)!, parameter).gap, `update of ${layer.name}.${name}`).toBeLessThan(
      rate * (1e-3 + 20 * tolerance * scale * clip),
    );
  }
}

/** How well gradients are known: a unit that hardly varies is normalised by up to 1 / sqrt(eps) = 316, and float32's rounding with it. */
function toleranceOf(traces: readonly StageTrace[]): number {
  const inverse = largest(traces.flatMap((trace) => trace.map(({ norm }) => norm?.inverseDeviation ?? [])));
  return 2e-5 * Math.max(10, inverse);
}

const stateOf = (layer: Layer) => ({
  parameters: plainArrays(layer, (group) => group.parameters),
  first: plainArrays(layer, (group) => group.firstMoment),
  second: plainArrays(layer, (group) => group.secondMoment),
});

/** Running statistics move by 1 / (steps seen + 1) at first, then by a tenth, towards those of the whole window; its variance is the unbiased one. */
function expectStatistics(
  layer: Layer,
  trace: StageTrace,
  before: { mean: Float32Array; variance: Float32Array },
  distinct: number,
): void {
  if (!layer.norm.enabled) return;
  const momentum = Math.max(NORM_MOMENTUM, 1 / (SEEN + 1));
  for (let unit = 0; unit < layer.synapses.shape.channels; unit++) {
    const values = trace.flatMap(({ z }) => [...z.filter((_, i) => i % layer.synapses.shape.channels === unit)]);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const count = values.length / distinct;
    const unbiased = count > 1 ? (variance * count) / (count - 1) : variance;
    const moved = (old: number, own: number) => (1 - momentum) * old + momentum * own;
    expect(layer.norm.runningMean.view[unit]).toBeCloseTo(moved(before.mean[unit]!, mean), 4);
    expect(layer.norm.runningVariance.view[unit]).toBeCloseTo(moved(before.variance[unit]!, unbiased), 4);
  }
}

/** The time means of a read-out, row by row. */
function expectMeans(layer: Layer, expected: Float64Array, { outputs }: ReadOut): void {
  const found = Float64Array.from(
    expected,
    (_, i) => layer.features.view[Math.floor(i / outputs) * layer.featureWidth + (i % outputs)]!,
  );
  expect(worstGap(found, expected).gap, `${layer.name}'s time means`).toBeLessThan(1e-5);
}

/** Everything to NaN that a step must write before it reads. */
function spoil(layers: readonly Layer[]): void {
  for (const { group, features } of layers) {
    group.gradients.view.fill(Number.NaN);
    features.view.fill(0);
  }
}

const runningOf = (layer: Layer) => ({
  mean: layer.norm.runningMean.view.slice(),
  variance: layer.norm.runningVariance.view.slice(),
});

describe("BSD", () => {
  test("losses, outputs, gradients, updates and running statistics of a window", () => {
    fc.assert(
      fc.property(cases, rules, statisticsOf, (c, rule, statistics) => {
        const { set, starts, size, inputs, targets } = dataOf(c);
        const pair = new SequencePair(team, optionsOf(c));
        const learner = new SequenceBsd(pair, rule, OPTIMISER);
        drawParameters(learner, c.seed);
        learner.optimiser.steps = SEEN;
        learner.statistics = statistics;
        const net = referenceNet(pair, statistics);
        const { perception, recall } = c.threshold;
        const theta = { perception: Math.fround(perception), recall: Math.fround(recall) };
        const code = { size: 5, range: 2 };
        const step = sequenceStep(net, inputs, targets, size, {
          ...rule,
          steps: c.steps,
          tau: c.tau,
          theta,
          surrogate: heaviside,
          code,
        });
        for (const [k, { trace }] of step.perception.entries())
          expectMargin(net.perception[k]!, trace, theta.perception);
        for (const [k, { trace }] of step.recall.entries()) expectMargin(net.recall[k]!, trace, theta.recall);
        expectDirections(step.compared, rule.centred);
        // A feature row's gradient is what is left of terms of size 1 / temperature when those along the row cancel.
        const floor = 0.01 / rule.temperature;

        const before = new Map(pair.layers.map((layer) => [layer, stateOf(layer)]));
        const running = new Map([...pair.perception, ...pair.recall].map((layer) => [layer, runningOf(layer)]));
        spoil(pair.layers);
        learner.load(set, starts, 0, c.rows);
        const report = learner.step(RATES);

        expect(report.positions).toBe(c.window * c.rows);
        expect(report.stageLosses.length).toBe(step.stageLosses.length);
        for (const [i, loss] of step.stageLosses.entries())
          expect(Math.abs(report.stageLosses[i]! - loss) / Math.max(1, loss), `loss of stage ${i + 1}`).toBeLessThan(
            1e-5,
          );
        expectMeans(pair.conceptDrive, step.top.mean, net.top);
        for (const [k, { trace, gradients }] of step.perception.entries()) {
          const layer = pair.perception[k]!;
          expectUpdate(layer, before.get(layer)!, gradients, RATES.perception, {
            tolerance: toleranceOf([trace]),
            floor,
          });
          expectStatistics(layer, trace, running.get(layer)!, 1);
        }
        for (const [k, { trace, gradients }] of step.recall.entries()) {
          const layer = pair.recall.at(-1 - k)!;
          expectUpdate(layer, before.get(layer)!, gradients, RATES.recall, { tolerance: toleranceOf([trace]), floor });
          // Without recurrent synapses a symbol's drive is held over its steps, and counts once.
          const held = k === 0 && !c.recurrentRecall && c.targets.kind === "symbols";
          expectStatistics(layer, trace, running.get(layer)!, held ? c.steps : 1);
        }
        expectUpdate(pair.conceptDrive, before.get(pair.conceptDrive)!, step.top.gradients, RATES.perception);
        expectUpdate(pair.reconstructed!, before.get(pair.reconstructed!)!, step.reconstruct.gradients, RATES.recall, {
          floor,
        });
        const correct = targets.kind === "symbols" ? hits(step.top.mean, targets.symbols, targets.width) : 0;
        expect(report.correct).toBe(correct);
      }),
      { numRuns: 150 },
    );
  });
});

/** Rows whose largest logit is the target's. */
function hits(logits: Float64Array, targets: readonly number[], width: number): number {
  const best = targets.map((_, k) => {
    const row = [...logits.subarray(k * width, (k + 1) * width)];
    return row.indexOf(Math.max(...row));
  });
  return best.filter((symbol, k) => symbol === targets[k]).length;
}

describe("backprop through time", () => {
  test("the loss, gradients of every stage, updates and running statistics of a window", () => {
    fc.assert(
      fc.property(cases, (c) => {
        const { set, starts, size, inputs, targets } = dataOf(c);
        const pair = new SequencePair(team, { ...optionsOf(c), perceptionOnly: true });
        const learner = new SequenceBackprop(pair, OPTIMISER);
        drawParameters(learner, c.seed);
        learner.optimiser.steps = SEEN;
        const net = referenceNet(pair, "batch");
        const theta = Math.fround(c.threshold.perception);
        const step = backpropStep(net, inputs, targets, size, { tau: c.tau, theta, surrogate: heaviside });
        for (const [k, trace] of step.traces.entries()) expectMargin(net.perception[k]!, trace, theta);
        const tolerance = toleranceOf(step.traces);
        // A unit without spread passes back nothing but rounding, 316 times as large, and that once a stage and position.
        fc.pre(tolerance < 1e-3);

        const before = new Map(pair.layers.map((layer) => [layer, stateOf(layer)]));
        const running = pair.perception.map(runningOf);
        spoil(pair.layers);
        learner.load(set, starts, 0, c.rows);
        const report = learner.step(RATES);
        expect(Math.abs(report.loss - step.loss) / Math.max(1, step.loss), "loss").toBeLessThan(1e-5);
        for (const [k, gradients] of step.perception.entries()) {
          const layer = pair.perception[k]!;
          expectUpdate(layer, before.get(layer)!, gradients, RATES.perception, { tolerance });
          expectStatistics(layer, step.traces[k]!, running[k]!, 1);
        }
        expectUpdate(pair.conceptDrive, before.get(pair.conceptDrive)!, step.top, RATES.perception);
      }),
      { numRuns: 150 },
    );
  });
});

test("predictions of a window, by running statistics", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const { set, starts, size, inputs, targets } = dataOf(c);
      const pair = new SequencePair(team, { ...optionsOf(c), perceptionOnly: true });
      const learner = new SequenceBackprop(pair, OPTIMISER);
      drawParameters(learner, c.seed);
      const net = referenceNet(pair, "running");
      const theta = Math.fround(c.threshold.perception);
      const step = backpropStep(net, inputs, targets, size, { tau: c.tau, theta, surrogate: heaviside });
      for (const [k, trace] of step.traces.entries()) expectMargin(net.perception[k]!, trace, theta);
      spoil(pair.layers);
      learner.load(set, starts, 0, c.rows);
      const { view, stride } = learner.predict();
      const { width } = targets;
      const found = Float64Array.from(step.outputs, (_, i) => view[Math.floor(i / width) * stride + (i % width)]!);
      expect(worstGap(found, step.outputs).gap).toBeLessThan(1e-5);
    }),
    { numRuns: 60 },
  );
});
