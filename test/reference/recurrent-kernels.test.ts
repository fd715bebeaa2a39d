/**
 * Kernels of recurrent synapses against plain float64 loops: drives of one position after the other, and weight gradients from lists by position.
 * Weights and drives are multiples of 1/64, so that sums are exact in float32 and the comparison is for equality.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { spawnThread } from "../../src/node/threads.ts";
import { firingPopulation, gridOf, inTile, placed, tilesFor, unwritten } from "../support/packed.ts";
import { relativeGap } from "./close.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ threads: 2, spawn: spawnThread, maximumPages: 8192 });
});
afterAll(() => team.close());

const cases = fc.record({
  neurons: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(15, 16, 17, 32, 33)),
  steps: fc.integer({ min: 1, max: 9 }),
  positions: fc.integer({ min: 1, max: 5 }),
  rows: fc.integer({ min: 1, max: 5 }),
  density: fc.constantFrom(0, 0.1, 0.4, 0.8, 1),
  seed: fc.nat(),
});

test("drives: what the element before fired, added to a held or a stepped drive, and their moments", () => {
  fc.assert(
    fc.property(
      cases,
      fc.boolean(),
      fc.boolean(),
      ({ neurons, steps, positions, rows, density, seed }, held, wantMoments) => {
        const random = new RandomStream(seed, "recurrent events");
        const images = positions * rows;
        const tiles = tilesFor(neurons);
        const driveSteps = held ? 1 : steps;
        const { population, spikes } = firingPopulation(team, random, { neurons, steps, images, density });
        const weights = gridOf(random, tiles * neurons * 16, 1);
        const drives = gridOf(random, tiles * images * driveSteps * 16, 2);
        const driveRegion = placed(team, drives);
        // A stepped drive may lie where z goes.
        const z = held || random.below(2) === 0 ? unwritten(team, tiles * images * steps * 16) : driveRegion;
        const moments = unwritten(team, positions * tiles * 32);
        const weightRegion = placed(team, weights);
        const scratch = team.scratch((population.motifs + steps) * 64);
        const run = (first: number, end: number) =>
          team.runRange("recurrentEvents", first * tiles, end * tiles, {
            rows,
            images,
            steps,
            periods: population.periods,
            driveSteps,
            inputs: neurons,
            tiles,
            offsets: population.offsets.at,
            events: population.events.at,
            weights: weightRegion.at,
            drives: driveRegion.at,
            z: z.at,
            moments: wantMoments ? moments.at : 0,
            scratch: scratch.at,
            scratchStride: scratch.stride,
          });
        // As a layer calls it: the last position first, or all at once.
        if (random.below(2) === 0) run(0, positions);
        else for (let n = positions - 1; n >= 0; n--) run(n, n + 1);

        const expected = new Float64Array(z.view.length);
        for (let unit = 0; unit < tiles * 16; unit++) {
          for (let b = 0; b < images; b++) {
            for (let t = 0; t < steps; t++) {
              let sum = drives[inTile(unit, b * driveSteps + (held ? 0 : t), images * driveSteps)]!;
              for (let i = 0; i < neurons; i++)
                if (spikes[(b * steps + t) * neurons + i]) sum += weights[inTile(unit, i, neurons)]!;
              expected[inTile(unit, b * steps + t, images * steps)] = sum;
            }
          }
        }
        expect([...z.view]).toEqual([...expected]);
        if (!wantMoments) {
          expect(moments.view.every(Number.isNaN)).toBe(true);
          return;
        }
        expect(
          relativeGap(moments.view, momentsOf(expected, { positions, perPosition: rows * steps, tiles })),
        ).toBeLessThan(1e-5);
      },
    ),
    { numRuns: 150 },
  );
});

/** Mean and squared deviation of each unit over each position, [position][tile][2][16]; z is [tile][position][row][16]. */
function momentsOf(
  z: Float64Array,
  { positions, perPosition, tiles }: { positions: number; perPosition: number; tiles: number },
): Float64Array {
  const out = new Float64Array(positions * tiles * 32);
  for (let n = 0; n < positions; n++) {
    for (let unit = 0; unit < tiles * 16; unit++) {
      const values = Array.from(
        { length: perPosition },
        (_, r) => z[inTile(unit, n * perPosition + r, positions * perPosition)]!,
      );
      const mean = values.reduce((a, b) => a + b, 0) / perPosition;
      const at = (n * tiles + (unit >> 4)) * 32 + (unit & 15);
      out[at] = mean;
      out[at + 16] = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    }
  }
  return out;
}

test("moments of drives that nothing recurrent adds to", () => {
  fc.assert(
    fc.property(cases, ({ neurons, steps, positions, rows, seed }) => {
      const tiles = tilesFor(neurons);
      const perPosition = rows * steps;
      const z = gridOf(new RandomStream(seed, "moments"), tiles * positions * perPosition * 16, 3);
      const out = unwritten(team, positions * tiles * 32);
      team.run("positionMoments", positions * tiles, {
        positions,
        rows: perPosition,
        tiles,
        z: placed(team, z).at,
        out: out.at,
      });
      expect(relativeGap(out.view, momentsOf(Float64Array.from(z), { positions, perPosition, tiles }))).toBeLessThan(
        1e-5,
      );
    }),
    { numRuns: 60 },
  );
});

