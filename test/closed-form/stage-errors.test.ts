/**
 * Rules that give every stage an error of its own, from nothing but the stage and the label: direct feedback alignment by its fixed matrix, local losses by their classifier. The
 * error in float64 from its formula; what the stage makes of it, by the tests' autodiff.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import type { NetworkPair } from "../../src/nets/pair.ts";
import { sizeOf } from "../../src/nets/shape.ts";
import { DirectFeedbackAlignment } from "../../src/rules/feedback-alignment.ts";
import { LocalLosses } from "../../src/rules/local-losses.ts";
import { worstGap } from "../reference/close.ts";
import { rates } from "../support/small-pair.ts";
import { smallRivalPair } from "../support/small-rival.ts";
import { expectStage, logitsOf, makeExact, parametersNow, softmaxErrors, spikeRows } from "../support/stage-twin.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 4096 });
});
afterAll(() => team.close());

const LABELS = [0, 2, 1, 1, 0];
const IMAGES = LABELS.length;
const batch = { labels: Uint16Array.from(LABELS), counter: 0 };
const optimiser = { weightDecay: 0.01, clip: 0, clipScope: "stage" } as const;
const options = { top: "cross-entropy", lambda: 0 } as const;

/** dL/ds [image][step][unit] from dL/d(mean of s) [image][unit]. */
function overTime(means: Float64Array, steps: number, units: number): Float64Array {
  return Float64Array.from({ length: means.length * steps }, (_, i) => {
    const row = Math.floor(i / units / steps);
    return means[row * units + (i % units)]! / steps;
  });
}

/** Rows [image][columns] times a matrix [columns][units]. */
function rowsTimes(rows: Float64Array, matrix: ArrayLike<number>, units: number): Float64Array {
  const columns = matrix.length / units;
  return Float64Array.from({ length: (rows.length / columns) * units }, (_, i) => {
    const [row, unit] = [Math.floor(i / units), i % units];
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += rows[row * columns + c]! * matrix[c * units + unit]!;
    return sum;
  });
}

describe.each(["mlp", "cnn"] as const)("%s", (kind) => {
  test("direct feedback: each stage's gradient is that of B^T e", () => {
    const pair = smallRivalPair(team, { name: "direct-feedback-alignment", kind });
    makeExact(pair, IMAGES, new RandomStream(6, `direct ${kind}`));
    const before = parametersNow(pair);
    new DirectFeedbackAlignment(pair, options, optimiser).step(batch, rates);
    const errors = softmaxErrors(logitsOf(pair, IMAGES), LABELS);
    for (const [k, layer] of pair.perception.slice(0, -1).entries()) {
      const units = sizeOf(layer.synapses.shape);
      // As documented: uniform within 1 / sqrt(units), [class][unit], by the seed and the stage's name.
      const matrix = new Float32Array(pair.target.width * units);
      const stream = new RandomStream(pair.options.seed, `direct feedback ${layer.name}`);
      stream.fillUniform(matrix, -1 / Math.sqrt(units), 1 / Math.sqrt(units));
      const upstream = overTime(rowsTimes(errors, matrix, units), pair.options.steps, units);
      expectStage(pair, k, IMAGES, before[k]!, upstream);
    }
  });

  test.each(kind === "cnn" ? [0, 2] : [0])(
    "local losses, pooled to %i: each stage's classifier teaches the stage and itself",
    (pool) => {
      const pair = smallRivalPair(team, { name: "local-losses", kind, network: { pool } });
      makeExact(pair, IMAGES, new RandomStream(7, `local ${kind}`));
      const before = parametersNow(pair);
      const rule = new LocalLosses(pair, options, optimiser);
      const classifiers = rule.classifiers.map((own) => ({ weight: own.read("weight"), bias: own.read("bias") }));
      const { stageLosses } = rule.step(batch, rates);
      for (const [k, classifier] of classifiers.entries()) {
        const { features, cells, units } = plainFeatures(pair, k);
        const columns = features.length / IMAGES;
        const { weight } = classifier;
        const logits = Float64Array.from({ length: IMAGES * 3 }, (_, i) => {
          const [b, c] = [Math.floor(i / 3), i % 3];
          let sum = classifier.bias[c]!;
          for (let f = 0; f < columns; f++) sum += features[b * columns + f]! * weight[c * columns + f]!;
          return sum;
        });
        const errors = softmaxErrors(logits, LABELS);
        expect(stageLosses[k + 1]! / crossEntropy(logits)).toBeCloseTo(1, 5);
        const own = rule.classifiers[k]!;
        const { gradients } = own.parameters.group;
        const found = own.read("weight", gradients);
        const wanted = Float64Array.from({ length: 3 * columns }, (_, i) => {
          const [c, f] = [Math.floor(i / columns), i % columns];
          let sum = 0;
          for (let b = 0; b < IMAGES; b++) sum += errors[b * 3 + c]! * features[b * columns + f]!;
          return sum;
        });
        // Sums over images of errors below 1 / images and rates below 1.
        expect(worstGap(found, wanted).gap).toBeLessThan(1e-6);
        const bias = own.read("bias", gradients);
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let b = 0; b < IMAGES; b++) sum += errors[b * 3 + c]!;
          expect(Math.abs(bias[c]! - sum)).toBeLessThan(1e-6);
        }
        const toFeatures = rowsTimes(errors, weight, columns);
        const toUnits = Float64Array.from({ length: IMAGES * units }, (_, i) => {
          const [b, unit] = [Math.floor(i / units), i % units];
          const { cell, share } = cells(unit);
          return toFeatures[b * columns + cell]! * share;
        });
        expectStage(pair, k, IMAGES, before[k]!, overTime(toUnits, pair.options.steps, units));
      }
    },
  );
});

/** Mean rates of a stage's cells [image][cell * channels + channel]; which cell a unit is in, and its share of the mean. */
function plainFeatures(pair: NetworkPair, k: number) {
  const layer = pair.perception[k]!;
  const { shape } = layer.synapses;
  const { steps } = pair.options;
  const units = sizeOf(shape);
  const spikes = spikeRows(layer, IMAGES);
  const { cellCount } = layer;
  const share = cellCount / (shape.height * shape.width);
  const cells = (unit: number) => {
    const pixel = Math.floor(unit / shape.channels);
    const side = Math.sqrt(cellCount);
    const row = Math.floor((Math.floor(pixel / shape.width) * side) / shape.height);
    const column = Math.floor(((pixel % shape.width) * side) / shape.width);
    return { cell: (row * side + column) * shape.channels + (unit % shape.channels), share };
  };
  const features = new Float64Array(IMAGES * cellCount * shape.channels);
  for (const [i, spike] of spikes.entries()) {
    const b = Math.floor(i / units / steps);
    features[b * cellCount * shape.channels + cells(i % units).cell]! += (spike * share) / steps;
  }
  return { features, cells, units };
}

function crossEntropy(logits: Float64Array): number {
  let sum = 0;
  for (const [b, label] of LABELS.entries()) {
    const row = logits.subarray(b * 3, b * 3 + 3);
    sum += Math.log(row.reduce((total, y) => total + Math.exp(y), 0)) - row[label]!;
  }
  return sum / LABELS.length;
}
