/** Measures of whole pairs against plain loops over single spikes and single weights. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Team } from "../../src/engine/team.ts";
import { weightAlignment } from "../../src/measure/backprop-twin.ts";
import { CostMeter } from "../../src/measure/cost.ts";
import { decide } from "../../src/measure/decide.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { plainWeights } from "../../src/measure/footprint.ts";
import { mismatchScores } from "../../src/measure/mismatch.ts";
import { effectiveRank, RepresentationMeter } from "../../src/measure/representation.ts";
import { trainingCost } from "../../src/measure/training-cost.ts";
import { conceptSpikes, perceive, recallConcepts } from "../../src/nets/inference.ts";
import type { Layer } from "../../src/nets/layer.ts";
import { type Model, spikingModel } from "../../src/nets/model.ts";
import { pixelsOf, sizeOf } from "../../src/nets/shape.ts";
import { type NetworkConfig, resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { exportState } from "../../src/training/state.ts";
import { smallDigits } from "../support/small-digits.ts";
import { convForward } from "./conv.ts";

const dataset = smallDigits();
const { split, indices } = { split: dataset.test, indices: Int32Array.from({ length: 7 }, (_, i) => 5 * i) };
const CLASSES = [0, 1, 2, 3];

/** Every image in one batch, so that all spikes are there to be looked at. */
const make = (team: Team, kind: "mlp" | "cnn", options: Partial<NetworkConfig> = {}): Model => {
  const network = { kind, hidden: kind === "mlp" ? [21, 18] : [5, 17], ...options };
  const config = resolveConfig({ data: { path: "bars" }, network, train: { batch: 16 } });
  return spikingModel(createExperiment(team, config, dataset).model, "the test");
};

/** Spike trains [unit][step] of one image. */
const trains = (layer: Layer, image: number): boolean[][] => {
  const output = layer.output!;
  const { channels } = output.shape;
  return Array.from({ length: pixelsOf(output.shape) * channels }, (_, unit) =>
    Array.from({ length: output.steps }, (_, t) =>
      output.fired(image, t, Math.floor(unit / channels), unit % channels),
    ),
  );
};
const rates = (layer: Layer, image: number) =>
  trains(layer, image).map((train) => train.filter(Boolean).length / train.length);

let team: Team;
let models: Record<"mlp" | "cnn", Model>;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
  models = { mlp: make(team, "mlp"), cnn: make(team, "cnn") };
});
afterAll(() => team.close());

