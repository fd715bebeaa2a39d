import { describe, expect, it } from "vitest";
import {
  bandErrors,
  meanSquaredErrors,
  peakSignalToNoise,
  ssimWindow,
  structuralSimilarities,
} from "../../src/measure/image-quality.ts";

const square = (side: number, channels = 1) => ({ height: side, width: side, channels });
const flat = (side: number, value: number) => new Float64Array(side * side).fill(value);

describe("meanSquaredErrors and peakSignalToNoise", () => {
  it("has one figure an image, over its pixels and channels", () => {
    const shape = { height: 1, width: 2, channels: 2 };
    const errors = meanSquaredErrors(
      Float32Array.of(0, 0, 0, 0, 1, 1, 1, 1),
      Float32Array.of(0, 1, 0, 1, 1, 1, 1, 0.5),
      shape,
      2,
    );
    expect([...errors]).toEqual([0.5, 0.0625]);
  });

  it("counts decibels below a peak of 1", () => {
    for (const [mse, decibels] of [
      [1, 0],
      [0.1, 10],
      [0.01, 20],
      [1e-6, 60],
    ] as const) {
      expect(peakSignalToNoise(mse)).toBeCloseTo(decibels, 12);
    }
    expect(peakSignalToNoise(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it("refuses rows that are not the images, and pixels that are no numbers", () => {
    expect(() => meanSquaredErrors(flat(2, 0), flat(3, 0), square(2), 1)).toThrow(
      "reconstructed images: expected 1 images of 2x2x1, 4 pixels, got 9",
    );
    const broken = Float64Array.of(0, 0, 0, 0, 0, Number.NaN, 0, 0);
    expect(() => structuralSimilarities(broken, new Float64Array(8), square(2), 2)).toThrow(
      "originals: pixel 1 of image 1 is NaN",
    );
  });
});

describe("structuralSimilarities", () => {
  it("is 1 for equal images", () => {
    const image = Float64Array.from({ length: 144 }, (_, i) => ((i * 37) % 101) / 100);
    expect(structuralSimilarities(image, image, square(12), 1)[0]).toBeCloseTo(1, 13);
  });

  it("compares the luminance alone of flat images", () => {
    const [a, b] = [0.2, 0.7];
    const expected = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4);
    for (const side of [1, 5, 11, 20])
      expect(structuralSimilarities(flat(side, a), flat(side, b), square(side), 1)[0]).toBeCloseTo(expected, 12);
  });

  it("is about -1 for opposite structure of the same mean and a high contrast", () => {
    // A chess board of 0 and 1: means near 1/2, variances near 1/4 under the window, covariance their negative.
    const board = Float64Array.from({ length: 400 }, (_, i) => (Math.floor(i / 20) + i) % 2);
    const [index] = structuralSimilarities(
      board,
      board.map((v) => 1 - v),
      square(20),
      1,
    );
    expect(index).toBeCloseTo((0.0009 - 0.5) / (0.0009 + 0.5), 5);
  });

  it("takes a smaller odd window where 11 pixels do not fit", () => {
    expect([28, 11, 10, 8, 2, 1].map((side) => ssimWindow(square(side)))).toEqual([11, 11, 9, 7, 1, 1]);
    expect(ssimWindow({ height: 4, width: 30, channels: 3 })).toBe(3);
  });
});

describe("bandErrors", () => {
  /** A cos(2 pi (v y / side + u x / side)) on a flat ground. */
  const wave = (side: number, v: number, u: number, amplitude: number) =>
    Float64Array.from(
      { length: side * side },
      (_, i) => 0.5 + amplitude * Math.cos((2 * Math.PI * (v * Math.floor(i / side) + u * (i % side))) / side),
    );

  it.each([
    // 16 pixels: frequencies of k / 16; the cut of 1/4 is that of (0, 4), and (3, 3) has a radius of 0.265.
    [0, 4, true],
    [4, 0, true],
    [2, 3, true],
    [3, 3, false],
    [0, 5, false],
    [13, 0, true],
    [8, 8, false],
  ])("finds all of a wave (%i, %i) in its band", (v, u, isLow) => {
    const image = wave(16, v, u, 0.25);
    const expected = v % 8 === 0 && u % 8 === 0 ? 0.0625 : 0.03125;
    const { low, high } = bandErrors(image, flat(16, 0.5), square(16), 1);
    expect(isLow ? low[0] : high[0]).toBeCloseTo(expected, 12);
    expect(isLow ? high[0] : low[0]).toBeCloseTo(0, 12);
  });

  it("puts a shift of brightness below every cut", () => {
    const { low, high } = bandErrors(flat(7, 0.75), flat(7, 0.25), square(7), 1, 0);
    expect(low[0]).toBeCloseTo(0.25, 14);
    expect(high[0]).toBeCloseTo(0, 14);
  });

  it.each([Number.NaN, -0.1, 0.8])("refuses a cut of %d", (cut) => {
    expect(() => bandErrors(flat(2, 0), flat(2, 0), square(2), 1, cut)).toThrow("frequency cut: expected 0 to 0.7");
  });
});
