/**
 * One step of BSD of small pairs of autoencoders against the float64 reference: losses, spikes, drawings, all gradients, the clipped AdamW update at each stage's rate, running statistics.
 * Cases in which a membrane comes so near to the threshold that float32 may decide either way are passed over, and so are feature rows whose direction is mostly rounding.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { AutoencoderPair, type AutoencoderPairOptions, type Network } from "../../src/nets/autoencoder-pair.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { NORM_MOMENTUM } from "../../src/nets/norm.ts";
import { pixelsOf } from "../../src/nets/shape.ts";
import { AutoencoderBsd } from "../../src/problems/autoencode-learners.ts";
import type { AutoencoderReport } from "../../src/rules/rule.ts";
import { AutoencoderTwin, arraysOf } from "../support/autoencoder-twin.ts";
import { expectUpdates, gradientsOf, type Learned, type State, stateOf } from "../support/learned.ts";
import { type AutoencoderRule, type AutoencoderStep, autoencoderStep, type HalfStep } from "./autoencoder-reference.ts";
import { type Doubt, doubtOf, largest, margin } from "./autoencoder-rounding.ts";
import { worstGap } from "./close.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 32768 });
});
afterAll(() => team.close());

const NETWORKS: readonly Network[] = ["perception", "recall"];
const RATES = { perception: 0.01, recall: 0.005 };
/** Steps that moments and running statistics are told to have seen. */
const SEEN = 3;

const neurons = fc.oneof(fc.integer({ min: 3, max: 9 }), fc.constantFrom(15, 16, 17));
const small = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 2, max: 6 }) }, fc.constantFrom(16, 17));
const mlp = fc.record({
  kind: fc.constant("mlp" as const),
  hidden: fc.array(neurons, { minLength: 1, maxLength: 2 }),
  image: fc.record({
    height: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 2, max: 7 }),
    channels: fc.constantFrom(1, 2, 3),
  }),
});
const cnn = fc
  .record({
    hidden: fc.array(small, { minLength: 1, maxLength: 2 }),
    height: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 1, max: 3 }),
    channels: fc.constantFrom(1, 2, 3, 5),
  })
  .map(({ hidden, height, width, channels }) => {
    // A cell of the deepest plane covers 2^stages pixels a side.
    const side = 2 ** hidden.length;
    return { kind: "cnn" as const, hidden, image: { height: height * side, width: width * side, channels } };
  });

const cases = fc.record({
  net: fc.oneof(mlp, cnn),
  latent: neurons,
  steps: fc.integer({ min: 1, max: 6 }),
  images: fc.integer({ min: 1, max: 5 }),
  room: fc.integer({ min: 0, max: 2 }),
  norm: fc.boolean(),
  tau: fc.constantFrom(1.5, 2, 3),
  threshold: fc.record({ perception: fc.constantFrom(0.4, 0.6), recall: fc.constantFrom(0.5, 0.7) }),
  seed: fc.nat(),
});

const rules = fc
  .record({
    features: fc.constantFrom("rate" as const, "rate" as const, "drive" as const, "membrane" as const),
    centred: fc.boolean(),
    loss: fc.constantFrom("reco" as const, "infonce" as const, "mse" as const),
    lambda: fc.constantFrom(0, 0.3, 2),
    temperature: fc.constantFrom(0.1, 0.3, 1),
    weight: fc.constantFrom(1, 0.7),
    stimulusWeight: fc.constantFrom(1, 0.4),
    topWeight: fc.constantFrom(1, 3),
    seeing: fc.constantFrom(1, 0.1, 0),
    reconstruct: fc.constantFrom(0, 0, 1, 2.5),
    homeostasis: fc.record({ weight: fc.constantFrom(0, 5), rate: fc.constantFrom(0, 0.1) }),
    frequency: fc.record({
      on: fc.boolean(),
      bands: fc.constantFrom("two" as const, "smooth" as const),
      split: fc.constantFrom(0.2, 0.25, 0.4),
      lowLambda: fc.constantFrom(0, 0.3),
      highLambda: fc.constantFrom(0.9, 4),
      lowWeight: fc.constantFrom(1, 0.5),
      highWeight: fc.constantFrom(0, 0.25, 1),
      softness: fc.constantFrom(0.02, 0.2),
      rings: fc.integer({ min: 1, max: 4 }),
    }),
  })
  // Local reconstructs are losses of firing rates.
  .map((rule) => (rule.reconstruct > 0 ? { ...rule, features: "rate" as const } : rule));
