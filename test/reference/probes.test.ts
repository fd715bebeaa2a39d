/**
 * Probes against plain float64: the regression's loss and gradient (also by finite differences) and its optimum by plain gradient descent; and all that is measured of a net's stages,
 * from spikes read one by one. Engine products are float32.
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Split } from "../../src/data/dataset.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { evaluate } from "../../src/measure/evaluate.ts";
import { ProbeMeter, type ProbeOptions } from "../../src/measure/probes.ts";
import { SoftmaxRegression } from "../../src/measure/softmax-regression.ts";
import { stageFeatures } from "../../src/measure/stage-features.ts";
import { recallConcepts } from "../../src/nets/inference.ts";
import { AnnModel } from "../../src/nets/model.ts";
import type { Population } from "../../src/nets/population.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { annImageNet } from "../../src/rules/ann-images.ts";
import { plainBlock } from "../support/plain-stack.ts";
import { fillSlots, smallModel } from "../support/small-model.ts";
import { worstGap } from "./close.ts";

type Rows = readonly (readonly number[])[];

/** L and its gradient, [class][feature] and a bias a class, as the formula says. */
function plainLoss(rows: Rows, labels: readonly number[], classes: number, decay: number, at: ArrayLike<number>) {
  const width = rows[0]!.length;
  const size = classes * width;
  const gradient = new Float64Array(size + classes);
  let loss = 0;
  for (const [i, x] of rows.entries()) {
    const scores = Array.from({ length: classes }, (_, c) =>
      x.reduce((sum, value, f) => sum + value * at[c * width + f]!, at[size + c]!),
    );
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    loss -= Math.log(Math.exp(scores[labels[i]!]!) / total) / rows.length;
    for (let c = 0; c < classes; c++) {
      const error = (Math.exp(scores[c]!) / total - (labels[i] === c ? 1 : 0)) / rows.length;
      gradient[size + c]! += error;
      for (let f = 0; f < width; f++) gradient[c * width + f]! += error * x[f]!;
    }
  }
  for (let k = 0; k < size; k++) {
    loss += (decay / 2) * at[k]! ** 2;
    gradient[k]! += decay * at[k]!;
  }
  return { loss, gradient };
}

const sizes = fc.record({
  images: fc.integer({ min: 1, max: 40 }),
  width: fc.integer({ min: 1, max: 35 }),
  classes: fc.integer({ min: 2, max: 19 }),
  seed: fc.nat(1e6),
});

/** Random rows, labels and parameters; rows lie in the engine's memory too. */
function problem(
  team: Team,
  { images, width, classes, seed }: { images: number; width: number; classes: number; seed: number },
) {
  const random = new RandomStream(seed, "probe");
  const region = team.arena.f32(images * width);
  random.fillUniform(region.view, -1, 1);
  const rows = Array.from({ length: images }, (_, i) => [...region.view.subarray(i * width, (i + 1) * width)]);
  const labels = Array.from({ length: images }, () => random.below(classes));
  const parameters = Float64Array.from({ length: classes * width + classes }, () =>
    Math.fround(random.uniform() - 0.5),
  );
  return { rows, labels, parameters, own: { at: region.at, stride: width, width, labels } };
}

it("the regression's loss and gradient are the formula's", async () => {
  const team = await Team.create({ maximumPages: 1024 });
  fc.assert(
    fc.property(sizes, (drawn) => {
      const { rows, labels, parameters, own } = problem(team, drawn);
      const gradient = new Float64Array(parameters.length).fill(99);
      const loss = new SoftmaxRegression(team, drawn).loss(own, 0.3, parameters, gradient);
      const expected = plainLoss(rows, labels, drawn.classes, 0.3, parameters);
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5 * Math.max(1, expected.loss));
      expect(worstGap(gradient, expected.gradient).gap).toBeLessThan(1e-5);
    }),
    { numRuns: 40 },
  );
  await team.close();
});

