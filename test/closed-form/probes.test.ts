/** Probes and class separation where the answer is known: data that a plane parts, labels that mean nothing, Gaussians of known means and variances. */
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { evenly } from "../../src/measure/decide.ts";
import {
  LinearDecision,
  minimise,
  nearestPrototype,
  SoftmaxRegression,
  standardise,
} from "../../src/measure/softmax-regression.ts";
import { spikeCounts } from "../../src/measure/spike-counts.ts";
import { ClassSpread, recallFeatures, StageFeatures } from "../../src/measure/stage-features.ts";
import { randomImages, smallPair } from "../support/small-pair.ts";

const random = new RandomStream(3, "probes");
/** Of mean 0 and variance 1, near enough to a Gaussian: twelve uniform numbers less 6 (Irwin and Hall). */
const normal = () => Array.from({ length: 12 }, () => random.uniform()).reduce((sum, u) => sum + u, -6);

describe("minimise", () => {
  it("finds the valley of Rosenbrock's function", () => {
    const rosenbrock = (x: Float64Array, g: Float64Array) => {
      const [a, b] = [x[0]!, x[1]!];
      g[0] = -2 * (1 - a) - 400 * a * (b - a * a);
      g[1] = 200 * (b - a * a);
      return (1 - a) ** 2 + 100 * (b - a * a) ** 2;
    };
    const start = Float64Array.of(-1.2, 1);
    const { x, value, converged } = minimise(rosenbrock, start, { tolerance: 1e-9 });
    expect(converged).toBe(true);
    expect(x[0]).toBeCloseTo(1, 6);
    expect(x[1]).toBeCloseTo(1, 6);
    expect(value).toBeLessThan(1e-12);
    expect([...start]).toEqual([-1.2, 1]);
    const cut = minimise(rosenbrock, start, { tolerance: 1e-9, iterations: 3 });
    expect(cut).toMatchObject({ iterations: 3, converged: false });
  });

  it("stays where the slope is 0, and ends where a gradient lies", () => {
    const sloping = (slope: number, value: (x: number) => number) => (x: Float64Array, g: Float64Array) => {
      g.fill(slope);
      return value(x[0]!);
    };
    const flat = minimise(
      sloping(0, () => 7),
      Float64Array.of(2),
    );
    expect(flat).toEqual({ x: Float64Array.of(2), value: 7, iterations: 0, converged: true });
    // Downhill by the gradient is uphill by the value: no step helps.
    const lying = minimise(
      sloping(-1, (x) => x),
      Float64Array.of(2),
    );
    expect(lying).toMatchObject({ value: 2, iterations: 0, converged: false });
  });
});

/** Fits on one part of the rows, reads the other. */
async function fitAndRead(rows: Float32Array, labels: readonly number[], fitted: number, classes: number) {
  const width = rows.length / labels.length;
  const team = await Team.create({ maximumPages: 256 });
  try {
    const x = team.arena.f32(fitted * width);
    x.view.set(rows.subarray(0, fitted * width));
    const regression = new SoftmaxRegression(team, { images: fitted, width, classes });
    const own = { at: x.at, stride: width, width, labels: labels.slice(0, fitted) };
    const fit = regression.fit(own, { decay: 1e-3 });
    const decision = new LinearDecision(fit.weights, fit.bias);
    let right = 0;
    for (let i = fitted; i < labels.length; i++)
      if (decision.classOf(Float64Array.from(rows.subarray(i * width, (i + 1) * width))) === labels[i]) right++;
    return { fit, accuracy: right / (labels.length - fitted) };
  } finally {
    await team.close();
  }
}

describe("a linear probe", () => {
  it("names all of what planes part, seen or not", async () => {
    const labels = Array.from({ length: 300 }, (_, i) => i % 3);
    const rows = Float32Array.from({ length: 300 * 7 }, (_, at) => {
      const [i, f] = [Math.floor(at / 7), at % 7];
      return (f === labels[i] ? 6 : 0) + random.uniform();
    });
    const { fit, accuracy } = await fitAndRead(rows, labels, 150, 3);
    expect(fit).toMatchObject({ accuracy: 1, converged: true });
    expect(accuracy).toBe(1);
  });

  it("names no more than chance where labels mean nothing, however well it fits", async () => {
    const labels = Array.from({ length: 1400 }, () => random.below(4));
    const rows = Float32Array.from({ length: 1400 * 300 }, normal);
    const { fit, accuracy } = await fitAndRead(rows, labels, 400, 4);
    expect(fit.accuracy).toBeGreaterThan(0.95);
    // Four standard deviations of 1000 draws.
    expect(Math.abs(accuracy - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 1000));
  });

  it("tells the classes' shares where features say nothing", async () => {
    const labels = [0, 0, 0, 0, 0, 1, 1, 2];
    const { fit } = await fitAndRead(new Float32Array(2 * labels.length), labels, labels.length, 3);
    const shares = [5, 2, 1].map((count) => count / 8);
    expect(fit.accuracy).toBe(5 / 8);
    expect([...fit.weights].every((weight) => weight === 0)).toBe(true);
    const odds = [...fit.bias].map((bias) => Math.exp(bias - fit.bias[0]!));
    for (const [c, share] of shares.entries()) expect(odds[c]).toBeCloseTo(share / shares[0]!, 3);
    expect(fit.loss).toBeCloseTo(-shares.reduce((sum, share) => sum + share * Math.log(share), 0), 5);
  });
});

