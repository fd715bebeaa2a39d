/** The stage losses: values and gradients against the float64 reference, and against finite differences of the values. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Affinity, type AlignmentLoss, type Negatives, pairing } from "../../src/alignment/affinity.ts";
import { infonce } from "../../src/alignment/infonce.ts";
import { mse } from "../../src/alignment/mse.ts";
import { reco } from "../../src/alignment/reco.ts";
import { RandomStream } from "../../src/engine/random.ts";
import { align } from "./alignment.ts";
import { worstGap } from "./close.ts";

const classes = 3;

interface Rows {
  readonly v: Float64Array;
  readonly w: Float64Array;
  readonly labels: readonly number[];
  readonly features: number;
}

const cases = fc.record({
  rows: fc.integer({ min: 1, max: 6 }),
  features: fc.integer({ min: 1, max: 7 }),
  negatives: fc.constantFrom("literal" as const, "masked" as const, "prototypes" as const),
  /** Whether features may be negative, as centred ones are. */
  centred: fc.boolean(),
  /** Whether some rows of each network are silent. */
  silent: fc.boolean(),
  lambda: fc.constantFrom(0, 0.6, 4),
  temperature: fc.constantFrom(0.05, 0.3, 1),
  weight: fc.constantFrom(1, 0.25),
  seed: fc.nat(),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function rowsOf({ rows, features, negatives, centred, silent, seed }: Case): Rows {
  const random = new RandomStream(seed, "alignment");
  const labels = Array.from({ length: rows }, () => random.below(classes));
  const side = (count: number) => {
    const x = Float64Array.from({ length: count * features }, () => random.uniform() - (centred ? 0.5 : 0));
    if (silent) x.fill(0, 0, random.below(count + 1) * features);
    return x;
  };
  return { v: side(rows), w: side(negatives === "prototypes" ? classes : rows), labels, features };
}

function affinityOf({ v, w, labels, features }: Rows): Affinity {
  const [rows, columns] = [labels.length, w.length / features];
  const dot = (a: Float64Array, k: number, b: Float64Array, j: number) => {
    let sum = 0;
    for (let f = 0; f < features; f++) sum += a[k * features + f]! * b[j * features + f]!;
    return sum;
  };
  return {
    rows,
    columns,
    dots: Float64Array.from({ length: rows * columns }, (_, at) => dot(v, Math.floor(at / columns), w, at % columns)),
    rowSquares: Float64Array.from({ length: rows }, (_, k) => dot(v, k, v, k)),
    columnSquares: Float64Array.from({ length: columns }, (_, j) => dot(w, j, w, j)),
  };
}

/** Value, and both gradients as the kernel `combine` makes them from the coefficients. */
function run(loss: AlignmentLoss, negatives: Negatives, x: Rows) {
  const affinity = affinityOf(x);
  const { rows, columns } = affinity;
  // Room beyond what is needed, and dirty: the arrays are shared by all stages.
  const dirty = (length: number) => new Float32Array(length + 2).fill(7);
  const out = { mix: dirty(rows * columns), rowOwn: dirty(rows), columnOwn: dirty(columns) };
  const value = loss(affinity, pairing(negatives, x.labels, classes), out);
  const { v, w, features } = x;
  const gradV = v.map((own, at) => own * out.rowOwn[Math.floor(at / features)]!);
  const gradW = w.map((own, at) => own * out.columnOwn[Math.floor(at / features)]!);
  for (let k = 0; k < rows; k++)
    for (let j = 0; j < columns; j++)
      for (let f = 0; f < features; f++) {
        const mix = out.mix[k * columns + j]!;
        gradV[k * features + f]! += mix * w[j * features + f]!;
        gradW[j * features + f]! += mix * v[k * features + f]!;
      }
  return { value, gradV, gradW };
}

describe.each(["reco", "infonce", "mse"] as const)("%s", (loss) => {
  const lossOf = ({ lambda, temperature, weight, features }: Case): AlignmentLoss =>
    ({ reco: reco({ lambda, weight }), infonce: infonce({ temperature, weight }), mse: mse({ features, weight }) })[
      loss
    ];

  test("value and gradients of the reference, silent rows too", () => {
    fc.assert(
      fc.property(cases, (c) => {
        const x = rowsOf(c);
        const ours = run(lossOf(c), c.negatives, x);
        const { negatives, lambda, temperature } = c;
        const theirs = align(x.v, x.w, x.labels, { loss, negatives, lambda, temperature, classes, centred: false });
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
    fc.assert(
      fc.property(cases, (c) => {
        const x = rowsOf({ ...c, silent: false });
        // Cosines of very short rows bend too much for a difference.
        fc.pre(Math.min(shortestRow(x.v, c.features), shortestRow(x.w, c.features)) > 0.2);
        fc.pre(c.features > 1 || loss === "mse");
        const ours = run(lossOf(c), c.negatives, x);
        const h = 2e-6;
        const difference = (array: Float64Array) =>
          array.map((value, i) => {
            array[i] = value + h;
            const above = run(lossOf(c), c.negatives, x).value;
            array[i] = value - h;
            const below = run(lossOf(c), c.negatives, x).value;
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

describe("pairing", () => {
  const labels = [1, 0, 1];
  const negatives = (mode: Negatives) => [...pairing(mode, labels, 2).negative];

  test("literal: all others; masked: other classes; prototypes: other classes' rows", () => {
    expect(negatives("literal")).toEqual([0, 1, 1, 1, 0, 1, 1, 1, 0]);
    expect(negatives("masked")).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0]);
    expect(negatives("prototypes")).toEqual([1, 0, 0, 1, 1, 0]);
  });

  test("a sample's own recall is its row, or its class", () => {
    expect([...pairing("masked", labels, 2).positive]).toEqual([0, 1, 2]);
    expect([...pairing("prototypes", labels, 2).positive]).toEqual([1, 0, 1]);
  });
});

test("a loss and its pairing may be used again for another batch size", () => {
  const size = { features: 4, centred: true, silent: false, lambda: 4, temperature: 0.3, weight: 1, seed: 5 } as const;
  for (const make of [() => infonce(size), () => reco(size)]) {
    for (const negatives of ["literal", "masked", "prototypes"] as const) {
      const again = make();
      const room = { positive: new Int32Array(9).fill(7), negative: new Uint8Array(90).fill(9) };
      for (const rows of [6, 2, 5]) {
        const x = rowsOf({ ...size, rows, negatives });
        const affinity = affinityOf(x);
        const fresh = pairing(negatives, x.labels, classes);
        const reused = pairing(negatives, x.labels, classes, room);
        expect(reused.positive.subarray(0, rows)).toEqual(fresh.positive);
        expect(reused.negative.subarray(0, fresh.negative.length)).toEqual(fresh.negative);
        const out = () => ({
          mix: new Float32Array(affinity.rows * affinity.columns),
          rowOwn: new Float32Array(affinity.rows),
          columnOwn: new Float32Array(affinity.columns),
        });
        const [one, other] = [out(), out()];
        expect(again(affinity, reused, one)).toBe(make()(affinity, fresh, other));
        expect(one).toEqual(other);
      }
    }
  }
});