it("the gradient is the loss's slope, by finite differences", async () => {
  const team = await Team.create({ maximumPages: 256 });
  const drawn = { images: 9, width: 5, classes: 3, seed: 4 };
  const { parameters, own } = problem(team, drawn);
  const regression = new SoftmaxRegression(team, drawn);
  const gradient = new Float64Array(parameters.length);
  regression.loss(own, 0.3, parameters, gradient);
  // Far enough apart that float32 scores differ by much more than their rounding.
  const step = 2 ** -6;
  const slopes = parameters.map((_, k) => {
    const at = (by: number) => {
      const moved = parameters.slice();
      moved[k]! += by;
      return regression.loss(own, 0.3, moved, new Float64Array(parameters.length));
    };
    return (at(step) - at(-step)) / (2 * step);
  });
  expect(worstGap(gradient, slopes).gap).toBeLessThan(1e-4);
  await team.close();
});

it("the fit is where plain gradient descent ends", async () => {
  const team = await Team.create({ maximumPages: 256 });
  const drawn = { images: 30, width: 6, classes: 4, seed: 9 };
  const { rows, labels, parameters, own } = problem(team, drawn);
  const at = parameters.map(() => 0);
  for (let k = 0; k < 4000; k++) {
    const { gradient } = plainLoss(rows, labels, 4, 0.05, at);
    for (let i = 0; i < at.length; i++) at[i]! -= 0.5 * gradient[i]!;
  }
  const found = new SoftmaxRegression(team, drawn).fit(own, { decay: 0.05 });
  expect(found.converged).toBe(true);
  expect(worstGap(found.weights, at.subarray(0, 24)).gap).toBeLessThan(1e-3);
  expect(Math.abs(found.loss - plainLoss(rows, labels, 4, 0.05, at).loss)).toBeLessThan(1e-6);
  const right = rows.filter((x, i) => {
    const scores = [0, 1, 2, 3].map((c) => x.reduce((sum, value, f) => sum + value * at[c * 6 + f]!, at[24 + c]!));
    return scores.indexOf(Math.max(...scores)) === labels[i];
  }).length;
  expect(found.accuracy).toBe(right / 30);
  await team.close();
});

/** Firing rates, spike by spike, as means over cells x cells where asked. */
function ratesOf(population: Population, image: number, cells: number): number[] {
  const { height, width, channels } = population.shape;
  const [rows, columns] = [Math.min(cells || height, height), Math.min(cells || width, width)];
  const sums = new Array<number>(rows * columns * channels).fill(0);
  const counts = new Array<number>(rows * columns * channels).fill(0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
      for (let c = 0; c < channels; c++) {
        let spikes = 0;
        for (let t = 0; t < population.steps; t++) if (population.fired(image, t, y * width + x, c)) spikes++;
        sums[cell * channels + c]! += spikes / population.steps;
        counts[cell * channels + c]!++;
      }
    }
  }
  return sums.map((sum, i) => sum / counts[i]!);
}

const meanOf = (rows: Rows) => rows[0]!.map((_, f) => rows.reduce((sum, row) => sum + row[f]!, 0) / rows.length);
const less = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value - b[i]!);
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Share of rows whose nearest prototype by centred cosine, or product, is their class's. */
function nearestAccuracy(
  rows: Rows,
  labels: ArrayLike<number>,
  prototypes: Rows,
  mean: readonly number[],
  affinity: "cosines" | "dots" = "cosines",
): number {
  const middle = meanOf(prototypes);
  const right = rows.filter((row, i) => {
    const affinities = prototypes.map((prototype) => {
      const [a, b] = [less(row, mean), less(prototype, middle)];
      return affinity === "dots" ? dot(a, b) : dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    });
    return affinities.indexOf(Math.max(...affinities)) === labels[i];
  });
  return right.length / rows.length;
}

