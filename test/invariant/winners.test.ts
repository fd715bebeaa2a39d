/** Max-pooling without its winners, as in inference, gives the same drives. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { ConvSynapses } from "../../src/nets/conv.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { Population } from "../../src/nets/population.ts";
import { pixelsOf, sizeOf } from "../../src/nets/shape.ts";

const cases = fc.record({
  source: fc.constantFrom("real", "spikes"),
  images: fc.integer({ min: 1, max: 9 }),
  height: fc.integer({ min: 2, max: 9 }),
  width: fc.integer({ min: 2, max: 9 }),
  channels: fc.integer({ min: 1, max: 20 }),
  outputs: fc.constantFrom(1, 16, 33),
  steps: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(),
});

test("drives are the same bytes with and without winners, and nothing is written where they would be", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ source, images, height, width, channels, outputs, steps, seed }) => {
      const team = await Team.create({ maximumPages: 512 });
      const random = new RandomStream(seed, "winners");
      const shape = { height, width, channels };
      const spikes = new Population(team, shape, steps, images, "conv");
      for (let image = 0; image < images; image++)
        for (let step = 0; step < steps; step++)
          for (let pixel = 0; pixel < pixelsOf(shape); pixel++)
            for (let c = 0; c < channels; c++) spikes.set(image, step, pixel, c, random.uniform() < 0.3);
      spikes.list(images, false);
      const values = team.arena.f32(images * sizeOf(shape));
      random.fillUniform(values.view, -1, 1);
      const real = { kind: "real" as const, shape, at: values.at, stride: sizeOf(shape), maxImages: images };
      const options = { channels: outputs, pool: true, bias: true };
      const synapses = new ConvSynapses(team, source === "real" ? real : spikes, options);
      const group = new ParameterGroup(team, "group", synapses.blocks);
      random.fillUniform(group.parameters.view, -1, 1);
      const { drives, winners } = synapses.workspace(images);
      const [z, other] = [team.arena.f32(drives), team.arena.f32(drives)];
      const winner = team.arena.u8(winners);
      synapses.forward(group, images, { z: z.at, g: 0, winner: winner.at }, 0);
      expect(winner.view.every((which) => which < 4)).toBe(true);
      winner.view.fill(9);
      const start = new Uint8Array(team.arena.memory.buffer, 0, 64);
      synapses.forward(group, images, { z: other.at, g: 0, winner: 0 }, 0);
      expect(other.view).toEqual(z.view);
      expect(winner.view.every((which) => which === 9)).toBe(true);
      expect(start.every((byte) => byte === 0)).toBe(true);
      await team.close();
    }),
    { numRuns: 40 },
  );
});
