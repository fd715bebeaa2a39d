/** Corruptions of hand-made images, against what their formulas give; and what is left to chance, within five standard errors of its distribution. */
import { describe, expect, it } from "vitest";
import type { ImageShape } from "../../src/data/dataset.ts";
import { NormalStream, RandomStream } from "../../src/engine/random.ts";

import { BispikeError } from "../../src/errors.ts";
import {
  blurKernel,
  corruptImage,
  gaussianBlur,
  gaussianNoise,
  imageCorruptions,
  lessContrast,
  occludeSquare,
  shiftImage,
} from "../../src/measure/corruptions.ts";

import { rootMeanSquare, WEIGHT_NOISE } from "../../src/measure/robustness.ts";

const stream = (image = 0) => new RandomStream(5, "test", image);
const grey = (height: number, width: number): ImageShape => ({ height, width, channels: 1 });
const meanOf = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** Standard errors that a mean may be off. */
const ERRORS = 5;

it("severities are MNIST-C's, and ours where it has none", () => {
  const amounts = (name: keyof typeof imageCorruptions) => imageCorruptions[name].amounts;
  for (const [k, share] of [0.08, 0.12, 0.18, 0.26, 0.38].entries())
    expect(amounts("noise")[k]).toBeCloseTo(255 * share, 10);
  expect(amounts("blur")).toEqual([1, 2, 3, 4, 6]);
  expect(amounts("contrast")).toEqual([0.4, 0.3, 0.2, 0.1, 0.05]);
  expect(amounts("shift")).toEqual([1, 2, 3, 4, 5]);
  expect(amounts("occlusion")).toEqual([6, 8, 11, 14, 17]);
  expect(WEIGHT_NOISE.amounts).toEqual([0.05, 0.1, 0.2, 0.3, 0.5]);
});

describe("noise", () => {
  it("normal numbers have the moments of theirs, and pairs that do not go together", () => {
    const n = 40_000;
    const normal = new NormalStream(stream());
    const values = Array.from({ length: n }, () => normal.next());
    const moment = (power: number) => meanOf(values.map((value) => value ** power));
    // Variances of x, x^2, x^3 and x^4 are 1, 2, 15 and 96.
    for (const [power, expected, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ] as const)
      expect(Math.abs(moment(power) - expected), `moment ${power}`).toBeLessThan(ERRORS * Math.sqrt(variance / n));
    for (const lag of [1, 2]) {
      const products = values.slice(lag).map((value, k) => value * values[k]!);
      expect(Math.abs(meanOf(products)), `lag ${lag}`).toBeLessThan(ERRORS / Math.sqrt(products.length));
    }
    // Beyond 2: 4.55 %.
    const beyond = meanOf(values.map((value) => (Math.abs(value) > 2 ? 1 : 0)));
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(ERRORS * Math.sqrt((0.0455 * 0.9545) / n));
  });

  it("adds a mean of 0 and the deviation asked for, to each channel by itself", () => {
    const shape = { height: 80, width: 80, channels: 3 };
    const n = 80 * 80 * 3;
    const noise = Array.from(gaussianNoise(new Uint8Array(n).fill(128), shape, 20.4, stream()), (value) => value - 128);
    // Rounding adds a variance of 1/12; black and white are six deviations away.
    const variance = 20.4 ** 2 + 1 / 12;
    expect(Math.abs(meanOf(noise))).toBeLessThan(ERRORS * Math.sqrt(variance / n));
    expect(Math.abs(meanOf(noise.map((value) => value ** 2)) - variance)).toBeLessThan(
      ERRORS * variance * Math.sqrt(2 / n),
    );
    const products = noise.flatMap((value, at) => (at % 3 === 0 ? [value * noise[at + 1]!] : []));
    expect(Math.abs(meanOf(products))).toBeLessThan((ERRORS * variance) / Math.sqrt(products.length));
  });

  it("is cut off at black and white, each of which half of it would pass", () => {
    const noisy = gaussianNoise(new Uint8Array(6400), grey(80, 80), 30.6, stream());
    const black = meanOf(noisy.map((value) => (value === 0 ? 1 : 0)));
    // P(30.6 z < 1/2) = 0.5065.
    expect(Math.abs(black - 0.5065)).toBeLessThan((ERRORS * 0.5) / 80);
  });
});