for (const kind of ["mlp", "cnn"] as const) {
  describe(`of a ${kind}`, () => {
    it("mismatch is the share of bits apart, and 1 - cosine of rates, from recall of the decided concept", async () => {
      const model = models[kind];
      const scores = await mismatchScores(model, split, indices);
      const { pair } = model;
      recallConcepts(pair, CLASSES);
      model.load(split, indices, 0, indices.length);
      perceive(pair, indices.length);
      for (const [b, decision] of decide(pair, indices.length).entries()) {
        let [hamming, cosine, rate] = [0, 0, 0];
        for (const [k, { perception, recall }] of [...pair.hiddenStages()].entries()) {
          const [ours, theirs] = [trains(perception, b).flat(), trains(recall, decision.class).flat()];
          const apart = ours.filter((bit, i) => bit !== theirs[i]).length / ours.length;
          const [v, w] = [rates(perception, b), rates(recall, decision.class)];
          const dot = v.reduce((sum, rate, i) => sum + rate * w[i]!, 0);
          const distance = dot > 0 ? 1 - dot / (Math.hypot(...v) * Math.hypot(...w)) : 1;
          expect(scores.stages[k]!.hamming[b]).toBeCloseTo(apart, 12);
          expect(scores.stages[k]!.cosine[b]).toBeCloseTo(distance, 12);
          hamming += apart;
          rate += v.reduce((sum, value) => sum + value, 0) / v.length;
          cosine += distance;
        }
        expect(scores.hamming[b]).toBeCloseTo(hamming, 12);
        expect(scores.cosine[b]).toBeCloseTo(cosine, 12);
        expect(scores.rate[b]).toBeCloseTo(rate, 12);
        const powers = [...decision.drives].map((drive) => Math.exp(drive));
        const largest = Math.max(...powers) / powers.reduce((a, c) => a + c, 0);
        expect(scores.uncertainty[b]).toBeCloseTo(1 - largest, 12);
      }
    });

    it("sparsity, rates and rank are those of the single spikes", async () => {
      const model = models[kind];
      const { pair } = model;
      const cost = new CostMeter(pair);
      const representation = new RepresentationMeter(pair, indices.length, 4);
      await evaluate(model, split, indices, undefined, [cost, representation]);
      recallConcepts(pair, CLASSES);
      model.load(split, indices, 0, indices.length);
      perceive(pair, indices.length);
      const images = [...indices.keys()];

      const share = (bits: readonly boolean[]) => 1 - bits.filter(Boolean).length / bits.length;
      const concept = Array.from(conceptSpikes(pair, indices.length), (bit) => bit === 1);
      const hidden = pair.perception.slice(0, -1).map((layer) => images.flatMap((b) => trains(layer, b).flat()));
      const result = cost.result();
      expect(result.perception.samples).toBe(7);
      expect(result.perception.activationSparsity).toBeCloseTo(share([...hidden.flat(), ...concept]), 12);
      for (const [k, bits] of [...hidden, concept].entries())
        expect(result.perception.layers[k]!.activationSparsity).toBeCloseTo(share(bits), 12);
      const recalled = pair.recall.slice(1).flatMap((layer) => CLASSES.flatMap((c) => trains(layer, c).flat()));
      expect(result.recall.activationSparsity).toBeCloseTo(share(recalled), 12);
      expect(result.recall.layers.at(-1)).toMatchObject({ name: "recall.stage1", activationSparsity: null });

      for (const [k, { perception }] of [...pair.hiddenStages()].entries()) {
        const found = representation.result().stages[k]!;
        const rows = images.map((b) => rates(perception, b));
        const means = rows[0]!.map((_, unit) => rows.reduce((sum, row) => sum + row[unit]!, 0) / rows.length);
        expect(found.perception.dead).toBe(means.filter((mean) => mean === 0).length / means.length);
        expect(found.perception.saturated).toBe(means.filter((mean) => mean > 0.95).length / means.length);
        expect(found.perception.histogram.reduce((a, b) => a + b)).toBe(means.length);
        // Four of seven, evenly: images 0, 1, 3 and 5.
        const kept = [0, 1, 3, 5].map((b) => rows[b]!);
        expect(found.perception.rankSamples).toBe(4);
        expect(found.perception.effectiveRank).toBeCloseTo(effectiveRank(kept.flat(), 4, means.length), 9);
      }
    });

    it("footprints are the bytes of the tensors a checkpoint keeps", () => {
      const { pair } = models[kind];
      const { perception, recall } = new CostMeter(pair).result();
      for (const [network, { footprint }] of [["perception", perception] as const, ["recall", recall] as const]) {
        const tensors = [...exportState(pair, { optimiser: false })].filter(([name]) => name.startsWith(network));
        const numbers = (of: typeof tensors) => of.reduce((sum, [, { data }]) => sum + data.length, 0);
        const running = tensors.filter(([name]) => /norm\.(mean|variance)$/.test(name));
        expect(footprint.bytes).toBe(4 * numbers(tensors));
        expect(footprint.buffers).toBe(numbers(running));
        expect(footprint.parameters).toBe(numbers(tensors) - numbers(running));
      }
    });

    it("weights align wholly where recall's are perception's mirror, and not at all where they are its opposite", () => {
      const { pair } = make(team, kind);
      for (const [k, layer] of pair.perception.entries()) {
        const weights = plainWeights(layer);
        const down = pair.recall[k]!;
        const [outputs = 0, inputs = 0] = [
          down.synapses.plainShape("weight").at(-1),
          down.synapses.plainShape("weight")[0],
        ];
        const taps = weights.length / outputs / inputs;
        const mirror = Float32Array.from({ length: weights.length }, (_, at) => {
          // Theta[i][tap][o] = W[o][turned tap][i]
          const [i, tap, o] = [Math.floor(at / outputs / taps), Math.floor(at / outputs) % taps, at % outputs];
          return weights[(o * taps + taps - 1 - tap) * inputs + i]! * (k === 0 ? -3 : 2);
        });
        down.synapses.pack("weight", mirror, down.group.view("weight"));
      }
      const [first, ...others] = weightAlignment(pair);
      expect(first).toMatchObject({ between: [1, 2] });
      expect(first!.cosine).toBeCloseTo(-1, 12);
      expect(others).toHaveLength(2);
      for (const { cosine } of others) expect(cosine).toBeCloseTo(1, 12);
      const { chance } = weightAlignment(models[kind].pair)[1]!;
      expect(chance).toBe(1 / Math.sqrt(plainWeights(pair.perception[1]!).length));
    });

    it("where the concept drives all of recall, weights join neighbours at the two ends alone", () => {
      // Three stages as wide as the concept: were those between compared, their shapes would not tell.
      const hidden = kind === "mlp" ? [4, 4, 4] : [5, 17, 4];
      const { pair } = make(team, kind, { hidden, recall: "broadcast" });
      const chain = make(team, kind, { hidden });
      expect(weightAlignment(chain.pair).map(({ between }) => between[0])).toEqual([1, 2, 3, 4]);
      const found = weightAlignment(pair);
      expect(found.map(({ between }) => between)).toEqual([
        [1, 2],
        [4, 5],
      ]);
      for (const { cosine } of found) expect(cosine).not.toBeNull();
    });
  });
}