for (const { kind, hidden, cells } of [
  { kind: "mlp", hidden: [21, 18], cells: undefined },
  { kind: "cnn", hidden: [5, 17], cells: undefined },
  { kind: "cnn", hidden: [5, 17], cells: 2 },
] as const) {
  it(`all that is measured of a ${kind}'s stages${cells ? " in cells" : ""} is what its spikes say, for any number of threads`, async () => {
    const shape = { height: 11, width: 9, channels: 2 };
    const { team, model } = await smallModel({ network: { kind, hidden }, shape, seed: 8 });
    const random = new RandomStream(6, "images");
    const made = (count: number): Split => ({
      images: Uint8Array.from({ length: count * 11 * 9 * 2 }, () => random.below(256)),
      labels: Uint16Array.from({ length: count }, (_, i) => (i < 3 ? i : random.below(3))),
      count,
    });
    const [train, test] = [made(21), made(19)];
    const all = ({ count }: Split) => Int32Array.from({ length: count }, (_, i) => i);
    const measure = async (owner: Team, comparison?: Pick<ProbeOptions, "recallFeatures" | "affinity">) => {
      const meter = await ProbeMeter.fit(owner, model, { split: train, indices: all(train) }, test.count, {
        decay: 1,
        ...comparison,
        ...(cells !== undefined && { cells }),
      });
      await evaluate(model, test, all(test), undefined, [meter]);
      return meter.result();
    };
    const found = await measure(team);
    expect(found).toMatchObject({ fittedImages: 21, images: 19, decay: 1 });
    const byVoltages = {
      cosines: await measure(team, { recallFeatures: "drive" }),
      dots: await measure(team, { recallFeatures: "membrane", affinity: "dots" }),
    };

    const { pair } = model;
    const ratesIn = (split: Split, k: number, side: number) => {
      const rows: number[][] = [];
      for (let from = 0; from < split.count; from += model.maxImages) {
        const count = model.load(split, all(split), from, Math.min(model.maxImages, split.count - from));
        model.perceive(count);
        for (let b = 0; b < count; b++) rows.push(ratesOf(pair.perception[k]!.output!, b, side));
      }
      return rows;
    };
    expect(found.stages.map(({ stage }) => stage)).toEqual([1, 2, 3]);
    for (const [k, { recall }] of [...pair.hiddenStages()].entries()) {
      const stage = found.stages[k + 1]!;
      const [fitted, seen] = [ratesIn(train, k, cells ?? 0), ratesIn(test, k, cells ?? 0)];
      expect([stage.features, stage.units]).toEqual([fitted[0]!.length, ratesIn(test, k, 0)[0]!.length]);
      const meansOf = (rows: Rows, { labels }: Split) =>
        [0, 1, 2].map((c) => meanOf(rows.filter((_, i) => labels[i] === c)));
      for (const [split, rows, separation] of [
        [train, fitted, stage.fittedSeparation],
        [test, seen, stage.separation],
      ] as const) {
        const [means, mean] = [meansOf(rows, split), meanOf(rows)];
        const squares = (deviations: Rows) => deviations.reduce((sum, row) => sum + dot(row, row), 0) / rows.length;
        const within = squares(rows.map((row, i) => less(row, means[split.labels[i]!]!)));
        const between = squares(rows.map((_, i) => less(means[split.labels[i]!]!, mean)));
        expect(separation.within).toBeCloseTo(within, 9);
        expect(separation.between).toBeCloseTo(between, 9);
        expect(within).toBeGreaterThan(0.1);
      }
      expect(stage.nearestMean).toBe(nearestAccuracy(seen, test.labels, meansOf(fitted, train), meanOf(fitted)));
      recallConcepts(pair, [0, 1, 2]);
      const recalled = [0, 1, 2].map((c) => ratesOf(recall.output!, c, 0));
      // The alignment does not pool here.
      const [plainFitted, plainSeen] = [ratesIn(train, k, 0), ratesIn(test, k, 0)];
      expect(stage.byRecall).toBe(nearestAccuracy(plainSeen, test.labels, recalled, meanOf(plainFitted)));
      for (const [affinity, feature] of [
        ["cosines", "drive"],
        ["dots", "membrane"],
      ] as const) {
        recallConcepts(pair, [0, 1, 2], feature);
        const { channels } = recall.synapses.shape;
        // Rows [pixel][channel], channels padded to sixteens.
        const padded = Math.ceil(channels / 16) * 16;
        const voltages = [0, 1, 2].map((c) =>
          [...recall.features.view.subarray(c * recall.featureWidth, (c + 1) * recall.featureWidth)].filter(
            (_, i) => i % padded < channels,
          ),
        );
        expect(voltages[0]!.length).toBe(recalled[0]!.length);
        expect(voltages).not.toEqual(recalled);
        const { byRecall, ...others } = byVoltages[affinity].stages[k + 1]!;
        expect(byRecall).toBe(nearestAccuracy(plainSeen, test.labels, voltages, meanOf(plainFitted), affinity));
        const { byRecall: _, ...same } = stage;
        expect(others).toEqual(same);
      }

      // The probe, standardised and fitted in float64.
      const mean = meanOf(fitted);
      const deviations = mean.map((m, f) => Math.sqrt(meanOf(fitted.map((row) => [(row[f]! - m) ** 2]))[0]!));
      const standard = (rows: Rows) =>
        rows.map((row) => row.map((x, f) => (deviations[f]! > 1e-9 ? (x - mean[f]!) / deviations[f]! : 0)));
      const width = mean.length;
      const [x, y] = [standard(fitted), standard(seen)];
      const at = new Float64Array(3 * width + 3);
      // Half the features' variance bounds the curvature; biases are apart from it, as the features are centred.
      const rate = (i: number) => (i < 3 * width ? 1 / (1 + width / 2) : 1);
      for (let step = 0; step < 1500; step++) {
        const { gradient } = plainLoss(x, [...train.labels], 3, 1, at);
        for (let i = 0; i < at.length; i++) at[i]! -= rate(i) * gradient[i]!;
      }
      const accuracy = (rows: Rows, { labels }: Split) =>
        rows.filter((row, i) => {
          const scores = [0, 1, 2].map(
            (c) => dot(row, [...at.subarray(c * width, (c + 1) * width)]) + at[3 * width + c]!,
          );
          return scores.indexOf(Math.max(...scores)) === labels[i];
        }).length / rows.length;
      expect(stage.fittedAccuracy).toBe(accuracy(x, train));
      expect(stage.accuracy).toBe(accuracy(y, test));
      expect(stage.converged).toBe(true);
    }
    const others = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 1024 });
    expect(await measure(others)).toEqual(found);
    await others.close();
    await team.close();
  });
}

