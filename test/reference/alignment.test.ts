/** The stage losses: values and gradients against the float64 reference, and against finite differences of the values. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kernelModule } from "../../src/engine/kernels.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import type { Affinity, AlignmentLoss, Coefficients } from "../../src/losses/affinity.ts";
import { infonce } from "../../src/losses/infonce.ts";
import { type Pairing, pairing, pairingRoom, type Rivals } from "../../src/losses/pairings.ts";
import { mse, reco, stageLoss, stimulusLoss } from "../../src/losses/stage-loss.ts";

import { align } from "./alignment.ts";
import { worstGap } from "./close.ts";

const classes = 3;
/** Rows and columns of the largest case. */
const LARGEST = 8;

/** Memory of all cases; what a case does not fill stays as the one before left it, as between stages. */
let team: Team;
let affinities: Omit<Affinity, "rows" | "columns">;
let pairs: Pairing;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 256 });
  const { arena } = team;
  affinities = {
    dots: arena.f64(LARGEST * LARGEST),
    rowSquares: arena.f64(LARGEST),
    columnSquares: arena.f64(LARGEST),
  };
  pairs = pairingRoom(arena, LARGEST, LARGEST);
});
afterAll(() => team.close());

/** Room for a gradient's coefficients, dirty. */
function coefficients(): Coefficients {
  const { arena } = team;
  const out = {
    losses: arena.f64(LARGEST),
    mix: arena.f32(LARGEST * LARGEST),
    rowOwn: arena.f32(LARGEST),
    columnOwn: arena.f32(LARGEST),
  };
  for (const { view } of Object.values(out)) view.fill(7);
  return out;
}

interface Rows {
  readonly v: Float64Array;
  readonly w: Float64Array;
  readonly labels: readonly number[];
  readonly features: number;
}

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 6 }),
  features: fc.integer({ min: 1, max: 7 }),
  rivals: fc.constantFrom("literal" as const, "masked" as const, "prototypes" as const),
  /** Whether features may be negative, as centred ones are. */
  centred: fc.boolean(),
  /** Whether some rows of each network are silent. */
  silent: fc.boolean(),
  lambda: fc.constantFrom(0, 0.6, 4),
  temperature: fc.constantFrom(0.05, 0.3, 1),
  margin: fc.constantFrom(0, 0.7, 2.5),
  weight: fc.constantFrom(1, 0.25),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function rowsOf({ rows, features, rivals, centred, silent, seed }: Case): Rows {
  const random = new RandomStream(seed, "alignment");
  const labels = Array.from({ length: rows }, () => random.below(classes));
  const side = (count: number) => {
    const x = Float64Array.from({ length: count * features }, () => random.uniform() - (centred ? 0.5 : 0));
    if (silent) x.fill(0, 0, random.below(count + 1) * features);
    return x;
  };
  return { v: side(rows), w: side(rivals === "prototypes" ? classes : rows), labels, features };
}

function affinityOf({ v, w, labels, features }: Rows): Affinity {
  const [rows, columns] = [labels.length, w.length / features];
  const dot = (a: Float64Array, k: number, b: Float64Array, j: number) => {
    let sum = 0;
    for (let f = 0; f < features; f++) sum += a[k * features + f]! * b[j * features + f]!;
    return sum;
  };
  const { dots, rowSquares, columnSquares } = affinities;
  for (let k = 0; k < rows; k++) {
    rowSquares.view[k] = dot(v, k, v, k);
    for (let j = 0; j < columns; j++) dots.view[k * columns + j] = dot(v, k, w, j);
  }
  for (let j = 0; j < columns; j++) columnSquares.view[j] = dot(w, j, w, j);
  return { rows, columns, ...affinities };
}

/** Value, and both gradients as the kernel `combine` makes them from the coefficients. */
function run(loss: AlignmentLoss, rivals: Rivals, x: Rows, out: Coefficients) {
  const affinity = affinityOf(x);
  const { rows, columns } = affinity;
  const value = loss(team, affinity, pairing(rivals, x.labels, classes, pairs), out);
  const [mixes, rowOwn, columnOwn] = [out.mix.view, out.rowOwn.view, out.columnOwn.view];
  const { v, w, features } = x;
  const gradV = v.map((own, at) => own * rowOwn[Math.floor(at / features)]!);
  const gradW = w.map((own, at) => own * columnOwn[Math.floor(at / features)]!);
  for (let k = 0; k < rows; k++)
    for (let j = 0; j < columns; j++)
      for (let f = 0; f < features; f++) {
        const mix = mixes[k * columns + j]!;
        gradV[k * features + f]! += mix * w[j * features + f]!;
        gradW[j * features + f]! += mix * v[k * features + f]!;
      }
  return { value, gradV, gradW };
}