it("the mirror of a kernel is its adjoint: <W * x, y> = <x, mirror(W) * y>", () => {
  const shape = { channelsIn: 2, channelsOut: 3, height: 4, width: 5, kernel: 3, stride: 1, padding: 1 };
  let state = 7;
  const values = (length: number) =>
    Float64Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 31 - 1;
    });
  const [x, y, w] = [values(2 * 20), values(3 * 20), values(3 * 2 * 9)];
  // The reference's order is [out][in][tap].
  const mirror = Float64Array.from({ length: w.length }, (_, at) => {
    const [i, o, tap] = [Math.floor(at / 27), Math.floor(at / 9) % 3, at % 9];
    return w[(o * 2 + i) * 9 + 8 - tap]!;
  });
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const up = convForward(x, 1, w, new Float64Array(3), shape);
  const down = convForward(y, 1, mirror, new Float64Array(2), { ...shape, channelsIn: 3, channelsOut: 2 });
  expect(dot(up, y)).toBeCloseTo(dot(x, down), 10);
});

describe("of a training step", () => {
  it("adds forward products, weight gradients and cosines, recall's by its share of the batch", async () => {
    const model = models.mlp;
    const meter = new CostMeter(model.pair);
    await evaluate(model, split, indices, undefined, [meter]);
    const cost = meter.result();
    const step = { batch: 16, prototypes: true, recallLearns: true };
    const found = trainingCost(model.pair, cost, step);
    const [up, down] = [cost.perception.operations, cost.recall.operations];
    expect(found.recalls).toBe(4);
    expect(found.forward.acs).toBeCloseTo(up.acs + down.acs / 4, 9);
    // No weight is 0 and nothing is pooled: a gradient is as many sums as its product.
    expect(found.gradients).toEqual(found.forward);
    // 64 pixels against 4 recalls: dots 4, squares 1 + 1/4, recall's gradient 4 + 1/4; hidden 21 + 18 also perception's, 4 + 1.
    expect(found.alignment.macs).toBeCloseTo(64 * 9.5 + 39 * 14.5, 9);
    expect(found.total.macs).toBeCloseTo(2 * up.macs + found.alignment.macs, 9);
    expect(found.updates).toBe((cost.perception.footprint.parameters + cost.recall.footprint.parameters) / 16);

    const frozen = trainingCost(model.pair, cost, { ...step, recallLearns: false });
    expect(frozen.gradients.acs).toBeCloseTo(up.acs, 9);
    expect(frozen.alignment.macs).toBeCloseTo(64 * 5.25 + 39 * 10.25, 9);
    expect(frozen.updates).toBe(cost.perception.footprint.parameters / 16);
    // A pair an image: recall runs as often as perception.
    const pairs = trainingCost(model.pair, cost, { ...step, prototypes: false });
    expect(pairs.forward.acs).toBeCloseTo(up.acs + down.acs, 9);
  });

  it("has no multiplications but the cosines' where the stimulus is spikes", async () => {
    const model = make(team, "cnn", { stimulus: "poisson" });
    const meter = new CostMeter(model.pair);
    await evaluate(model, split, indices, undefined, [meter]);
    const cost = meter.result();
    expect([cost.perception.operations.macs, cost.recall.operations.macs]).toEqual([0, 0]);
    expect(cost.perception.layers[0]!.operations.acs).toBeGreaterThan(0);
    const found = trainingCost(model.pair, cost, { batch: 16, prototypes: true, recallLearns: true });
    expect(found.total.macs).toBe(found.alignment.macs);
    // Stages of 4x4x5 and 2x2x17 beside the stimulus of 8x8.
    expect(sizeOf(model.pair.perception[0]!.synapses.shape)).toBe(80);
    expect(found.alignment.macs).toBeCloseTo(64 * 9.5 + (80 + 68) * 14.5, 9);
  });
});