describe("blur", () => {
  it("the kernel is the Gaussian at whole places, to four deviations, with sum 1", () => {
    for (const [deviation, radius] of [
      [1, 4],
      [2, 8],
      [0.4, 2],
      [6, 24],
    ] as const) {
      const kernel = blurKernel(deviation);
      expect(kernel).toHaveLength(2 * radius + 1);
      const weights = Array.from(kernel, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)));
      const sum = weights.reduce((a, b) => a + b);
      for (const [i, weight] of weights.entries()) expect(kernel[i]).toBeCloseTo(weight / sum, 14);
    }
  });

  it("of a point is the kernel times the kernel", () => {
    const [side, centre] = [33, 16];
    const point = new Uint8Array(side * side);
    point[centre * side + centre] = 255;
    for (const deviation of [1, 2.5]) {
      const kernel = blurKernel(deviation);
      const radius = (kernel.length - 1) / 2;
      const blurred = gaussianBlur(point, grey(side, side), deviation);
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) {
          const exact = 255 * (kernel[y - centre + radius] ?? 0) * (kernel[x - centre + radius] ?? 0);
          // The nearest byte.
          expect(Math.abs(blurred[y * side + x]! - exact)).toBeLessThanOrEqual(0.5 + 1e-9);
        }
    }
  });

  it("goes on beyond the edge with what is at the edge, in every channel", () => {
    const kernel = blurKernel(1);
    const after = (from: number) => kernel.subarray(from).reduce((a, b) => a + b, 0);
    // A row of 0 0 255, whose right of the edge is 255 too; channel by channel, the second turned round.
    const row = Uint8Array.of(0, 255, 0, 0, 255, 0);
    const blurred = gaussianBlur(row, { height: 1, width: 3, channels: 2 }, 1);
    const expected = [6, 5, 4].map((from) => Math.round(255 * after(from)));
    expect([...blurred.filter((_, at) => at % 2 === 0)]).toEqual(expected);
    expect([...blurred.filter((_, at) => at % 2 === 1)]).toEqual(expected.toReversed());
    const flat = new Uint8Array(40).fill(77);
    expect(gaussianBlur(flat, grey(5, 8), 6)).toEqual(flat);
  });
});

describe("contrast", () => {
  it("draws values towards the mean of their channel", () => {
    // Means 100 and 20.
    const pixels = Uint8Array.of(0, 20, 100, 20, 50, 0, 250, 40);
    const shape = { height: 2, width: 2, channels: 2 };
    expect([...lessContrast(pixels, shape, 0.1)]).toEqual([90, 20, 100, 20, 95, 18, 115, 22]);
    expect([...lessContrast(pixels, shape, 0)]).toEqual([100, 20, 100, 20, 100, 20, 100, 20]);
    expect(lessContrast(pixels, shape, 1)).toEqual(pixels);
  });
});

describe("shift", () => {
  const rows = (pixels: Uint8Array, width: number) =>
    Array.from({ length: pixels.length / width }, (_, y) => [...pixels.subarray(y * width, (y + 1) * width)]);
  const image = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

  it.each([
    [
      1,
      0,
      0,
      [
        [0, 1, 2],
        [0, 4, 5],
        [0, 7, 8],
      ],
    ],
    [
      -1,
      2,
      0,
      [
        [0, 0, 0],
        [0, 0, 0],
        [2, 3, 0],
      ],
    ],
    [
      0,
      -1,
      9,
      [
        [4, 5, 6],
        [7, 8, 9],
        [9, 9, 9],
      ],
    ],
    [
      3,
      0,
      0,
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    ],
    [
      0,
      0,
      0,
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
    ],
  ])("by %d right and %d down, over %d", (right, down, background, expected) => {
    expect(rows(shiftImage(image, grey(3, 3), right, down, background), 3)).toEqual(expected);
  });

  it("between pixels, by how much of each lies there", () => {
    const row = Uint8Array.of(0, 100, 0, 200);
    expect([...shiftImage(row, grey(1, 4), 0.5, 0)]).toEqual([0, 50, 50, 100]);
    expect([...shiftImage(row, grey(1, 4), -0.25, 0)]).toEqual([25, 75, 50, 150]);
    expect([...shiftImage(row, grey(4, 1), 0, 1.5)]).toEqual([0, 0, 50, 50]);
    const square = Uint8Array.of(160, 0, 0, 0);
    expect([...shiftImage(square, grey(2, 2), 0.5, 0.25)]).toEqual([60, 60, 20, 20]);
    const colours = Uint8Array.of(10, 200, 30, 100);
    expect([...shiftImage(colours, { height: 1, width: 2, channels: 2 }, 1, 0)]).toEqual([0, 0, 10, 200]);
  });

  it("at a severity: along both axes, in the four directions alike, and farther in larger images", () => {
    for (const [side, severity, distance] of [
      [28, 3, 3],
      [56, 2, 4],
    ] as const) {
      const centre = side / 2;
      const point = new Uint8Array(side * side);
      point[centre * side + centre] = 255;
      const counts = new Map<string, number>();
      const n = 400;
      for (let k = 0; k < n; k++) {
        const at = corruptImage("shift", point, grey(side, side), { severity, image: k }).indexOf(255);
        const [down, right] = [Math.floor(at / side) - centre, (at % side) - centre];
        expect([Math.abs(down), Math.abs(right)]).toEqual([distance, distance]);
        counts.set(`${right},${down}`, (counts.get(`${right},${down}`) ?? 0) + 1);
      }
      expect(counts.size).toBe(4);
      for (const count of counts.values())
        expect(Math.abs(count - n / 4)).toBeLessThan(ERRORS * Math.sqrt((n * 3) / 16));
    }
  });
});