type Rule = typeof rules extends fc.Arbitrary<infer T> ? T : never;

const optimisers = fc.record({
  weightDecay: fc.constantFrom(0, 0.02),
  clip: fc.constantFrom(0, 0.05, 0.5),
  clipScope: fc.constantFrom("stage" as const, "global" as const),
});
type Optimiser = typeof optimisers extends fc.Arbitrary<infer T> ? T : never;

/** The pair and its twin, with parameters drawn. */
function built(
  options: Omit<AutoencoderPairOptions, "keepGradients">,
  rule: Rule,
  optimiser: Optimiser,
): AutoencoderTwin {
  const pair = new AutoencoderPair(team, { ...options, keepGradients: true });
  const learner = new AutoencoderBsd(pair, rule, optimiser);
  const twin = new AutoencoderTwin(pair, learner, rule.reconstruct > 0);
  twin.draw(options.seed);
  learner.optimiser.steps = SEEN;
  return twin;
}

/** The rule as the reference takes it. */
function plainRule(rule: Rule, { steps, tau }: { steps: number; tau: number }): AutoencoderRule {
  const { loss, centred, lambda, temperature, frequency } = rule;
  const alignment = { loss, centred, lambda, temperature };
  return { ...rule, steps, tau, alignment, frequency: frequency.on ? frequency : null };
}

const runningOf = ({ norm }: Layer) => ({
  mean: norm.runningMean.view.slice(),
  variance: norm.runningVariance.view.slice(),
});

/** Running statistics move by a tenth towards the batch's over images, steps and pixels; the variance is the unbiased one. */
function expectStatistics(layer: Layer, { z }: HalfStep, before: ReturnType<typeof runningOf>): void {
  if (!layer.norm.enabled) return;
  const { shape } = layer.synapses;
  const space = pixelsOf(shape);
  for (let c = 0; c < shape.channels; c++) {
    const values = z.filter((_, at) => Math.floor(at / space) % shape.channels === c);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const unbiased = values.length > 1 ? (variance * values.length) / (values.length - 1) : variance;
    const moved = (old: number, own: number) => (1 - NORM_MOMENTUM) * old + NORM_MOMENTUM * own;
    const size = Math.max(1, largest([values]));
    const gap = (found: number, expected: number) => Math.abs(found - expected);
    expect(
      gap(layer.norm.runningMean.view[c]!, moved(before.mean[c]!, mean)),
      `running mean of ${layer.name}`,
    ).toBeLessThan(1e-6 * size);
    expect(
      gap(layer.norm.runningVariance.view[c]!, moved(before.variance[c]!, unbiased)),
      `running variance of ${layer.name}`,
    ).toBeLessThan(1e-6 * size ** 2);
  }
}

function expectReport(
  report: AutoencoderReport,
  step: AutoencoderStep,
  images: number,
  doubts: readonly (Doubt | null)[],
): void {
  expect(report.images).toBe(images);
  expect(report.stageLosses.length).toBe(step.stageLosses.length);
  for (const [i, loss] of step.stageLosses.entries())
    expect(Math.abs(report.stageLosses[i]! - loss), `loss of stage ${i + 1}`).toBeLessThan(
      1e-5 * Math.max(1, loss) + (doubts[i]?.loss ?? 0),
    );
  const mean = (x: Float64Array) => x.reduce((a, b) => a + b, 0) / x.length;
  const dead = (x: Float64Array) => x.filter((rate) => rate === 0).length / x.length;
  const own = step.perception.halves.map(({ rates }) => rates);
  const other = step.recall.halves.map(({ rates }) => rates).toReversed();
  expect(worstGap(report.perceptionRates, own.map(mean)).gap).toBeLessThan(1e-9);
  expect(worstGap(report.recallRates, other.map(mean)).gap).toBeLessThan(1e-9);
  expect(worstGap(report.dead, own.map(dead)).gap).toBeLessThan(1e-9);
}

