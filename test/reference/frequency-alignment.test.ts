/** The loss split by frequency: value and gradients against the float64 reference, and the reference's gradients against central differences. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { radicesOf } from "../../src/engine/fourier.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { type FrequencyOptions, frequencyDefaults, frequencySplit } from "../../src/losses/bands.ts";
import { infonce } from "../../src/losses/infonce.ts";
import { mse, reco } from "../../src/losses/stage-loss.ts";

import { flat, type Shape, sizeOf } from "../../src/nets/shape.ts";
import { linesOf } from "../support/spectra.ts";
import { splitAlign } from "../support/split-case.ts";
import { worstGap } from "./close.ts";
import { frequencyAlign, type SplitAlignment } from "./frequency-alignment.ts";

const classes = 3;
let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 8192 });
});
afterAll(() => team.close());

const shapes: fc.Arbitrary<Shape> = fc.oneof(
  fc.record({
    height: fc.integer({ min: 1, max: 7 }),
    width: fc.integer({ min: 1, max: 7 }),
    channels: fc.constantFrom(1, 2, 9, 17),
  }),
  fc.integer({ min: 2, max: 40 }).map(flat),
);
const options: fc.Arbitrary<FrequencyOptions> = fc.record({
  bands: fc.constantFrom("two" as const, "smooth" as const),
  split: fc.constantFrom(0, 0.2, 0.25, 0.4),
  lowLambda: fc.constantFrom(0, 0.3),
  highLambda: fc.constantFrom(0.9, 4),
  lowWeight: fc.constantFrom(1, 0.5),
  highWeight: fc.constantFrom(0.25, 1),
  softness: fc.constantFrom(0.02, 0.2),
  rings: fc.integer({ min: 1, max: 5 }),
});
const cases = fc.record({
  shape: shapes,
  options,
  rows: fc.integer({ min: 1, max: 5 }),
  rivals: fc.constantFrom("literal" as const, "masked" as const, "prototypes" as const),
  loss: fc.constantFrom("reco" as const, "infonce" as const, "mse" as const),
  centred: fc.boolean(),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

const temperature = 0.3;

/** Rows of both sides, multiples of 1/1024. */
function rowsOf({ shape, rows, rivals, seed }: Case) {
  const random = new RandomStream(seed, "split");
  const side = (count: number) =>
    Float64Array.from({ length: count * sizeOf(shape) }, () => (random.below(2049) - 800) / 1024);
  const labels = Array.from({ length: rows }, () => random.below(classes));
  return { v: side(rows), w: side(rivals === "prototypes" ? classes : rows), labels };
}

function referenceOf(c: Case) {
  const { edges, bands } = frequencySplit(c.shape, c.options);
  const split = { ...linesOf(c.shape), edges, bands };
  const { loss, rivals, centred } = c;
  return (v: Float64Array, w: Float64Array, labels: readonly number[], means?: SplitAlignment["means"]) =>
    frequencyAlign(v, w, labels, split, { loss, rivals, centred, temperature, classes }, means);
}

/** Lengths of rows. */
function lengths(x: Float64Array, features: number): number[] {
  return Array.from({ length: x.length / features }, (_, row) =>
    Math.hypot(...x.subarray(row * features, (row + 1) * features)),
  );
}

/** The rows less their mean. */
function centredRows(x: Float64Array, features: number): Float64Array {
  const rows = x.length / features;
  return x.map((value, at) => {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += x[row * features + (at % features)]!;
    return value - sum / rows;
  });
}

test("value and gradients of the reference", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const { v, w, labels } = rowsOf(c);
      const theirs = referenceOf(c)(v, w, labels);
      const lossOf = { reco, infonce, mse };
      const ours = splitAlign(team, v, w, {
        ...c,
        labels,
        loss: ({ lambda = 0, share, features }) => lossOf[c.loss]({ lambda, temperature, features, weight: share }),
      });
      expect(ours.padding).toBe(0);

      // Coefficients are known to eps of their whole row's length V, not of the band's length b: a direction to eps V / b, a cosine's gradient to eps V / b^2 of its slope.
      const { height, width } = linesOf(c.shape);
      const eps = [...radicesOf(height), ...radicesOf(width)].reduce((sum, r) => sum + r, 8) * 2 ** -23;
      const own = (x: Float64Array, features: number) => (c.centred ? centredRows(x, features) : x);
      const longest = Math.max(...lengths(v, sizeOf(c.shape)), ...lengths(w, sizeOf(c.shape)));
      const { bands } = frequencySplit(c.shape, c.options);
      let [directions, slopes] = [0, 0];
      for (const part of theirs.parts) {
        const { lambda, share } = bands[part.band]!;
        const all = [...lengths(own(part.v, part.features), part.features)];
        all.push(...lengths(own(part.w, part.features), part.features));
        // Nothing but rounding: silent on both sides.
        const heard = all.filter((length) => length > 1e-9);
        const shortest = Math.min(longest, ...heard);
        // Lengths between the two notions of silence are no test.
        fc.pre(shortest > 1e-2 * longest);
        const count = labels.length;
        const steepest = c.loss === "mse" ? longest : c.loss === "reco" ? 2 + 2 * lambda * count : 2 / temperature;
        directions += share * steepest * (c.loss === "mse" ? longest : longest / shortest);
        slopes += share * steepest * (c.loss === "mse" ? 1 : longest / shortest ** 2);
      }
      expect(Math.abs(ours.value - theirs.loss)).toBeLessThan(4 * eps * directions);
      expect(worstGap(ours.gradV, theirs.gradV).gap).toBeLessThan(4 * eps * slopes);
      expect(worstGap(ours.gradW, theirs.gradW).gap).toBeLessThan(4 * eps * slopes);
      if (c.centred) {
        expect(worstGap(ours.v, centredRows(v, sizeOf(c.shape))).gap).toBeLessThan(1e-6);
        expect(worstGap(ours.w, centredRows(w, sizeOf(c.shape))).gap).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 200 },
  );
});

test("central differences of the reference's value are its gradients", () => {
  fc.assert(
    fc.property(cases, (c) => {
      fc.pre(sizeOf(c.shape) <= 64);
      const { v, w, labels } = rowsOf(c);
      const reference = referenceOf(c);
      const { gradV, gradW, means, parts } = reference(v, w, labels);
      // A cosine of one number jumps, and of short rows bends too much for a difference.
      const shortest = (x: Float64Array, n: number) => Math.min(...lengths(c.centred ? centredRows(x, n) : x, n));
      const firm = parts.every(
        ({ features: n, ...part }) => n > 1 && shortest(part.v, n) > 0.1 && shortest(part.w, n) > 0.1,
      );
      fc.pre(c.loss === "mse" || firm);
      const h = 1e-6;
      for (const [side, gradient] of [
        [v, gradV],
        [w, gradW],
      ] as const)
        for (let i = 0; i < side.length; i += 1 + Math.floor(side.length / 12)) {
          const value = side[i]!;
          side[i] = value + h;
          const above = reference(v, w, labels, means).loss;
          side[i] = value - h;
          const below = reference(v, w, labels, means).loss;
          side[i] = value;
          expect(Math.abs((above - below) / (2 * h) - gradient[i]!)).toBeLessThan(1e-6);
        }
    }),
    { numRuns: 40 },
  );
});

test("bands of the defaults are those of the method", () => {
  expect(frequencyDefaults).toMatchObject({ bands: "two", split: 0.25, lowLambda: 0.3, highLambda: 0.9 });
});
