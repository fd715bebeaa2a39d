/** Which band a frequency belongs to, how bands are weighed, and waves whose coefficients are known. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bandOf, frequencyPairs } from "../../src/engine/fourier.ts";
import { Team } from "../../src/engine/team.ts";
import type { LossPart } from "../../src/losses/align.ts";
import { type FrequencyOptions, frequencyDefaults, frequencySplit } from "../../src/losses/bands.ts";
import { reco } from "../../src/losses/stage-loss.ts";
import { flat, type Shape } from "../../src/nets/shape.ts";
import { spectra } from "../support/spectra.ts";
import { splitAlign } from "../support/split-case.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 1024 });
});
afterAll(() => team.close());

const plane = (height: number, width: number, channels = 16): Shape => ({ height, width, channels });

/** Coefficients a channel (or of the flat row) in each band. */
function counts(shape: Shape, edges: readonly number[]): number[] {
  const found = new Array<number>(edges.length + 1).fill(0);
  for (const { band, point, conjugate } of frequencyPairs(shape, edges)) found[band]! += point === conjugate ? 1 : 2;
  return found;
}

describe("bands", () => {
  test.each([
    // 0, (0, +-1/4), (+-1/4, 0) are low.
    [plane(4, 4), [0.25], [5, 11]],
    // 1/3 and above but 0.
    [plane(3, 3), [0.25], [1, 8]],
    [plane(2, 2), [0.25], [1, 3]],
    // One-dimensional: 0, 1/8, 1/4 twice each; 3/8 twice, 1/2.
    [plane(8, 1), [0.25], [5, 3]],
    [flat(8), [0.25], [5, 3]],
    [flat(1), [0.25], [1, 0]],
    [flat(7), [], [7]],
    // 0; radius 1/4; sqrt(2)/4; 1/2; sqrt(5)/4; sqrt(2)/2.
    [plane(4, 4), [0.1, 0.3, 0.4, 0.52, 0.6], [1, 4, 4, 2, 4, 1]],
    // (3, 4) / 20 lies on the cut; so does (3, 4) / 15, whose square root comes out above 1/3.
    [plane(20, 20), [0.25], [81, 319]],
    [plane(15, 15), [1 / 3], [81, 144]],
  ] as const)("%j cut at %j: %j coefficients", (shape, edges, expected) => {
    expect(counts(shape, edges)).toEqual(expected);
  });

  test("a radius on an edge is below it", () => {
    expect([0, 0.2, 0.25, 0.2500001, 0.5, 0.6].map((f) => bandOf(f, [0.25, 0.5]))).toEqual([0, 0, 0, 1, 1, 2]);
  });

  test("lie one after the other, whole tiles each", () => {
    const wide = spectra(team, plane(4, 4, 17), [0.25], 3).fourier;
    expect(wide.bands).toEqual([
      { band: 0, width: 5 * 32, start: 0, features: 5 * 17 },
      { band: 1, width: 11 * 32, start: 5 * 32, features: 11 * 17 },
    ]);
    expect([wide.rowWidth, wide.spectrumWidth, wide.size(3)]).toEqual([512, 512, 1536]);
    const flatRow = spectra(team, flat(40), [0.25, 0.4999], 3).fourier;
    expect(flatRow.bands).toEqual([
      { band: 0, width: 32, start: 0, features: 21 },
      { band: 1, width: 32, start: 32, features: 18 },
      { band: 2, width: 16, start: 64, features: 1 },
    ]);
    // Without a frequency: left out.
    expect(spectra(team, flat(3), [0.1, 0.2], 1).fourier.bands.map(({ band }) => band)).toEqual([0, 2]);
  });
});

describe("waves", () => {
  test("a plane's wave is one coefficient, its amplitude times the root of half the points", () => {
    const shape = plane(6, 8, 2);
    const { fourier, forward } = spectra(team, shape, [0.25], 1);
    const x = new Float64Array(6 * 8 * 2);
    for (let y = 0; y < 6; y++)
      for (let u = 0; u < 8; u++) {
        const angle = 2 * Math.PI * (y / 6 + (2 * u) / 8);
        x[(y * 8 + u) * 2] = 3 * Math.cos(angle);
        x[(y * 8 + u) * 2 + 1] = 5 * Math.sin(angle) + 2;
      }
    const { plain } = forward(x);
    let at = 0;
    for (const { point, conjugate } of fourier.pairs) {
      const wave = point === 8 + 2;
      const expected = point === conjugate ? [0, point === 0 ? 2 * Math.sqrt(48) : 0] : [0, 0];
      if (wave) expected[0] = 3 * Math.sqrt(24);
      for (const value of expected) expect(plain[at++]).toBeCloseTo(value, 4);
      if (point === conjugate) continue;
      // Im of e^(-i angle) sin(angle) is -1/2.
      for (const value of [0, wave ? -5 * Math.sqrt(24) : 0]) expect(plain[at++]).toBeCloseTo(value, 4);
    }
    expect(at).toBe(plain.length);
  });

  test("a refused plane says what came", () => {
    expect(() => spectra(team, plane(300, 300), [], 1)).toThrow(/65536 points, got 300x300x16/);
  });
});

