/** Counts, energies and ranks that can be said by hand. */
import { describe, expect, it } from "vitest";
import { convConnections, linearConnections } from "../../src/measure/connections.ts";
import { ENERGY_PRESETS, picojoules } from "../../src/measure/energy.ts";
import { auroc } from "../../src/measure/mismatch.ts";
import { operationsOfCall } from "../../src/measure/operations.ts";
import { effectiveRank, unitRates } from "../../src/measure/representation.ts";
import { spikeCounts } from "../../src/measure/spike-counts.ts";

import { flat } from "../../src/nets/shape.ts";

describe("synaptic operations", () => {
  const example = linearConnections([1.3, 0, -3.2, 0, 1.2, -5.1, -1.1, 2.7, 0], flat(3));

  it("counts NeuroBench's documented example", () => {
    expect(operationsOfCall(example, [[0, 1.3, -1]])).toEqual({ macs: 4, acs: 0, dense: 9 });
    expect(example.zeros / example.weights).toBe(3 / 9);
  });

  it("calls a call accumulation only if every input of the batch is 0, 1 or -1", () => {
    expect(operationsOfCall(example, [[0, 1, -1]])).toEqual({ macs: 0, acs: 4, dense: 9 });
    expect(
      operationsOfCall(example, [
        [0, 1, -1],
        [0.5, 0, 0],
      ]),
    ).toEqual({ macs: 6, acs: 0, dense: 18 });
    expect(operationsOfCall(example, [[0, 0, 0]])).toEqual({ macs: 0, acs: 0, dense: 9 });
  });

  const plain = { up: 0, pool: 0, stride: 1, padding: 1, outHeight: 3, outWidth: 3 };
  const ones = (length: number) => new Array<number>(length).fill(1);

  it("leaves out a convolution's taps on the padding", () => {
    // 3x3 pixels under a 3x3 kernel: along each axis 2 + 3 + 2 pairs of pixel and output.
    const conv = convConnections(ones(9), { height: 3, width: 3, channels: 1 }, plain);
    expect(conv.dense).toBe(49);
    expect([...conv.all]).toEqual([4, 6, 4, 6, 9, 6, 4, 6, 4]);
    // Only the centre tap is left: each pixel reaches one output.
    const centre = [0, 0, 0, 0, 2, 0, 0, 0, 0];
    expect([...convConnections(centre, { height: 3, width: 3, channels: 1 }, plain).nonZero]).toEqual(ones(9));
  });

  it("counts an upsampled pixel under every tap its copies lie under, and looks it up once an output", () => {
    const geometry = { ...plain, up: 1, outHeight: 2, outWidth: 2 };
    // One pixel becomes 2x2, each under four taps of the four outputs: 16 products, 4 of (output, pixel).
    const conv = convConnections(ones(9), { height: 1, width: 1, channels: 1 }, geometry);
    expect([conv.dense, conv.looked[0]]).toEqual([16, 4]);
  });

  it("teaches one output in four through a pool, and none that it drops", () => {
    const conv = convConnections(ones(9), { height: 3, width: 3, channels: 1 }, { ...plain, pool: 1 });
    // Outputs (0..1, 0..1) are pooled: they see 4 + 6 + 6 + 9 taps, of which one output's are taught.
    expect(conv.taught.reduce((a, b) => a + b)).toBe(25 / 4);
  });
});

it("prices operations by Horowitz's table", () => {
  const priced = (key: keyof typeof ENERGY_PRESETS) => picojoules({ macs: 10, acs: 100 }, ENERGY_PRESETS[key]);
  expect(picojoules({ macs: 10, acs: 100 })).toBeCloseTo(46 + 90, 12);
  expect([priced("fp32"), priced("fp16"), priced("int8")].map((x) => x.toFixed(6))).toEqual([
    "136.000000",
    "55.000000",
    "5.300000",
  ]);
  // A MAC is an addition and a multiplication: 3.7, 1.1 and 0.2 pJ.
  for (const [key, multiply] of [
    ["fp32", 3.7],
    ["fp16", 1.1],
    ["int8", 0.2],
  ] as const)
    expect(ENERGY_PRESETS[key].mac - ENERGY_PRESETS[key].ac).toBeCloseTo(multiply, 12);
});

