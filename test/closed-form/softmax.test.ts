/** Softmax cross-entropy and the elementary functions under it, kernels and TypeScript, against the host's Math. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exponential as exponentialHere, logarithm as logarithmHere } from "../../src/engine/elementary.ts";
import { kernelModule } from "../../src/engine/kernels.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { worstGap } from "../reference/close.ts";
import { crossEntropy } from "../reference/softmax.ts";

type Elementary = (x: number) => number;

let team: Team;
let kernels: Record<"exponential" | "logarithm", Elementary>;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 256 });
  const env = { memory: team.arena.memory };
  const { exports } = new WebAssembly.Instance(await kernelModule(), { env });
  kernels = { exponential: exports.exponential as Elementary, logarithm: exports.logarithm as Elementary };
});
afterAll(() => team.close());

const exponents = [0, -0, -1e-300, -1, -0.5, -Math.LN2, -Math.LN2 / 2, -20, -699.9, -700];
const positive = [1, 1 + 2 ** -52, 1 - 2 ** -53, Math.SQRT2, Math.SQRT1_2, 2, 0.5, Math.E, 1e-300, 1e300, 10, 3];

describe.each([
  ["kernel", { exponential: (x: number) => kernels.exponential(x), logarithm: (x: number) => kernels.logarithm(x) }],
  ["TypeScript", { exponential: exponentialHere, logarithm: logarithmHere }],
] as const)("%s", (_, { exponential, logarithm }) => {
  const near = (actual: number, expected: number): void => {
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-15 * Math.abs(expected));
  };

  test("exponential to 1e-15 relative", () => {
    for (const x of exponents) near(exponential(x), Math.exp(x));
    fc.assert(fc.property(fc.double({ min: -700, max: 0, noNaN: true }), (x) => near(exponential(x), Math.exp(x))));
    expect(exponential(-701)).toBe(0);
    expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exponential(0)).toBe(1);
  });

  test("logarithm to 1e-15 relative", () => {
    for (const x of positive) near(logarithm(x), Math.log(x));
    fc.assert(fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => near(logarithm(x), Math.log(x))));
    fc.assert(fc.property(fc.double({ min: 0.5, max: 2, noNaN: true }), (x) => near(logarithm(x), Math.log(x))));
    expect(logarithm(1)).toBe(0);
  });
});

/** The kernel on rows of `stride` floats. */
function run(x: Float64Array, labels: readonly number[], classes: number, stride: number, factor: number) {
  const rows = labels.length;
  const logits = team.arena.f32(rows * stride);
  const gradients = team.arena.f32(rows * stride);
  const losses = team.arena.f64(rows);
  const own = team.arena.u16(rows);
  own.view.set(labels);
  logits.view.fill(99);
  gradients.view.fill(99);
  for (let at = 0; at < x.length; at++) logits.view[Math.floor(at / classes) * stride + (at % classes)] = x[at]!;
  team.run("softmaxCrossEntropy", rows, {
    classes,
    stride,
    factor,
    logits: logits.at,
    labels: own.at,
    losses: losses.at,
    gradients: gradients.at,
  });
  return { losses: losses.view, gradients: gradients.view };
}

test("softmaxCrossEntropy: loss a row, gradient times the factor, padding 0", () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 5 }),
    classes: fc.integer({ min: 1, max: 20 }),
    spread: fc.constantFrom(0, 1, 30, 1000),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(cases, ({ rows, classes, spread, seed }) => {
      const random = new RandomStream(seed, "softmax");
      const stride = Math.ceil(classes / 16) * 16;
      const x = Float64Array.from({ length: rows * classes }, () => Math.fround((2 * random.uniform() - 1) * spread));
      const labels = Array.from({ length: rows }, () => random.below(classes));
      const { losses, gradients } = run(x, labels, classes, stride, 1 / rows);
      const expected = crossEntropy(x, rows, classes, labels);
      for (let row = 0; row < rows; row++) {
        const one = crossEntropy(x.slice(row * classes, (row + 1) * classes), 1, classes, [labels[row]!]);
        expect(Math.abs(losses[row]! - one.loss)).toBeLessThanOrEqual(1e-12 * Math.max(1, one.loss));
        const theirs = expected.gradient.subarray(row * classes, (row + 1) * classes);
        const ours = gradients.subarray(row * stride, (row + 1) * stride);
        expect(worstGap(ours.subarray(0, classes), theirs).gap).toBeLessThan(1e-7);
        expect(ours.subarray(classes).every((value) => value === 0)).toBe(true);
      }
    }),
  );
});

test("equal logits: loss ln C, gradient 1/C - 1 on the label and 1/C elsewhere", () => {
  const { losses, gradients } = run(new Float64Array(4).fill(7), [2], 4, 16, 1);
  expect(losses[0]).toBeCloseTo(Math.log(4), 14);
  expect([...gradients.subarray(0, 4)]).toEqual([0.25, 0.25, -0.75, 0.25]);
});

test("softmaxError: the gradient alone, to 1e-6, with padding 0 whatever is in it", () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 5 }),
    classes: fc.integer({ min: 1, max: 40 }),
    spread: fc.constantFrom(0, 1, 30, 1000),
    offset: fc.constantFrom(0, -500, 500),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(cases, ({ rows, classes, spread, offset, seed }) => {
      const random = new RandomStream(seed, "softmax");
      const stride = Math.ceil(classes / 16) * 16;
      const labels = Array.from({ length: rows }, () => random.below(classes));
      const [logits, errors, own] = [
        team.arena.f32(rows * stride),
        team.arena.f32(rows * stride),
        team.arena.u16(rows),
      ];
      logits.view.fill(2000);
      own.view.set(labels);
      const x = Float64Array.from({ length: rows * classes }, (_, at) => {
        const value = Math.fround(offset + (2 * random.uniform() - 1) * spread);
        logits.view[Math.floor(at / classes) * stride + (at % classes)] = value;
        return value;
      });
      team.run("softmaxError", rows, { classes, stride, logits: logits.at, labels: own.at, errors: errors.at });
      const expected = crossEntropy(x, rows, classes, labels).gradient.map((value) => value * rows);
      for (let row = 0; row < rows; row++) {
        const ours = errors.view.subarray(row * stride, (row + 1) * stride);
        expect(
          worstGap(ours.subarray(0, classes), expected.subarray(row * classes, (row + 1) * classes)).gap,
        ).toBeLessThan(1e-6);
        expect(ours.subarray(classes).every((value) => value === 0)).toBe(true);
      }
    }),
  );
});
