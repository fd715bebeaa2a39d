/** What the lab's look inside computes, against values worked out by hand. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isFlowing } from "../../lab/src/draw/flow.ts";
import { flatLayout, planesLayout } from "../../lab/src/draw/spikes.ts";
import { firingPlaces, glow, tickLength, travellers, waveTicks } from "../../lab/src/draw/wave.ts";
import { likenessByClass } from "../../lab/src/state/likeness.ts";
import { Trace } from "../../lab/src/state/trace.ts";
import {
  activationHistogram,
  histogram,
  rateHistogram,
  spreadOver,
  weightHistogram,
} from "../../lab/src/worker/histogram.ts";
import * as look from "../../lab/src/worker/look.ts";
import type { Scene } from "../../lab/src/worker/scene.ts";
import { centredCosines } from "../../lab/src/worker/spikes.ts";
import { Team } from "../../src/engine/team.ts";
import { spikingModel } from "../../src/nets/model.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { smallDigits } from "../support/small-digits.ts";

describe("histograms", () => {
  it("count over equal bins; the last one holds the end; what is outside is not counted", () => {
    expect(histogram([-1, 0, 0.24, 0.25, 0.5, 0.99, 1, 1.01, Number.NaN], 0, 1, 4)).toEqual({
      from: 0,
      to: 1,
      counts: [2, 1, 1, 2],
    });
    expect(histogram([3, 3], 3, 3, 2).counts).toEqual([2, 0]);
    expect(histogram([], 0, 1, 3).counts).toEqual([0, 0, 0]);
  });

  it("of rates: dead, half and always firing units", () => {
    const { counts, mean, dead, saturated, units } = rateHistogram([0, 5, 10, 0], 4, 10);
    expect(counts.flatMap((count, bin) => (count > 0 ? [[bin, count]] : []))).toEqual([
      [0, 2],
      [10, 1],
      [19, 1],
    ]);
    expect({ mean, dead, saturated, units }).toEqual({ mean: 3.75 / 10, dead: 0.5, saturated: 0.25, units: 4 });
  });

  it("of activations: from the least to the greatest, 0 always within", () => {
    const seen = activationHistogram(Float64Array.of(-1, 0, 1, 3), [true, false, true, true]);
    expect(seen).toMatchObject({ from: -1, to: 3, mean: 0.75, dead: 0.25, units: 4 });
    expect(seen.counts[0]).toBe(1);
    expect(seen.counts[5]).toBe(1);
    expect(seen.counts[10]).toBe(1);
    expect(seen.counts[19]).toBe(1);
    expect(activationHistogram(Float64Array.of(2, 4), [true, true])).toMatchObject({ from: 0, to: 4 });
  });

  it("of weights: as wide as the largest, with their mean and standard deviation", () => {
    const { from, to, counts, mean, deviation, weights } = weightHistogram(Float32Array.of(-2, 0, 0, 2, 0));
    expect({ from, to, mean, weights }).toEqual({ from: -2, to: 2, mean: 0, weights: 5 });
    expect(deviation).toBeCloseTo(Math.sqrt(8 / 5), 12);
    expect([counts[0], counts[20], counts[40]]).toEqual([1, 3, 1]);
    expect(weightHistogram(new Float32Array(3)).counts[0]).toBe(3);
  });
});

describe("a wave", () => {
  /** Two steps, three neurons: the first fires at both, the second at the last, the third never. */
  const rows = { steps: 2, neurons: 3, spikes: Uint8Array.of(1, 0, 0, 1, 1, 0) };

  it("is bright where a neuron fires, fades by half a tick, and leaves the firing rate", () => {
    expect([...glow(rows, -0.5)]).toEqual([0, 0, 0]);
    expect([...glow(rows, 0)]).toEqual([255, 0, 0]);
    // Half brightness a tick after; the second step has come.
    expect([...glow(rows, 2)]).toEqual([Math.max(128, 153), 128, 0]);
    expect([...glow(rows, 20)]).toEqual([153, Math.round(255 * 0.3), 0]);
  });

  it("lasts as long as the last step needs through all stages, in ticks that eyes can follow", () => {
    expect(waveTicks(4, 4)).toBe(9);
    expect(tickLength(9)).toBe(130);
    expect(tickLength(20)).toBe(65);
    expect(tickLength(1000)).toBe(40);
  });

  it("sends spikes from where neurons fire to where others do, and none into silence", () => {
    const layout = flatLayout(3);
    expect(layout).toMatchObject({ columns: 3, rows: 1 });
    expect(firingPlaces(rows, 0, 9, layout)).toEqual([0.5 / 3]);
    expect(firingPlaces(rows, 1, 9, layout)).toEqual([0.5 / 3, 1.5 / 3]);
    expect(firingPlaces(rows, 1, 1, layout)).toEqual([0.5 / 3]);
    expect(travellers([0.2], [0.1, 0.9])).toEqual([
      { from: 0.2, to: 0.1 },
      { from: 0.2, to: 0.9 },
    ]);
    expect(travellers([0.2, 0.4], [])).toEqual([]);
    expect(isFlowing([[], [{ from: 0, to: 1 }]], 0.5)).toBe(false);
    expect(isFlowing([[], [{ from: 0, to: 1 }]], 1.5)).toBe(true);
    expect(isFlowing([[], [{ from: 0, to: 1 }]], 2)).toBe(false);
  });

  it("shows a convolutional stage's channels as pictures, with a line between them", () => {
    // 4 channels of 2x1 pixels, 3 wide: neuron = pixel * 4 + channel.
    const { columns, rows: lines, cells } = planesLayout(2, 1, 4);
    expect([columns, lines]).toEqual([3 * 3 - 1, 2 * 2 - 1]);
    expect([...cells.slice(0, 4)]).toEqual([0, 3, 6, 2 * 8]);
    expect([...cells.slice(4)]).toEqual([1, 4, 7, 2 * 8 + 1]);
  });
});