it("a real net's last features are what its read-out reads", async () => {
  const team = await Team.create({ maximumPages: 1024 });
  const shape = { height: 8, width: 8, channels: 2 };
  const random = new RandomStream(2, "real net");
  for (const kind of ["mlp", "cnn"] as const) {
    const options = { kind, image: shape, hidden: [9, 7], classes: 3, norm: true, maxImages: 4, seed: 3 };
    const { net, stimulus, stimulusWidth } = annImageNet(team, options, "backprop-ann");
    fillSlots(net.slots(false), random);
    const statistics = { mean: [0.4, 0.5], std: [0.2, 0.3] };
    const data = { name: "random", shape, classNames: ["a", "b", "c"], statistics };
    const model = new AnnModel({ net, stimulus, stimulusWidth, maxImages: 4 }, data, shape);
    const images = Uint8Array.from({ length: 4 * 128 }, () => random.below(256));
    model.load({ images, labels: new Uint16Array(4), count: 4 }, Int32Array.of(0, 1, 2, 3), 0, 4);
    model.perceive(4);
    const readers = stageFeatures(model);
    const { synapses, group } = net.readout;
    const weight = plainBlock(synapses, group, "weight", "parameters");
    const bias = plainBlock(synapses, group, "bias", "parameters");
    for (let b = 0; b < 4; b++) {
      const features = new Float64Array(readers[2]!.width);
      readers[2]!.read(b, features);
      const logits = [0, 1, 2].map((c) =>
        features.reduce((sum, x, f) => sum + x * weight[c * features.length + f]!, bias[c]!),
      );
      const { features: outputs, featureWidth } = net.readout;
      expect(worstGap(outputs.view.subarray(b * featureWidth, b * featureWidth + 3), logits).gap).toBeLessThan(1e-5);
      const pixels = new Float64Array(readers[0]!.width);
      readers[0]!.read(b, pixels);
      const expected = [...images.subarray(128 * b, 128 * (b + 1))].map(
        (byte, i) => (byte / 255 - statistics.mean[i % 2]!) / statistics.std[i % 2]!,
      );
      expect(worstGap(pixels, expected).gap).toBeLessThan(1e-6);
    }
  }
  await team.close();
});