describe.each([
  ["reco", "cosines"],
  ["infonce", "cosines"],
  ["infonce", "dots"],
  ["mse", "cosines"],
] as const)("%s of %s", (loss, affinity) => {
  const lossOf = ({ lambda, temperature, margin, weight, features }: Case): AlignmentLoss =>
    ({
      reco: reco({ lambda, weight }),
      infonce: infonce({ temperature, margin, weight, affinity, features }),
      mse: mse({ features, weight }),
    })[loss];

  test("value and gradients of the reference, silent rows too", () => {
    const out = coefficients();
    fc.assert(
      fc.property(cases, (c) => {
        const x = rowsOf(c);
        const ours = run(lossOf(c), c.rivals, x, out);
        const { rivals, lambda, temperature, margin } = c;
        const theirs = align(x.v, x.w, x.labels, {
          ...{ loss, affinity, rivals, lambda, temperature, margin, classes, centred: false },
        });
        const weighed = (gradient: Float64Array) => gradient.map((g) => g * c.weight);
        expect(Math.abs(ours.value - c.weight * theirs.loss)).toBeLessThan(1e-12 * Math.max(1, theirs.loss));
        // Coefficients are float32; a projection may cancel most of them, so the error is held against the size of the terms that cancel:
        // up to 2 lambda a negative for ReCo, 1 / temperature for InfoNCE, over the length of a row.
        const steepest = Math.max(1, 1 / temperature, loss === "reco" ? 2 * lambda : 0);
        const near = (a: Float64Array, b: Float64Array, of: Float64Array) => {
          const shortest = shortestRow(of, c.features);
          const size = c.weight * steepest * Math.max(1, 1 / shortest);
          expect(worstGap(a, b).gap / size).toBeLessThan(1e-6);
        };
        near(ours.gradV, weighed(theirs.gradV), x.v);
        near(ours.gradW, weighed(theirs.gradW), x.w);
      }),
      { numRuns: 300 },
    );
  });

  test("central differences of the value are the gradients", () => {
    const out = coefficients();
    fc.assert(
      fc.property(cases, (c) => {
        const x = rowsOf({ ...c, silent: false });
        // Cosines of very short rows bend too much for a difference.
        fc.pre(Math.min(shortestRow(x.v, c.features), shortestRow(x.w, c.features)) > 0.2);
        fc.pre(c.features > 1 || loss === "mse");
        const ours = run(lossOf(c), c.rivals, x, out);
        const h = 2e-6;
        const difference = (array: Float64Array) =>
          array.map((value, i) => {
            array[i] = value + h;
            const above = run(lossOf(c), c.rivals, x, out).value;
            array[i] = value - h;
            const below = run(lossOf(c), c.rivals, x, out).value;
            array[i] = value;
            return (above - below) / (2 * h);
          });
        const found = [...difference(x.v), ...difference(x.w)];
        const gradients = [...ours.gradV, ...ours.gradW];
        // Coefficients are float32: where they cancel, they are known to a part of their own size.
        const size = Math.max(...found.map(Math.abs), (0.2 * c.weight) / c.temperature);
        for (const [i, gradient] of gradients.entries())
          expect(Math.abs(gradient - found[i]!) / size).toBeLessThan(1e-6);
      }),
      { numRuns: 100 },
    );
  });
});

function shortestRow(x: Float64Array, features: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let row = 0; row < x.length / features; row++) {
    const length = Math.hypot(...x.subarray(row * features, (row + 1) * features));
    if (length > 0) shortest = Math.min(shortest, length);
  }
  return shortest;
}

test("infonce of dots says that it needs the number of features", () => {
  expect(() => infonce({ temperature: 0.1, weight: 1, affinity: "dots" })).toThrow(
    "infonce of dots: expected features, the numbers a row has, above 0, got 0",
  );
});

describe("stage 1", () => {
  const options = { lambda: 4, temperature: 0.05, margin: 2.5, affinity: "dots" } as const;
  const size = { rows: 5, features: 4, rivals: "prototypes", centred: true, silent: false } as const;
  const x = rowsOf({ ...size, ...options, weight: 1, seed: 8 });
  const lossOf = (loss: AlignmentLoss) => run(loss, "prototypes", x, coefficients());

  test("stays with cosines, at 0.1 and without a margin, where hidden stages are told apart by dots", () => {
    const own = { ...options, loss: "infonce" };
    expect(lossOf(stimulusLoss(own, 0.5, 4))).toEqual(lossOf(infonce({ temperature: 0.1, weight: 0.5 })));
    expect(lossOf(stageLoss(own, 0.5, 4))).toEqual(
      lossOf(infonce({ temperature: 0.05, margin: 2.5, weight: 0.5, affinity: "dots", features: 4 })),
    );
  });

  test("has the hidden stages' temperature where they are of cosines, and other losses as they are", () => {
    const cosines = { ...options, affinity: "cosines", loss: "infonce" } as const;
    expect(lossOf(stimulusLoss(cosines, 1, 4))).toEqual(lossOf(infonce({ temperature: 0.05, weight: 1 })));
    expect(lossOf(stimulusLoss({ ...options, loss: "reco" }, 1, 4))).toEqual(lossOf(reco({ lambda: 4, weight: 1 })));
  });
});

