/**
 * Event lists (`emit`, `transpose`) against what the masks say, unit by unit. Lists are by motif, so the expected ones follow from each
 * unit's train by the rule in plain words: take the train of period 1, then 2, 3 and 4, wherever the train still has all of it, then single steps.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { Population } from "../../src/nets/population.ts";
import { pixelsOf, sizeOf } from "../../src/nets/shape.ts";

let team: Team;
beforeAll(async () => {
  team = await Team.create({ maximumPages: 2048 });
});
afterAll(() => team.close());

const cases = fc.record({
  reader: fc.constantFrom("linear" as const, "conv" as const),
  shape: fc.record({
    height: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 1, max: 4 }),
    channels: fc.constantFrom(1, 3, 16, 17, 40),
  }),
  steps: fc.integer({ min: 1, max: 9 }),
  images: fc.integer({ min: 1, max: 5 }),
  room: fc.integer({ min: 0, max: 2 }),
  density: fc.constantFrom(0, 0.2, 0.8, 1),
  seed: fc.nat(),
});

/** Numbers of the motifs that make up a train: 0.. periods - 1 are trains of period 1, 2, ...; then the single steps. */
function motifsOf(train: boolean[]): number[] {
  const left = [...train];
  const steps = train.length;
  const periods = Math.min(4, Math.floor(steps / 2));
  const motifs: number[] = [];
  for (let period = 1; period <= periods; period++) {
    const held = [...left.keys()].filter((t) => (t + 1) % period === 0);
    if (!held.every((t) => left[t])) continue;
    motifs.push(period - 1);
    for (const t of held) left[t] = false;
  }
  for (const [t, fired] of left.entries()) if (fired) motifs.push(periods + t);
  return motifs;
}

test("trains are cut into the motifs the method names", () => {
  const train = (text: string) => [...text].map((letter) => letter === "|");
  expect(motifsOf(train("||||"))).toEqual([0]);
  expect(motifsOf(train(".|.|"))).toEqual([1]);
  expect(motifsOf(train(".|||"))).toEqual([1, 4]);
  expect(motifsOf(train("|..."))).toEqual([2]);
  expect(motifsOf(train("..|..|.."))).toEqual([2]);
  expect(motifsOf(train("|"))).toEqual([0]);
});

test("rows and neurons list exactly what fired, in order", () => {
  fc.assert(
    fc.property(cases, ({ reader, shape, steps, images, room, density, seed }) => {
      const population = new Population(team, shape, steps, images + room, reader);
      const random = new RandomStream(seed, "events");
      const pixels = pixelsOf(shape);
      const rowsOf = new Map<number, number[]>();
      /** Events of each row a reader sees: a motif (linear), or a pixel of a motif (conv). */
      const rows: number[][][] = [];
      for (let b = 0; b < images; b++) {
        const image = Array.from({ length: population.motifs * (reader === "conv" ? pixels : 1) }, (): number[] => []);
        for (let p = 0; p < pixels; p++) {
          for (let c = 0; c < shape.channels; c++) {
            // Some trains whole, some half, some at random: all motifs appear.
            const whole = random.uniform() < density;
            const train = Array.from({ length: steps }, (_, t) => (whole ? t % 2 === 1 : random.uniform() < density));
            for (const [t, fired] of train.entries()) {
              // Cleared as well as set: `set` must leave the other units of a mask alone.
              population.set(b, t, p, c, !fired);
              population.set(b, t, p, c, fired);
              expect(population.fired(b, t, p, c)).toBe(fired);
            }
            for (const motif of motifsOf(train)) {
              const row = reader === "conv" ? motif * pixels + p : motif;
              image[row]!.push((reader === "conv" ? p % shape.width : p) * shape.channels + c);
              const neuron = p * shape.channels + c;
              rowsOf.set(neuron, [...(rowsOf.get(neuron) ?? []), b * population.motifs + motif]);
            }
          }
        }
        rows.push(image);
      }
      population.offsets.view.fill(-1);
      population.counts.view.fill(-1);
      population.list(images, true);
      for (const [b, image] of rows.entries()) {
        const first = b * (image.length + 1);
        expect(population.offsets.view[first]).toBe(b * population.capacity);
        for (const [row, events] of image.entries()) {
          const [from, to] = population.offsets.view.subarray(first + row, first + row + 2);
          expect([...population.events.view.subarray(from, to)]).toEqual(events);
        }
      }
      if (reader === "conv") return;
      for (let neuron = 0; neuron < sizeOf(shape); neuron++) {
        const at = neuron * population.listCapacity;
        const list = population.lists.view.subarray(at, at + population.counts.view[neuron]!);
        expect([...list]).toEqual((rowsOf.get(neuron) ?? []).sort((x, y) => x - y));
      }
    }),
    { numRuns: 60 },
  );
});

test("held spikes look the same at every step", () => {
  const population = new Population(team, { height: 1, width: 1, channels: 20 }, 1, 2, "linear");
  population.set(1, 0, 0, 17, true);
  expect([0, 1, 3].map((t) => population.fired(1, t, 0, 17))).toEqual([true, true, true]);
  expect(population.fired(0, 2, 0, 17)).toBe(false);
});
