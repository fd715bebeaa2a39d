/**
 * Kernels of the norm by position against float64: running statistics, gradients of gamma and beta, the coefficients, and dz. The expected gradients come from the
 * norm's textbook gradient (norm.ts), position by position, not from the coefficients' formula.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { gridOf, inTile, placed, unwritten } from "../support/packed.ts";
import { relativeGap, worstGap } from "./close.ts";
import { normBackward, normEpsilon, normForward } from "./norm.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

const cases = fc.record({
  positions: fc.integer({ min: 1, max: 5 }),
  /** Rows x steps of a position. */
  rows: fc.integer({ min: 1, max: 30 }),
  tiles: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function build({ positions, rows, tiles, seed }: Case) {
  const random = new RandomStream(seed, "norm by position");
  const neurons = tiles * 16;
  const z = gridOf(random, neurons * positions * rows, 2);
  const g = gridOf(random, neurons * positions * rows, 1);
  const gamma = new Float32Array(neurons);
  random.fillUniform(gamma, 0.5, 1.5);
  /** A position's values, [row][neuron]. */
  const at = (x: ArrayLike<number>, n: number) =>
    Float64Array.from({ length: rows * neurons }, (_, i) => {
      const [row, unit] = [Math.floor(i / neurons), i % neurons];
      return x[inTile(unit, n * rows + row, positions * rows)]!;
    });
  return { random, neurons, z, g, gamma, at };
}

test("running statistics move towards those of the whole window", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom(1, 0.5, 0.1), (c, momentum) => {
      const { positions, rows, tiles } = c;
      const { random, neurons, z } = build(c);
      const moments = unwritten(team, positions * tiles * 32);
      team.run("positionMoments", positions * tiles, {
        positions,
        rows,
        tiles,
        z: placed(team, z).at,
        out: moments.at,
      });
      const before = { mean: gridOf(random, neurons, 1), variance: gridOf(random, neurons, 1).map((v) => 1 + v / 2) };
      const [mean, variance] = [placed(team, before.mean), placed(team, before.variance)];
      team.run("normRunning", tiles, {
        chunks: positions,
        tiles,
        rows,
        momentum,
        moments: moments.at,
        runningMean: mean.at,
        runningVariance: variance.at,
      });
      const count = positions * rows;
      for (let unit = 0; unit < neurons; unit++) {
        const values = Array.from({ length: count }, (_, row) => z[inTile(unit, row, count)]!);
        const own = values.reduce((a, b) => a + b, 0) / count;
        const squares = values.reduce((sum, value) => sum + (value - own) ** 2, 0);
        const k = Math.fround(momentum);
        expect(mean.view[unit]).toBeCloseTo((1 - k) * before.mean[unit]! + k * own, 5);
        const unbiased = squares / Math.max(1, count - 1);
        expect(variance.view[unit]).toBeCloseTo((1 - k) * before.variance[unit]! + k * unbiased, 5);
      }
    }),
    { numRuns: 60 },
  );
});

/** Runs `positionNormGradient` and `finishPositions` as a layer does, from the sums of dX and dX x^. */
function runGradient(
  c: Case,
  { z, g, gamma, neurons }: ReturnType<typeof build>,
  statistics: { mean: Float64Array[]; inverse: Float64Array[] },
  constant: boolean,
) {
  const { positions, rows, tiles } = c;
  const sums = new Float32Array(positions * tiles * 32);
  for (let n = 0; n < positions; n++) {
    for (let unit = 0; unit < neurons; unit++) {
      const slot = (n * tiles + (unit >> 4)) * 32 + (unit & 15);
      let [sum, product] = [0, 0];
      for (let row = 0; row < rows; row++) {
        const place = inTile(unit, n * rows + row, positions * rows);
        sum += g[place]!;
        product += g[place]! * (z[place]! - statistics.mean[n]![unit]!) * statistics.inverse[n]![unit]!;
      }
      sums[slot] = sum;
      sums[slot + 16] = product;
    }
  }
  const flat = (x: Float64Array[]) => placed(team, x.flatMap((own) => [...own]) as number[]);
  const out = {
    gamma: unwritten(team, neurons),
    beta: unwritten(team, neurons),
    coefficients: unwritten(team, 3 * positions * neurons),
    g: placed(team, g),
  };
  team.run("positionNormGradient", tiles, {
    positions,
    rows,
    tiles,
    constant: constant ? 1 : 0,
    sums: placed(team, sums).at,
    gamma: placed(team, gamma).at,
    mean: flat(statistics.mean).at,
    inverse: flat(statistics.inverse).at,
    dGamma: out.gamma.at,
    dBeta: out.beta.at,
    coefficients: out.coefficients.at,
  });
  team.run("finishPositions", positions * tiles, {
    positions,
    rows,
    tiles,
    coefficients: out.coefficients.at,
    g: out.g.at,
    z: placed(team, z).at,
  });
  return out;
}