describe("a trace", () => {
  it("keeps a bounded number of points, evenly spread, the first among them", () => {
    const trace = new Trace(8);
    for (let k = 0; k < 7; k++) trace.add(k);
    expect(trace.values).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (let k = 7; k < 21; k++) trace.add(k);
    expect(trace.values).toEqual([0, 4, 8, 12, 16, 20]);
    trace.clear();
    trace.add(5);
    expect(trace.values).toEqual([5]);
  });
});

describe("likeness by class", () => {
  const cosines = Float32Array.of(1, 0.5, -1, 0.5, 1, 0, -1, 0, 1);
  it("is the mean with the same class and with others", () => {
    const rows = [0, 0, 1];
    expect(likenessByClass({ step: 1, rows, columns: rows, cosines }, true)).toEqual([
      { label: 0, own: 0.5, others: -0.5 },
      { label: 1, own: null, others: -0.5 },
    ]);
    expect(likenessByClass({ step: 1, rows, columns: [0, 1, 2], cosines }, false)).toEqual([
      { label: 0, own: 0.75, others: 0.125 },
      { label: 1, own: 0, others: 0 },
    ]);
  });
});

describe("images that stand for a batch", () => {
  it("are of as many classes as can be, in the order of the classes", () => {
    expect(spreadOver([1, 1, 1, 0], 2)).toEqual([3, 0]);
    expect(spreadOver([2, 0, 2, 1, 0, 2], 5)).toEqual([1, 4, 3, 0, 2]);
    expect(spreadOver([5], 8)).toEqual([0]);
  });
});