describe("class separation", () => {
  it("of four points by hand", () => {
    const spread = new ClassSpread(3, 2);
    for (const [x, y, label] of [
      [0, 0, 0],
      [2, 0, 0],
      [5, 4, 2],
      [5, 8, 2],
    ] as const)
      spread.add(Float64Array.of(x, y), label);
    expect(spread.present).toEqual([true, false, true]);
    expect([...spread.mean()]).toEqual([3, 3]);
    expect([...spread.means()].filter((_, i) => i < 2 || i > 3)).toEqual([1, 0, 5, 6]);
    // Means (1, 0) and (5, 6) lie sqrt(13) from (3, 3); points lie 1 and 2 from theirs.
    const { between, within, ratio, withinShare } = spread.separation();
    expect(between).toBeCloseTo(13, 12);
    expect(within).toBeCloseTo(2.5, 12);
    expect(ratio).toBeCloseTo(13 / 2.5, 12);
    expect(withinShare).toBeCloseTo(2.5 / 15.5, 12);
    // Two means lie on a line.
    expect(spread.meansRank()).toBeCloseTo(1, 9);
  });

  it("of Gaussians: d unit variances within, and the means' own between, wherever they lie", () => {
    const [width, each] = [6, 4000];
    for (const offset of [0, 1e4]) {
      const spread = new ClassSpread(2, width);
      for (let i = 0; i < 2 * each; i++) {
        const label = i % 2;
        spread.add(
          Float64Array.from({ length: width }, (_, f) => offset + (f === 0 ? (label ? 3 : -3) : 0) + normal()),
          label,
        );
      }
      const { between, within, ratio } = spread.separation();
      expect(between).toBeGreaterThan(9 * 0.95);
      expect(between).toBeLessThan(9 * 1.05);
      expect(within).toBeGreaterThan(width * 0.97);
      expect(within).toBeLessThan(width * 1.03);
      expect(ratio).toBeCloseTo(between / within, 12);
    }
  });

  it("of classes that have collapsed, and of features that are all one", () => {
    const collapsed = new ClassSpread(2, 1);
    for (const label of [0, 1, 0, 1, 0]) collapsed.add(Float64Array.of(0.1 + 0.2 * label), label);
    expect(collapsed.separation()).toMatchObject({ within: 0, ratio: null, withinShare: 0 });
    const same = new ClassSpread(2, 3);
    for (const label of [0, 1, 1]) same.add(Float64Array.of(0.1, 0.7, 0.3), label);
    expect(same.separation()).toEqual({ between: 0, within: 0, ratio: null, withinShare: null });
    expect(same.meansRank()).toBe(0);
  });
});

describe("the nearest prototype", () => {
  it("is nearest in angle, both sides centred", () => {
    const prototypes = Float64Array.of(...[10, 10, 9], ...[10, 9, 10], ...[9, 10, 10]);
    const decision = nearestPrototype(prototypes, Float64Array.of(1, 1, 1));
    expect(decision.classOf(Float64Array.of(1, 1, 0))).toBe(0);
    expect(decision.classOf(Float64Array.of(50, 1, 50))).toBe(1);
    expect(decision.classOf(Float64Array.of(1, 1.001, 1.001))).toBe(2);
    // Far more like class 0 in length, but not in direction.
    expect(decision.classOf(Float64Array.of(0.9, 1.05, 1))).toBe(2);
  });

  it("is the one of the largest product where those are asked for: of two in nearly one direction the longer", () => {
    const prototypes = Float64Array.of(...[3, 0], ...[1, 0.2], ...[-4, -0.2]);
    const decide = (affinity: "cosines" | "dots", x: number, y: number) =>
      nearestPrototype(prototypes, Float64Array.of(1, 1), { affinity }).classOf(Float64Array.of(x, y));
    expect([decide("cosines", 2, 1.1), decide("dots", 2, 1.1)]).toEqual([1, 0]);
    expect([decide("cosines", 1, 3), decide("dots", 1, 3)]).toEqual([1, 1]);
    expect([decide("cosines", -2, 1), decide("dots", -2, 1)]).toEqual([2, 2]);
  });

  it("is never one that is absent or has no direction", () => {
    const [absent, mean] = [Float64Array.of(...[1, 0], ...[100, 100], ...[0, 1]), Float64Array.of(0, 0)];
    const decision = nearestPrototype(absent, mean, { present: [true, false, true] });
    expect(decision.classOf(Float64Array.of(100, 101))).toBe(2);
    expect(nearestPrototype(Float64Array.of(0.1, 0.3, 0.1, 0.3), mean).classOf(Float64Array.of(1, 0))).toBe(-1);
  });
});