test("losses, spikes, drawings, gradients, updates and running statistics of a step", () => {
  fc.assert(
    fc.property(cases, rules, optimisers, (c, rule, optimiser) => {
      const { images } = c;
      const options = { ...c, ...c.net, maxImages: images + c.room };
      const twin = built(options, rule, optimiser);
      const { pair, learner } = twin;
      const nets = { perception: twin.half("perception"), recall: twin.half("recall") };
      const image = twin.show(images, c.seed);
      const plain = plainRule(rule, c);
      const step = autoencoderStep(nets.perception, nets.recall, image, images, plain);
      for (const network of NETWORKS) fc.pre(margin(nets[network].theta, step[network].halves) > 1);
      const doubts = step.stageLosses.map((_, k) =>
        k > 0 && k < pair.stages - 1 ? doubtOf(step, k + 1, plain, images) : null,
      );
      fc.pre(doubts.every((doubt) => doubt?.firm ?? true));
      // A feature row's gradient is what is left of terms of the loss's slope when those along the row cancel.
      const floor = rule.loss === "mse" ? 0.01 : 0.01 * Math.max(1, 1 / rule.temperature);

      const learned: Learned[] = [];
      for (const network of NETWORKS) {
        const path = pair.path(network);
        for (const [k, layer] of path.entries()) {
          const half = step[network].halves[k];
          const rate = RATES[network] * (k < pair.latent ? rule.seeing : 1);
          // A channel that hardly varies is normalised by up to 1 / sqrt(eps) = 316, and float32's rounding with it.
          const tolerance = 2e-5 * Math.max(10, largest([half?.block.norm?.inverseDeviation ?? []]));
          const gradients = gradientsOf(layer, half?.gradients ?? step[network].drawingGradients);
          const found = () => arraysOf(layer, "gradients");
          learned.push({
            name: layer.name,
            rate,
            gradients,
            before: stateOf(layer),
            now: () => stateOf(layer),
            found,
            tolerance,
            floor,
          });
          if (!half?.readOut) continue;
          const now = (): State => {
            const [parameters, first, second] = (["", "optimiser.first.", "optimiser.second."] as const).map(
              (prefix) => {
                const { arrays, padding } = twin.readOut(layer, prefix);
                expect(padding, `what fills up ${layer.name}'s read-out`).toBe(0);
                return arrays;
              },
            );
            return { parameters: parameters!, first: first!, second: second! };
          };
          const readOut = new Map(Object.entries(half.readOut));
          learned.push({
            name: `${layer.name}.redraw`,
            rate: RATES[network],
            gradients: readOut,
            before: now(),
            now,
            tolerance: 2e-4,
            floor,
          });
        }
      }
      const running = new Map(pair.layers.map((layer) => [layer, runningOf(layer)]));
      for (const { group, features } of pair.layers) {
        group.gradients.view.fill(Number.NaN);
        features.view.fill(Number.NaN);
      }
      const report = learner.step(images, RATES);

      expectReport(report, step, images, doubts);
      for (const network of NETWORKS) {
        const { halves, drawing } = step[network];
        const path = pair.path(network);
        for (const [k, half] of halves.entries()) {
          expect(twin.spikes(path[k]!, images), `spikes of ${path[k]!.name}`).toEqual(half.spikes);
          expectStatistics(path[k]!, half, running.get(path[k]!)!);
        }
        expect(worstGap(twin.drawing(network, images), drawing).gap, `${network}'s drawing`).toBeLessThan(
          1e-5 * Math.max(1, largest([drawing])),
        );
      }
      expectUpdates(learned, optimiser, SEEN);
    }),
    { numRuns: 70 },
  );
});
