/** Alignment by bands and blocks: the plain one where there is a single band, the parts by hand, the same bytes for any number of threads, and gradients where they were asked for. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { Alignment, type PartLoss, type Wanted } from "../../src/losses/align.ts";
import { bandsOf, type FrequencyOptions, frequencyDefaults } from "../../src/losses/bands.ts";
import { infonce } from "../../src/losses/infonce.ts";
import { reco } from "../../src/losses/stage-loss.ts";
import { flat, type Shape, sizeOf } from "../../src/nets/shape.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { worstGap } from "../reference/close.ts";
import { packRows, unpackRows } from "../support/spectra.ts";
import { splitAlign } from "../support/split-case.ts";

const one: FrequencyOptions = { ...frequencyDefaults, bands: "smooth", rings: 1 };

const meeting = (centred: boolean) => ({ rivals: "literal" as const, centred });

function rates(shape: Shape, rows: number, seed: number): Float64Array {
  const random = new RandomStream(seed, "rates");
  return Float64Array.from({ length: rows * sizeOf(shape) }, () => random.below(9) / 8);
}

test("one band is the plain alignment: turning both sides alike changes no cosine", async () => {
  const team = await Team.create({ maximumPages: 4096 });
  const shapes = [flat(37), flat(64), ...[1, 2, 5, 8].map((side) => ({ height: side, width: 6, channels: 18 }))];
  fc.assert(
    fc.property(
      fc.constantFrom(...shapes),
      fc.integer({ min: 2, max: 6 }),
      fc.boolean(),
      fc.constantFrom("reco" as const, "infonce" as const),
      fc.nat(),
      (shape, rows, centred, kind, seed) => {
        const make = (weight: number) =>
          kind === "reco" ? reco({ lambda: 0.6, weight }) : infonce({ temperature: 0.2, weight });
        const [v, w] = [rates(shape, rows, seed), rates(shape, rows, seed + 1)];
        const labels = Array.from({ length: rows }, (_, k) => k);
        const split = splitAlign(team, v, w, {
          ...{ shape, labels, rivals: "literal", centred, options: one },
          loss: ({ share }) => make(share),
        });

        const { rowWidth } = bandsOf(team, shape, one).fourier;
        const stage = { width: rowWidth, features: sizeOf(shape), loss: () => make(1), ...meeting(centred) };
        const plain = new Alignment(team, { rows, columns: rows, stages: [stage] });
        const [x, y] = [team.arena.f32(rows * rowWidth), team.arena.f32(rows * rowWidth)];
        packRows(shape, v, rowWidth, x.view);
        packRows(shape, w, rowWidth, y.view);
        const sides = { v: x.at, rows, w: y.at, columns: rows };
        const { loss: value } = plain.align(stage, sides, { rows: true, columns: true });
        // Rates of 37 and more neurons are rows of length 2 and more: cosines to some eps, gradients to some eps of their slopes (10 for InfoNCE).
        expect(Math.abs(split.value - value)).toBeLessThan(1e-5);
        const gradients = [plain.rowGradient, plain.columnGradient].map(
          ({ view }) => unpackRows(shape, rows, rowWidth, view).plain,
        );
        expect(worstGap(split.gradV, gradients[0]!).gap).toBeLessThan(1e-5);
        expect(worstGap(split.gradW, gradients[1]!).gap).toBeLessThan(1e-5);
        expect(Math.max(...split.gradV.map(Math.abs))).toBeGreaterThan(1e-3);
      },
    ),
    { numRuns: 40 },
  );
  await team.close();
});

test("blocks of bands are, to the last bit, each block by itself at its share of the rows, centred together before", async () => {
  const team = await Team.create({ maximumPages: 8192 });
  const shapes = [flat(37), { height: 5, width: 6, channels: 3 }];
  const splits = fc.constantFrom(one, frequencyDefaults, { ...frequencyDefaults, highWeight: 0 });
  fc.assert(
    fc.property(
      fc.constantFrom(...shapes),
      splits,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 10 }),
      fc.constantFrom("literal" as const, "masked" as const),
      fc.boolean(),
      fc.nat(),
      (shape, options, rows, block, rivals, centred, seed) => {
        const [v, w] = [rates(shape, rows, seed), rates(shape, rows, seed + 1)];
        const labels = Array.from({ length: rows }, (_, k) => (k * k + seed) % 3);
        const loss: PartLoss = ({ lambda = 0, share }) => reco({ lambda, weight: share });
        const whole = splitAlign(team, v, w, { shape, options, labels, rivals, centred, block, loss });

        let value = 0;
        const gradV: number[] = [];
        const gradW: number[] = [];
        const features = sizeOf(shape);
        for (let from = 0; from < rows; from += block) {
          const count = Math.min(block, rows - from);
          const [first, end] = [from * features, (from + count) * features];
          // `whole` leaves both sides centred.
          const part = splitAlign(team, whole.v.subarray(first, end), whole.w.subarray(first, end), {
            shape,
            options,
            labels: labels.slice(from, from + count),
            rivals,
            centred: false,
            loss: ({ lambda = 0, share }) => reco({ lambda, weight: (count / rows) * share }),
          });
          value += part.value;
          gradV.push(...part.gradV);
          gradW.push(...part.gradW);
        }
        expect(whole.value).toBe(value);
        expect(whole.gradV).toEqual(Float64Array.from(gradV));
        expect(whole.gradW).toEqual(Float64Array.from(gradW));
      },
    ),
    { numRuns: 60 },
  );
  await team.close();
});

test("rows that meet one row a class do not meet each other: blocks change nothing", async () => {
  const team = await Team.create({ maximumPages: 1024 });
  const shape = { height: 4, width: 6, channels: 2 };
  const labels = [2, 0, 1, 1, 2, 0, 0];
  const align = (block?: number) =>
    splitAlign(team, rates(shape, 7, 1), rates(shape, 3, 2), {
      ...{ shape, labels, rivals: "prototypes", centred: true, options: frequencyDefaults },
      ...(block ? { block } : {}),
      loss: ({ share }) => infonce({ temperature: 0.2, margin: 0.5, weight: share }),
    });
  expect(align(2)).toEqual(align());
  await team.close();
});

test("the same bytes for 1 and 3 threads, planes and flat rows", async () => {
  const shapes: Shape[] = [{ height: 6, width: 14, channels: 40 }, { height: 7, width: 9, channels: 1 }, flat(101)];
  const labels = Array.from({ length: 13 }, (_, k) => k % 10);
  const results = [];
  for (const threads of [1, 3]) {
    const team = await Team.create({ threads, spawn: spawnThread, maximumPages: 1024 });
    results.push(
      shapes.map((shape) =>
        splitAlign(team, rates(shape, 13, 1), rates(shape, 10, 2), {
          ...{ shape, labels, rivals: "prototypes", centred: true },
          options: frequencyDefaults,
          loss: ({ lambda = 0, share }) => reco({ lambda, weight: share }),
        }),
      ),
    );
    await team.close();
  }
  for (const result of results) expect(result).toEqual(results[0]);
});

test("gradients go where they are asked for, stages share one room, and centring may leave v as it is", async () => {
  const team = await Team.create({ maximumPages: 1024 });
  const shapes: Shape[] = [flat(50), { height: 6, width: 5, channels: 3 }, flat(47)];
  const stages = shapes.map((shape, s) => {
    // The last leaves its high band out, where the stages before it left gradients.
    const bands = bandsOf(team, shape, { ...frequencyDefaults, highWeight: s === 2 ? 0 : 1 });
    const loss: PartLoss = ({ lambda = 0, share }) => reco({ lambda, weight: share });
    return { width: bands.fourier.rowWidth, features: sizeOf(shape), bands, loss, ...meeting(true) };
  });
  const shared = new Alignment(team, { rows: 6, columns: 6, stages });
  for (const [s, shape] of shapes.entries()) {
    const stage = stages[s]!;
    const { rowWidth } = stage.bands.fourier;
    const [v, w] = [rates(shape, 4, s), rates(shape, 4, s + 10)];
    const [x, y, centredAt, own, other] = Array.from({ length: 5 }, () => team.arena.f32(4 * rowWidth));
    const fresh = new Alignment(team, { rows: 4, columns: 4, stages: [stage] });
    const align = (wanted: Wanted, by = shared) => {
      packRows(shape, v, rowWidth, x!.view);
      packRows(shape, w, rowWidth, y!.view);
      const sides = { v: x!.at, rows: 4, w: y!.at, columns: 4, centredAt: centredAt!.at };
      return by.align(stage, sides, wanted).loss;
    };
    const value = align({ rows: true, columns: true });
    const rowGradient = shared.rowGradient.view.slice(0, 4 * rowWidth);
    const columnGradient = shared.columnGradient.view.slice(0, 4 * rowWidth);
    expect(align({ rows: true, columns: true }, fresh)).toBe(value);
    expect([fresh.rowGradient.view, fresh.columnGradient.view]).toEqual([rowGradient, columnGradient]);
    expect(unpackRows(shape, 4, rowWidth, x!.view).plain).toEqual(v);
    expect(centredAt!.view.some((value) => value < 0)).toBe(true);

    for (const { view } of [shared.rowGradient, shared.columnGradient]) view.fill(3);
    expect(align({ rows: own!.at, columns: other!.at })).toBe(value);
    expect([own!.view, other!.view]).toEqual([rowGradient, columnGradient]);
    expect(align({ rows: false, columns: false })).toBe(value);
    expect([...shared.rowGradient.view, ...shared.columnGradient.view].every((g) => g === 3)).toBe(true);
  }
  await team.close();
});