describe("AUROC", () => {
  it("is the share of pairs an outlier wins, ties by half", () => {
    expect(auroc([0, 1, 1], [1, 2])).toBe((1 + 0.5 + 0.5 + 3) / 6);
    expect(auroc([1, 2, 3], [4, 5])).toBe(1);
    expect(auroc([4, 5], [1, 2, 3])).toBe(0);
    expect(auroc([7, 7, 7], [7, 7])).toBe(0.5);
    expect(auroc([3, 1], [2])).toBe(0.5);
  });

  it("refuses sides without scores, and scores that are no numbers", () => {
    expect(() => auroc([], [1])).toThrow(/expected scores on both sides, got 0 inliers and 1 outliers/);
    expect(() => auroc([0, Number.NaN], [1])).toThrow(/got NaN/);
  });
});

describe("effective rank", () => {
  it("is the number of equal singular values", () => {
    expect(effectiveRank([1, 0, 0, 1], 2, 2)).toBeCloseTo(2, 12);
    // Orthogonal rows of equal length, more columns than rows, and the same matrix upright.
    const hadamard = [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1];
    expect(effectiveRank(hadamard, 3, 4)).toBeCloseTo(3, 12);
    const upright = Array.from({ length: 12 }, (_, at) => hadamard[(at % 3) * 4 + Math.floor(at / 3)]!);
    expect(effectiveRank(upright, 4, 3)).toBeCloseTo(3, 12);
  });

  it("is 1 for multiples of one row, 0 for zeros, and does not depend on the scale", () => {
    expect(effectiveRank([1, 2, 3, -2, -4, -6, 0.5, 1, 1.5], 3, 3)).toBeCloseTo(1, 12);
    expect(effectiveRank([0, 0, 0, 0], 2, 2)).toBe(0);
    expect(effectiveRank([300, 0, 0, 100], 2, 2)).toBeCloseTo(effectiveRank([3, 0, 0, 1], 2, 2), 12);
  });

  it("is 1 for a large matrix of one direction, whose other singular values are rounding", () => {
    const values = Array.from({ length: 60 * 50 }, (_, at) => Math.sqrt(1 + Math.floor(at / 50)) * Math.cbrt(at % 50));
    expect(effectiveRank(values, 60, 50)).toBeCloseTo(1, 9);
  });

  it("is the exponential of the entropy of singular values 3 and 1", () => {
    expect(effectiveRank([3, 0, 0, 1], 2, 2)).toBeCloseTo(Math.exp(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25)), 12);
  });

  it("centred, does not see what all rows share", () => {
    // Rows (10, 10) +- (1, 0): one direction is left.
    expect(effectiveRank([11, 10, 9, 10], 2, 2, { centred: true })).toBeCloseTo(1, 12);
    expect(effectiveRank([5, 7, 5, 7], 2, 2, { centred: true })).toBe(0);
  });
});

it("tells dead and saturated units, and where the rates lie", () => {
  // Two channels, two pixels; the second channel never fires.
  const rates = unitRates([100, 0, 94, 0], 2, 100);
  expect(rates).toMatchObject({ units: 4, dead: 0.5, saturated: 0.25, deadChannels: 0.5 });
  expect(rates.mean).toBeCloseTo(1.94 / 4, 12);
  expect(rates.histogram[0]).toBe(2);
  expect(rates.histogram[18]).toBe(1);
  expect(rates.histogram[19]).toBe(1);
  expect(unitRates([1, 1, 0], 3, 10).deadChannels).toBe(1 / 3);
  // A rate on the edge of a bin belongs to the upper one: 3 of 20 is 0.15.
  expect(unitRates([3], 1, 20).histogram[3]).toBe(1);
  // 0.95 itself is not above it.
  expect(unitRates([95], 1, 100).saturated).toBe(0);
});

it("counts the spikes of units, and no bits beyond the last channel", () => {
  // Two pixels of 18 channels: two words of 16 a pixel, of the second only two bits are units.
  const shape = { height: 1, width: 2, channels: 18 };
  const at = 0;
  const view = Uint16Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 0xffff, 0x8000, 2, 1, 0xfffc, 0, 3);
  const counts = new Float64Array(36).fill(9);
  expect(spikeCounts({ masks: { at, view }, shape, steps: 2 }, 1, counts)).toBe(1 + 2 + 1 + 1 + 1 + 0 + 0 + 2);
  const expected = new Array<number>(36).fill(0);
  expected[0] = 2;
  expected[16] = 1;
  expected[17] = 1;
  expected[18 + 15] = 1;
  expected[18 + 16] = 1;
  expected[18 + 17] = 2;
  expect([...counts]).toEqual(expected);
});