describe("features of a stage", () => {
  const shape = { height: 3, width: 4, channels: 2 };
  const plane = Float64Array.from({ length: 24 }, (_, i) => 10 * Math.floor(i / 2) + (i % 2));
  const read = (_: number, out: Float64Array) => void out.set(plane);
  const featuresOf = (cells?: number, pooling?: "energy") => {
    const reader = new StageFeatures(2, shape, read, cells, pooling);
    const out = new Float64Array(reader.width).fill(99);
    reader.read(0, out);
    return [...out];
  };

  it("are the units as they are, a cell each or not pooled at all", () => {
    for (const cells of [undefined, 0, 4, 7]) expect(featuresOf(cells)).toEqual([...plane]);
  });

  it("are means over cells", () => {
    // All twelve pixels, 0, 10, .. 110.
    expect(featuresOf(1)).toEqual([55, 56]);
    // Rows {0, 1} and {2}, columns {0, 1} and {2, 3}.
    expect(featuresOf(2)).toEqual([...[25, 26], ...[45, 46], ...[85, 86], ...[105, 106]]);
  });

  it("are the energies of cells where those are compared", () => {
    const root = (...units: number[]) => Math.sqrt(units.reduce((sum, x) => sum + x * x, 0) / units.length);
    expect(featuresOf(2, "energy")).toEqual([
      ...[root(0, 10, 40, 50), root(1, 11, 41, 51), root(20, 30, 60, 70), root(21, 31, 61, 71)],
      ...[root(80, 90), root(81, 91), root(100, 110), root(101, 111)],
    ]);
  });

  it("are of 4 x 4 cells where there are over 4,096 units", () => {
    const wide = (channels: number) => new StageFeatures(2, { height: 8, width: 8, channels }, read);
    expect([wide(64).width, wide(65).width]).toEqual([4096, 16 * 65]);
    expect(new StageFeatures(2, { height: 1, width: 1, channels: 5000 }, read).width).toBe(5000);
  });
});

it("what recall decides by is pooled as the alignment pools: perception's cells by their energies, recall's by means", async () => {
  const { team, pair, step } = await smallPair({ network: { kind: "cnn", pool: 2, pooling: "energy" } });
  try {
    step(randomImages(pair, 6));
    const { perception, recall } = recallFeatures(pair)[0]!;
    for (const [reader, layer, energies] of [
      [perception, pair.perception[0]!, true],
      [recall, pair.recall[1]!, false],
    ] as const) {
      const { height, width, channels } = layer.synapses.shape;
      const counts = new Float64Array(height * width * channels);
      spikeCounts(layer.output!, 0, counts);
      const expected = new Float64Array(4 * channels);
      for (const [i, count] of counts.entries()) {
        const [y, x] = [Math.floor(i / (width * channels)), Math.floor(i / channels) % width];
        const cell = 2 * Math.floor((2 * y) / height) + Math.floor((2 * x) / width);
        const rate = count / pair.options.steps;
        expected[cell * channels + (i % channels)]! += ((energies ? rate ** 2 : rate) * 4) / (height * width);
      }
      const found = new Float64Array(reader.width);
      reader.read(0, found);
      for (const [i, value] of found.entries())
        expect(value).toBeCloseTo(energies ? Math.sqrt(expected[i]!) : expected[i]!, 12);
      expect(Math.max(...found)).toBeGreaterThan(0);
    }
  } finally {
    await team.close();
  }
});

it("standardised features have mean 0 and variance 1, or are 0", () => {
  const rows = { at: 0, view: Float32Array.of(...[1, 7, 0.1], ...[3, 7, 0.1], ...[5, 7, 0.1], ...[7, 7, 0.1], 99) };
  const { mean, scale } = standardise(rows, 4, 3);
  expect(mean[0]).toBe(4);
  expect(scale[0]).toBeCloseTo(1 / Math.sqrt(5), 12);
  expect([scale[1], scale[2]]).toEqual([0, 0]);
  const expected = [-3, -1, 1, 3].flatMap((x) => [x / Math.sqrt(5), 0, 0]);
  for (const [i, value] of expected.entries()) expect(rows.view[i]).toBeCloseTo(value, 6);
  expect(rows.view[12]).toBe(99);
});

it("images are spread evenly over the indices", () => {
  const indices = Int32Array.from({ length: 10 }, (_, i) => 100 + i);
  expect([...evenly(indices, 4)]).toEqual([100, 102, 105, 107]);
  for (const most of [0, 10, 11]) expect(evenly(indices, most)).toEqual(indices);
});