test("a held drive's gradient is the sum of its steps'", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.nat(), (rows, steps, seed) => {
      const x = gridOf(new RandomStream(seed, "sum steps"), rows * steps * 16, 4);
      const out = unwritten(team, rows * 16);
      team.run("sumSteps", rows, { steps, x: placed(team, x).at, out: out.at });
      const expected = Array.from({ length: rows * 16 }, (_, at) => {
        let sum = 0;
        for (let t = 0; t < steps; t++) sum += x[(Math.floor(at / 16) * steps + t) * 16 + (at % 16)]!;
        return sum;
      });
      expect([...out.view]).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

/** Lists by position of a population of `positions` x `rows` images, as `transposePositions` leaves them. */
function listed(
  { population }: ReturnType<typeof firingPopulation>,
  { neurons, steps, positions, rows }: { neurons: number; steps: number; positions: number; rows: number },
) {
  // Entries from a position's lists to the next one's.
  const apart = rows * steps * neurons;
  const starts = team.arena.i32(positions * (neurons + 1));
  const lists = team.arena.u16(positions * apart);
  const scratch = team.scratch(neurons * 4);
  starts.view.fill(-1);
  lists.view.fill(65535);
  team.run("transposePositions", positions, {
    rows,
    steps,
    motifs: population.motifs,
    neurons,
    offsets: population.offsets.at,
    events: population.events.at,
    starts: starts.at,
    lists: lists.at,
    scratch: scratch.at,
    scratchStride: scratch.stride,
  });
  return { apart, starts, lists };
}

test("lists by position hold each neuron's motifs, row by row", () => {
  fc.assert(
    fc.property(cases, (c) => {
      const { neurons, positions, rows } = c;
      const random = new RandomStream(c.seed, "lists by position");
      const firing = firingPopulation(team, random, { ...c, images: positions * rows });
      const { population } = firing;
      const { motifs } = population;
      const { apart, starts, lists } = listed(firing, c);
      const words = tilesFor(neurons);
      for (let n = 0; n < positions; n++) {
        let from = 0;
        for (let u = 0; u < neurons; u++) {
          const expected: number[] = [];
          for (let r = 0; r < rows * motifs; r++) {
            const mask = population.motifMasks.view[(n * rows * motifs + r) * words + (u >> 4)]!;
            if ((mask >> (u & 15)) & 1) expected.push(r);
          }
          expect(starts.view[n * (neurons + 1) + u]).toBe(from);
          expect([...lists.view.subarray(n * apart + from, n * apart + from + expected.length)]).toEqual(expected);
          from += expected.length;
        }
        expect(starts.view[n * (neurons + 1) + neurons]).toBe(from);
      }
    }),
    { numRuns: 60 },
  );
});

test("weight and bias gradients: gradient rows of position n meet the spikes of position n + shift", () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 1, max: 35 }), fc.boolean(), (c, outputs, bias) => {
      const { neurons, steps, positions, rows } = c;
      const random = new RandomStream(c.seed, "positions gradient");
      const stored = positions + 1;
      const firing = firingPopulation(team, random, { ...c, images: stored * rows });
      const { starts, lists } = listed(firing, { ...c, positions: stored });
      const tiles = tilesFor(outputs);
      const images = positions * rows;
      const g = gridOf(random, tiles * images * steps * 16, 1);
      const gRegion = placed(team, g);
      const { periods, motifs } = firing.population;
      for (const shift of [0, 1]) {
        const weight = unwritten(team, tiles * neurons * 16);
        const dBias = unwritten(team, tiles * 16);
        const scratch = team.scratch(rows * motifs * 64);
        team.run("positionsGradient", tiles, {
          positions,
          rows,
          shift,
          steps,
          periods,
          inputs: neurons,
          starts: starts.at,
          lists: lists.at,
          g: gRegion.at,
          dWeights: weight.at,
          dBias: bias ? dBias.at : 0,
          scratch: scratch.at,
          scratchStride: scratch.stride,
        });
        const expected = new Float64Array(weight.view.length);
        const sums = new Float64Array(tiles * 16);
        for (let unit = 0; unit < tiles * 16; unit++) {
          for (let b = 0; b < images; b++) {
            for (let t = 0; t < steps; t++) {
              const value = g[inTile(unit, b * steps + t, images * steps)]!;
              sums[unit]! += value;
              for (let i = 0; i < neurons; i++)
                if (firing.spikes[((b + shift * rows) * steps + t) * neurons + i])
                  expected[inTile(unit, i, neurons)]! += value;
            }
          }
        }
        expect([...weight.view], `shift ${shift}`).toEqual([...expected]);
        if (bias) expect([...dBias.view]).toEqual([...sums]);
        else expect(dBias.view.every(Number.isNaN)).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
});