describe("occlusion", () => {
  it("blackens the square, all channels of it", () => {
    const white = new Uint8Array(4 * 5 * 2).fill(255);
    const hidden = occludeSquare(white, { height: 4, width: 5, channels: 2 }, { side: 2, left: 3, top: 1 });
    const expected = white.slice();
    for (const [y, x] of [
      [1, 3],
      [1, 4],
      [2, 3],
      [2, 4],
    ] as const)
      expected.fill(0, (y * 5 + x) * 2, (y * 5 + x + 1) * 2);
    expect(hidden).toEqual(expected);
  });

  it("at a severity: a square of its side, at every place as often as at any other", () => {
    const white = new Uint8Array(28 * 28).fill(255);
    const n = 2000;
    const [left, top] = [new Array<number>(18).fill(0), new Array<number>(18).fill(0)];
    for (let image = 0; image < n; image++) {
      const hidden = corruptImage("occlusion", white, grey(28, 28), { severity: 3, image });
      const at = hidden.indexOf(0);
      const square = { side: 11, left: at % 28, top: Math.floor(at / 28) };
      // Compared as bytes: two thousand deep comparisons take seconds.
      expect(Buffer.compare(hidden, occludeSquare(white, grey(28, 28), square))).toBe(0);
      left[square.left]!++;
      top[square.top]!++;
    }
    const [share, error] = [n / 18, Math.sqrt(n * (1 / 18) * (17 / 18))];
    for (const count of [...left, ...top]) expect(Math.abs(count - share)).toBeLessThan(ERRORS * error);
  });
});

it("root mean square", () => {
  expect(rootMeanSquare(Float32Array.of(3, -4))).toBe(Math.sqrt(12.5));
  expect(rootMeanSquare(new Float32Array(0))).toBe(0);
});

it("refuses amounts and images that cannot be, and says what was expected", () => {
  const image = new Uint8Array(9);
  const shape = grey(3, 3);
  for (const [run, message] of [
    [
      () => gaussianNoise(image, shape, -1, stream()),
      /noise: standard deviation: expected a number from 0 to 2550, got -1/,
    ],
    [
      () => gaussianBlur(image, shape, Number.NaN),
      /blur: standard deviation: expected a number from 0 to 1000, got NaN/,
    ],
    [() => lessContrast(image, shape, 1.5), /contrast: factor: expected a number from 0 to 1, got 1.5/],
    [() => shiftImage(image, shape, Number.POSITIVE_INFINITY, 0), /shift: pixels to the right/],
    [() => shiftImage(image, shape, 0, 0, 256), /shift: background: expected a number from 0 to 255, got 256/],
    [() => occludeSquare(image, shape, { side: 2, left: 2, top: 0 }), /occlusion: left: expected a number from 0 to 1/],
    [() => corruptImage("blur", image, shape, { severity: 6 }), /blur: expected a severity from 0 to 5, got 6/],
    [
      () => corruptImage("blur", image, grey(3, 4), { severity: 1 }),
      /blur: expected an image of 3x4x1, 12 bytes, got 9/,
    ],
  ] as const) {
    expect(run).toThrow(BispikeError);
    expect(run).toThrow(message);
  }
});
