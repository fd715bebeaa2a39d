/** Losses written a row at a time: ReCo so written is ReCo by its kernel, and the gradient of the example's loss is the slope of its values. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { type AlignmentLoss, cosineRows } from "../../src/losses/affinity.ts";

import { pairing, pairingRoom } from "../../src/losses/pairings.ts";
import { reco, stageLoss } from "../../src/losses/stage-loss.ts";

import { registerExamples } from "../support/plugins.ts";

const CLASSES = 3;
const WIDTH = 5;
let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 256 });
  registerExamples();
});
afterAll(() => team.close());

interface Rows {
  readonly v: readonly (readonly number[])[];
  readonly w: readonly (readonly number[])[];
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Rows between -1 and 1; the first sample is silent where `silent`. */
function draw(seed: number, images: number, silent: boolean): Rows {
  const random = new RandomStream(seed, "rows");
  const row = () => Array.from({ length: WIDTH }, () => 2 * random.uniform() - 1);
  const v = Array.from({ length: images }, (_, k) => (silent && k === 0 ? new Array<number>(WIDTH).fill(0) : row()));
  return { v, w: Array.from({ length: CLASSES }, row) };
}

/** Value of a loss, and its gradients by the coefficients that it gives: dL/dv_k = own_k v_k + sum_j mix_kj w_j, and alike for w. */
function evaluate(loss: AlignmentLoss, { v, w }: Rows) {
  const [rows, columns] = [v.length, w.length];
  const { arena } = team;
  const labels = v.map((_, k) => k % CLASSES);
  const affinity = {
    rows,
    columns,
    dots: arena.f64(rows * columns),
    rowSquares: arena.f64(rows),
    columnSquares: arena.f64(columns),
  };
  for (const [k, a] of v.entries()) {
    affinity.rowSquares.view[k] = dot(a, a);
    for (const [j, b] of w.entries()) affinity.dots.view[k * columns + j] = dot(a, b);
  }
  for (const [j, b] of w.entries()) affinity.columnSquares.view[j] = dot(b, b);
  const pairs = pairing("prototypes", labels, CLASSES, pairingRoom(arena, rows, columns));
  const out = {
    losses: arena.f64(rows),
    mix: arena.f32(rows * columns),
    rowOwn: arena.f32(rows),
    columnOwn: arena.f32(columns),
  };
  const value = loss(team, affinity, pairs, out);
  const mix = (k: number, j: number) => out.mix.view[k * columns + j]!;
  const rowGradient = v.map((a, k) =>
    a.map((x, i) => out.rowOwn.view[k]! * x + w.reduce((sum, b, j) => sum + mix(k, j) * b[i]!, 0)),
  );
  const columnGradient = w.map((b, j) =>
    b.map((x, i) => out.columnOwn.view[j]! * x + v.reduce((sum, a, k) => sum + mix(k, j) * a[i]!, 0)),
  );
  return { value, gradient: [...rowGradient, ...columnGradient].flat() };
}

/** Slopes of the values by central differences. */
function differences(loss: AlignmentLoss, { v, w }: Rows): number[] {
  const step = 1e-5;
  const all = [...v, ...w];
  return all.flatMap((row, r) =>
    row.map((x, i) => {
      const at = (value: number) => {
        const moved = all.map((other, n) => (n === r ? other.with(i, value) : other));
        return evaluate(loss, { v: moved.slice(0, v.length), w: moved.slice(v.length) }).value;
      };
      return (at(x + step) - at(x - step)) / (2 * step);
    }),
  );
}

const gap = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
const cases = fc.record({ seed: fc.nat(1e6), images: fc.integer({ min: 1, max: 6 }) });

test("ReCo as a formula a row is ReCo by its kernel, silent rows too", () => {
  const byRows = cosineRows(1.5, ({ cosines, positive, negative }, slopes) => {
    const away = 1 - cosines[positive]!;
    slopes[positive] = -2 * away;
    let loss = away * away;
    for (const [j, cosine] of cosines.entries()) {
      if (!negative[j] || cosine <= 0) continue;
      loss += 4 * cosine * cosine;
      slopes[j] = 8 * cosine;
    }
    return loss;
  });
  const property = fc.property(cases, fc.boolean(), ({ seed, images }, silent) => {
    const rows = draw(seed, images, silent);
    const [own, kernel] = [evaluate(byRows, rows), evaluate(reco({ lambda: 4, weight: 1.5 }), rows)];
    expect(Math.abs(own.value - kernel.value)).toBeLessThan(1e-12);
    // Coefficients are float32: a few units of their last place, of numbers up to ten.
    expect(gap(own.gradient, kernel.gradient)).toBeLessThan(5e-6);
  });
  fc.assert(property, { numRuns: 40 });
});

test("the example's gradient is the slope of its loss", () => {
  const margin = stageLoss({ loss: "margin", lambda: 0, temperature: 1 }, 0.7, WIDTH);
  let largest = 0;
  const property = fc.property(cases, ({ seed, images }) => {
    const rows = draw(seed, images, false);
    const { gradient } = evaluate(margin, rows);
    largest = Math.max(largest, ...gradient.map(Math.abs));
    const scale = Math.max(1, ...gradient.map(Math.abs));
    expect(gap(gradient, differences(margin, rows)) / scale).toBeLessThan(1e-5);
  });
  fc.assert(property, { numRuns: 30 });
  // There was something to measure.
  expect(largest).toBeGreaterThan(0.1);
});
