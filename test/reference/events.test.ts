/** Event lists (`emit`, `transpose`) against what the masks say, unit by unit. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { Population } from "../../src/network/population.ts";
import { pixelsOf, sizeOf } from "../../src/network/shape.ts";

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
  steps: fc.integer({ min: 1, max: 5 }),
  images: fc.integer({ min: 1, max: 5 }),
  room: fc.integer({ min: 0, max: 2 }),
  density: fc.constantFrom(0, 0.2, 0.8, 1),
  seed: fc.nat(),
});

test("rows and neurons list exactly what fired, in order", () => {
  fc.assert(
    fc.property(cases, ({ reader, shape, steps, images, room, density, seed }) => {
      const population = new Population(team, shape, steps, images + room, reader);
      const random = new RandomStream(seed, "events");
      const pixels = pixelsOf(shape);
      const rowsOf = new Map<number, number[]>();
      /** Events of each row a reader sees: a step (linear), or a pixel of a step (conv). */
      const rows: number[][][] = [];
      for (let b = 0; b < images; b++) {
        const image: number[][] = [];
        for (let t = 0; t < steps; t++) {
          for (let p = 0; p < pixels; p++) {
            if (reader === "conv" || p === 0) image.push([]);
            for (let c = 0; c < shape.channels; c++) {
              const fired = random.uniform() < density;
              // Cleared as well as set: `set` must leave the other units of a mask alone.
              population.set(b, t, p, c, !fired);
              population.set(b, t, p, c, fired);
              if (!fired) continue;
              image.at(-1)!.push((reader === "conv" ? p % shape.width : p) * shape.channels + c);
              const neuron = p * shape.channels + c;
              rowsOf.set(neuron, [...(rowsOf.get(neuron) ?? []), b * steps + t]);
              expect(population.fired(b, t, p, c)).toBe(true);
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
        expect([...list]).toEqual(rowsOf.get(neuron) ?? []);
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