test("a margin of ln n is n of each rival: the batch's other classes push as prototypes do that stand higher", () => {
  const room = coefficients();
  fc.assert(
    fc.property(cases, fc.constantFrom("cosines" as const, "dots" as const), (c, affinity) => {
      const { features, temperature, weight } = c;
      const prototypes = rowsOf({ ...c, rows: classes, rivals: "prototypes" });
      // Every class once, and then n times: each sample's rivals are n rows a class, all alike.
      const labels = Array.from({ length: classes }, (_, k) => k);
      const n = Math.floor(LARGEST / classes);
      const times = (x: Float64Array) => Float64Array.from({ length: n * x.length }, (_, at) => x[at % x.length]!);
      const many = Array.from({ length: n * classes }, (_, k) => k % classes);
      const once = { v: prototypes.v, w: prototypes.w, labels, features };
      const batch = { v: times(prototypes.v), w: times(prototypes.w), labels: many, features };
      const higher = infonce({ temperature, weight, affinity, features, margin: Math.log(n) });
      const { value, gradV } = run(higher, "prototypes", once, room);
      const theirs = run(infonce({ temperature, weight, affinity, features }), "masked", batch, room);
      expect(Math.abs(value - theirs.value)).toBeLessThan(1e-12 * Math.max(1, value));
      // The mean over n times as many samples: each has an nth of the slope.
      const shortest = Math.min(1, shortestRow(once.v, features));
      const size = weight / temperature / shortest;
      for (const [at, g] of gradV.entries()) expect(Math.abs(g - n * theirs.gradV[at]!) / size).toBeLessThan(1e-5);
    }),
    { numRuns: 100 },
  );
});

describe("pairing", () => {
  const labels = [1, 0, 1];
  const fill = (mode: Rivals) => pairing(mode, labels, 2, pairs);
  const rivals = (mode: Rivals) => [...fill(mode).negative.view.subarray(0, mode === "prototypes" ? 6 : 9)];

  test("literal: all others; masked: other classes; prototypes: other classes' rows", () => {
    expect(rivals("literal")).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 0]);
    expect(rivals("masked")).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0]);
    expect(rivals("prototypes")).toEqual([1, 0, 0, 1, 1, 0]);
  });

  test("a sample's own recall is its row, or its class", () => {
    expect([...fill("masked").positive.view.subarray(0, 3)]).toEqual([0, 1, 2]);
    expect([...fill("prototypes").positive.view.subarray(0, 3)]).toEqual([1, 0, 1]);
  });
});

test("a loss and its memory may be used again for another batch size", () => {
  const own = { lambda: 4, temperature: 0.3, margin: 0.7, weight: 1 } as const;
  const size = { features: 4, centred: true, silent: false, ...own, seed: 5 } as const;
  const dots = () => infonce({ ...size, affinity: "dots" });
  for (const make of [() => infonce(size), dots, () => reco(size), () => mse(size)]) {
    for (const rivals of ["literal", "masked", "prototypes"] as const) {
      const again = make();
      const used = coefficients();
      for (const rows of [6, 2, 5]) {
        const x = rowsOf({ ...size, rows, rivals });
        expect(run(again, rivals, x, used)).toEqual(run(make(), rivals, x, coefficients()));
      }
    }
  }
});

test("pairs in the kernels' vectors are computed as `exponential` does, to the last bit", async () => {
  const { exports } = new WebAssembly.Instance(await kernelModule(), { env: { memory: team.arena.memory } });
  const exponential = exports.exponential as (x: number) => number;
  const logarithm = exports.logarithm as (x: number) => number;
  // Two rows of unit vectors: cosines are the dots themselves, and the loss ln(1 + e^((c - own) / temperature)), the larger one taken out.
  fc.assert(
    fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0.002, max: 2, noNaN: true }), (c, t) => {
      const { dots, rowSquares, columnSquares } = affinities;
      dots.view.set([1, c]);
      rowSquares.view.fill(1, 0, 1);
      columnSquares.view.fill(1, 0, 2);
      const out = coefficients();
      const affinity = { rows: 1, columns: 2, ...affinities };
      const value = infonce({ temperature: t, weight: 1 })(team, affinity, pairing("prototypes", [0], 2, pairs), out);
      expect(value).toBe(logarithm(1 + exponential((c - 1) / t)));
    }),
    { numRuns: 500 },
  );
});