test("positions with statistics of their own: gamma, beta, and dz through mean and variance", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const built = build(c);
      const { neurons, z, g, gamma, at } = built;
      const gammas = Float64Array.from(gamma);
      const traces = Array.from({ length: c.positions }, (_, n) =>
        normForward(at(z, n), neurons, 1, gammas, new Float64Array(neurons)),
      );
      // One row has no spread: what is left of its gradient is the cancelling of float32, times 1 / sqrt(eps).
      fc.pre(c.rows > 1 && traces.every(({ inverseDeviation }) => inverseDeviation.every((inverse) => inverse < 50)));
      const mean = traces.map((_, n) =>
        Float64Array.from({ length: neurons }, (_, unit) => {
          const own = at(z, n).filter((_, i) => i % neurons === unit);
          return own.reduce((a, b) => a + b, 0) / c.rows;
        }),
      );
      const out = runGradient(
        c,
        built,
        { mean, inverse: traces.map(({ inverseDeviation }) => inverseDeviation) },
        false,
      );
      const [dGamma, dBeta] = [new Float64Array(neurons), new Float64Array(neurons)];
      for (const [n, trace] of traces.entries()) {
        const expected = normBackward(at(g, n), trace, neurons, 1, gammas);
        for (let unit = 0; unit < neurons; unit++) {
          dGamma[unit]! += expected.scale[unit]!;
          dBeta[unit]! += expected.shift[unit]!;
        }
        const scale = Math.max(...trace.inverseDeviation);
        expect(worstGap(at(out.g.view, n), expected.input).gap / scale, `dz of position ${n}`).toBeLessThan(2e-5);
      }
      expect(relativeGap(out.gamma.view, dGamma)).toBeLessThan(1e-5);
      expect(relativeGap(out.beta.view, dBeta)).toBeLessThan(1e-5);
    }),
    { numRuns: 80 },
  );
});

test("constant statistics: dz is dX gamma / sqrt(var + eps)", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const built = build(c);
      const { random, neurons, z, g, gamma } = built;
      const mean = Array.from({ length: c.positions }, () => Float64Array.from(gridOf(random, neurons, 1)));
      const inverse = mean.map((own) => own.map((value) => Math.fround(1 / Math.sqrt(1.5 + value + normEpsilon))));
      const out = runGradient(c, built, { mean, inverse }, true);
      const count = c.positions * c.rows;
      const expected = new Float64Array(z.length);
      const [dGamma, dBeta] = [new Float64Array(neurons), new Float64Array(neurons)];
      for (let unit = 0; unit < neurons; unit++) {
        for (let row = 0; row < count; row++) {
          const n = Math.floor(row / c.rows);
          const place = inTile(unit, row, count);
          expected[place] = g[place]! * gamma[unit]! * inverse[n]![unit]!;
          dBeta[unit]! += g[place]!;
          dGamma[unit]! += g[place]! * (z[place]! - mean[n]![unit]!) * inverse[n]![unit]!;
        }
      }
      expect(relativeGap(out.g.view, expected)).toBeLessThan(1e-6);
      expect(relativeGap(out.gamma.view, dGamma)).toBeLessThan(1e-5);
      expect(relativeGap(out.beta.view, dBeta)).toBeLessThan(1e-5);
    }),
    { numRuns: 60 },
  );
});