describe("weights", () => {
  const split = (shape: Shape, options: Partial<FrequencyOptions>) =>
    frequencySplit(shape, { ...frequencyDefaults, ...options });

  test("two bands share the stage's weight in their ratio; a missing one leaves it to the other", () => {
    expect(split(plane(8, 8), {})).toEqual({
      edges: [0.25],
      bands: [
        { lambda: 0.3, share: 0.5 },
        { lambda: 0.9, share: 0.5 },
      ],
    });
    expect(split(plane(8, 8), { lowWeight: 1, highWeight: 3 }).bands.map((b) => b.share)).toEqual([0.25, 0.75]);
    expect(split(flat(1), { lowWeight: 1, highWeight: 3 }).bands.map((b) => b.share)).toEqual([1, 0]);
    expect(split(flat(8), { split: 0.5 }).bands.map((b) => b.share)).toEqual([1, 0]);
  });

  test("rings pass from low to high about the cut", () => {
    const smooth = { bands: "smooth", lowLambda: 1, highLambda: 3, lowWeight: 1, highWeight: 1 } as const;
    const flatRings = split(flat(256), { ...smooth, rings: 5, split: 0.25, softness: 0.1 });
    expect(flatRings.edges.map((edge) => Math.round(edge * 1000))).toEqual([100, 200, 300, 400]);
    const lambdas = [-2, -1, 0, 1, 2].map((z) => 1 + 2 / (1 + Math.exp(-z)));
    for (const [b, { lambda, share }] of flatRings.bands.entries()) {
      expect(lambda).toBeCloseTo(lambdas[b]!, 12);
      expect(share).toBeCloseTo(0.2, 12);
    }
    // A hard passage between two rings that meet at the cut is the split in two.
    const hard = split(flat(256), { ...smooth, rings: 2, softness: 1e-6 });
    expect(hard).toEqual(split(flat(256), { ...smooth, bands: "two" }));
    // Planes reach the square root of a half.
    expect(split(plane(8, 8), { ...smooth, rings: 2 }).edges).toEqual([Math.SQRT1_2 / 2]);
  });

  test.each([
    [{ split: -0.1 }, /rule\.frequency\.split: .*0\.7071.*, got -0\.1/],
    [{ split: Number.NaN }, /rule\.frequency\.split/],
    [{ lowLambda: -1 }, /rule\.frequency\.lowLambda: .*got -1/],
    [{ highWeight: Number.POSITIVE_INFINITY }, /rule\.frequency\.highWeight/],
    [{ softness: 0 }, /rule\.frequency\.softness: .*above 0, got 0/],
    [{ rings: 2.5 }, /rule\.frequency\.rings: .*got 2\.5/],
    [{ bands: "three" as "two" }, /rule\.frequency\.bands: .*got three/],
    [{ lowWeight: 0, highWeight: 0 }, /8x8x16 has frequencies only in bands of weight 0/],
  ])("%j is refused", (options, message) => {
    expect(() => split(plane(8, 8), options)).toThrow(message);
  });
});

describe("silence", () => {
  const labels = [0, 1, 2];
  const shape = plane(7, 7, 20);
  const base = { shape, labels, rivals: "literal", centred: false } as const;
  const loss = ({ lambda = 0, share }: LossPart) => reco({ lambda, weight: share });
  const channel = (k: number, c: number) => ((k * 7 + c * 3) % 8) / 8;
  /** The same at every pixel: nothing but frequency 0. */
  const evenRows = ({ height, width, channels }: Shape) => {
    const size = height * width * channels;
    return Float64Array.from({ length: 3 * size }, (_, at) => channel(Math.floor(at / size), at % channels));
  };

  test("planes without an edge are silent in the high band: it costs 1 a row and pulls at nothing", () => {
    const high = { ...frequencyDefaults, lowWeight: 0 };
    // A prime size leaves the rounding of its long sums there, about 1e-10 in all.
    const large = plane(31, 31, 64);
    const even = evenRows(large);
    const result = splitAlign(team, even, even, { ...base, shape: large, options: high, loss });
    expect(result.value).toBe(1);
    expect([result.gradV, result.gradW].every((gradient) => gradient.every((g) => g === 0))).toBe(true);
  });

  test("so they are beside planes that have edges, whichever network's they are", () => {
    const high = { ...frequencyDefaults, lowWeight: 0 };
    const large = plane(31, 31, 64);
    const even = evenRows(large);
    const edged = even.map((value, at) => value + ((at * at) % 11) / 20);
    for (const [v, w] of [
      [even, edged],
      [edged, even],
    ] as const) {
      const result = splitAlign(team, v, w, { ...base, shape: large, options: high, loss });
      expect(result.value).toBe(1);
      expect([result.gradV, result.gradW].every((gradient) => gradient.every((g) => g === 0))).toBe(true);
    }
  });

  test("a band without weight gets no gradient", () => {
    const even = evenRows(shape);
    const random = even.map((value, at) => value + ((at * at) % 11) / 20);
    const { gradV } = splitAlign(team, random, even, {
      ...base,
      options: { ...frequencyDefaults, highWeight: 0 },
      loss,
    });
    const { fourier, forward } = spectra(team, shape, [0.25], 3);
    const { plain } = forward(gradV);
    const low = fourier.bands[0]!.features;
    const of = (from: number, to: number) =>
      Math.hypot(...[0, 1, 2].map((k) => Math.hypot(...plain.subarray(k * 980 + from, k * 980 + to))));
    expect(of(0, low)).toBeGreaterThan(1e-3);
    expect(of(low, 980)).toBeLessThan(1e-6 * of(0, low));
  });
});