describe("similarity", () => {
  it("is the cosine of rows less each unit's mean over its set", () => {
    // Less their mean (0.5, 0.5, 0), the rows are along (1, -1, 0) and (-1, 1, 0); the others' along (1, 1, 0) and (-1, -1, 0).
    const a = Float32Array.of(1, 0, 7, 0, 1, 7);
    const b = Float32Array.of(1, 1, 2, 0, 0, 2);
    const rounded = (rows: number[][]) => rows.map((row) => row.map((value) => Math.round(1e9 * value) / 1e9 + 0));
    expect(rounded(centredCosines(a, a, 3))).toEqual([
      [1, -1],
      [-1, 1],
    ]);
    expect(rounded(centredCosines(a, b, 3))).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe("a net of which all is known", () => {
  let team: Team;
  let scene: Scene;
  beforeAll(async () => {
    team = await Team.create({ threads: 1, spawn: spawnThread, maximumPages: 1024 });
    const dataset = smallDigits({ classes: 3, train: 30 });
    const network = { hidden: [20, 6], steps: 4, norm: false, tau: 2, threshold: { perception: 1, recall: 0.01 } };
    const config = resolveConfig({ data: { path: "bars", validation: 0 }, network, train: { batch: 12 } });
    const experiment = createExperiment(team, config, dataset);
    const indices = experiment.trainIndices.slice(0, 12);
    const labels = Uint16Array.from(indices, (i) => dataset.train.labels[i]!);
    scene = { experiment, batch: { indices, labels }, step: 0 };
    const { pair } = spikingModel(experiment.model, "this test");
    // Stage 2: no weights; a bias of 4 has unit 0 fire at every step, one of 1.5 unit 1 at every second one, the others at none.
    const { synapses, group } = pair.perception[0]!;
    const plain = new Float32Array(synapses.plainShape("weight").reduce((a, b) => a * b, 1));
    synapses.pack("weight", plain, group.view("weight"));
    const bias = new Float32Array(20);
    bias.set([4, 1.5]);
    synapses.pack("bias", bias, group.view("bias"));
  });
  afterAll(async () => {
    await team.close();
  });

  it("shows each unit's spikes in the raster, of images ordered by class", () => {
    const { labels, perception, recall, total, first } = look.raster(scene, 0, 0);
    expect({ total, first }).toEqual({ total: 20, first: 0 });
    expect(labels).toEqual([...labels].sort((a, b) => a - b));
    expect(new Set(labels).size).toBe(3);
    expect(perception).toMatchObject({ images: 8, steps: 4, units: 20 });
    expect(recall).toMatchObject({ images: 8, steps: 4, units: 20 });
    const trainOf = (image: number, unit: number) =>
      Array.from({ length: 4 }, (_, t) => perception.values[(image * 4 + t) * 20 + unit]);
    for (let image = 0; image < 8; image++) {
      expect(trainOf(image, 0)).toEqual([127, 127, 127, 127]);
      expect(trainOf(image, 1)).toEqual([0, 127, 0, 127]);
      expect(trainOf(image, 2)).toEqual([0, 0, 0, 0]);
    }
  });

  it("counts their rates", () => {
    const { perception, recall, images } = look.rates(scene, 0);
    expect(images).toBe(12);
    expect(perception).toMatchObject({ units: 20, dead: 0.9, saturated: 0.05 });
    expect(perception.mean).toBeCloseTo(1.5 / 20, 12);
    expect([perception.counts[0], perception.counts[10], perception.counts[19]]).toEqual([18, 1, 1]);
    expect(recall!.units).toBe(20);
  });

  it("finds no similarity where all images have the same spikes, and each image like itself elsewhere", () => {
    const flat = look.similarity(scene, 0, "perception");
    expect(flat.rows).toEqual(flat.columns);
    expect(flat.rows).toHaveLength(12);
    expect(flat.cosines.every((cosine) => cosine === 0)).toBe(true);
    const recall = look.similarity(scene, 0, "recall");
    expect(recall.rows).toEqual([0, 1, 2]);
    for (const c of [0, 1, 2]) expect(recall.cosines[4 * c]).toBeCloseTo(1, 6);
    // Cosines of three rows less their mean: their weighted sum is 0, so they cannot all be positive.
    expect(Math.min(...recall.cosines)).toBeLessThan(0);
    expect(look.similarity(scene, 0, "both")).toMatchObject({ columns: [0, 1, 2] });
  });

  it("finds the weights of each joint, and that mirrored ones are aligned", () => {
    const { joints, stages, aligns } = look.inside(scene);
    expect(joints.map(({ name, up, down }) => [name, up, down])).toEqual([
      ["stimulus and stage 2", 64 * 20, 20 * 64],
      ["stage 2 and stage 3", 20 * 6, 6 * 20],
      ["stage 3 and concept", 6 * 3, 3 * 6],
    ]);
    expect(stages.map(({ name, units, recalled }) => [name, units, recalled])).toEqual([
      ["stage 2", 20, true],
      ["stage 3", 6, true],
      ["concept", 3, true],
    ]);
    expect(aligns).toBe(true);
    expect(look.weights(scene, 0).up).toMatchObject({ mean: 0, deviation: 0, weights: 1280 });
    const { pair } = spikingModel(scene.experiment.model, "this test");
    const [up, down] = [pair.perception[1]!, pair.recall[1]!];
    const theta = new Float32Array(120);
    down.synapses.unpack("weight", down.group.view("weight"), theta);
    const transposed = theta.map((_, i) => theta[(i % 20) * 6 + Math.floor(i / 20)]!);
    up.synapses.pack("weight", transposed, up.group.view("weight"));
    const cosines = look.alignment(scene).joints.map(({ cosine }) => cosine);
    // The first has no weights up.
    expect(cosines[0]).toBeNull();
    expect(cosines[1]).toBeCloseTo(1, 6);
    expect(Math.abs(cosines[2]!)).toBeLessThan(0.9);
  });
});
