/** Products that are asked to be alike give a row the same bytes in a batch as alone, where the ones chosen by the batch would not. */
import { afterEach, describe, expect, it } from "vitest";
import { RandomStream } from "../../src/engine/random.ts";
import { Team } from "../../src/engine/team.ts";
import { LinearSynapses } from "../../src/nets/linear.ts";
import { ParameterGroup } from "../../src/nets/parameters.ts";
import { Population } from "../../src/nets/population.ts";
import { flat, tilesOf } from "../../src/nets/shape.ts";
import type { Source } from "../../src/nets/synapses.ts";

const INPUTS = 40;
const OUTPUTS = 21;
const IMAGES = 300;
const STEPS = 4;

const teams: Team[] = [];
afterEach(async () => {
  for (const team of teams.splice(0)) await team.close();
});

/** Drives of `count` images from `first` on, [image][step * 16 x tiles]. */
type Drives = (first: number, count: number, alike: boolean) => number[][];

async function drivesOf(
  make: (team: Team, random: RandomStream) => { source: Source; show: (first: number, count: number) => void },
): Promise<Drives> {
  const team = await Team.create({ maximumPages: 512 });
  teams.push(team);
  const random = new RandomStream(4, "alike");
  const { source, show } = make(team, random);
  const steps = "steps" in source ? source.steps : 1;
  const synapses = new LinearSynapses(team, source, flat(OUTPUTS), true);
  const group = new ParameterGroup(team, "layer", synapses.blocks);
  random.fillUniform(group.parameters.view, -1, 1);
  const tiles = tilesOf(synapses.shape);
  const z = team.arena.f32(tiles * IMAGES * steps * 16);
  return (first, count, alike) => {
    show(first, count);
    synapses.forward(group, count, { z: z.at, g: 0, winner: 0 }, 0, alike);
    return Array.from({ length: count }, (_, b) =>
      Array.from({ length: tiles }, (_, tile) => {
        const at = (tile * count + b) * steps * 16;
        return [...z.view.subarray(at, at + steps * 16)];
      }).flat(),
    );
  };
}

function spikes(team: Team, random: RandomStream) {
  const population = new Population(team, flat(INPUTS), STEPS, IMAGES, "linear", false);
  const fired = Array.from({ length: IMAGES * STEPS * INPUTS }, () => random.uniform() < 0.6);
  const show = (first: number, count: number) => {
    for (let b = 0; b < count; b++)
      for (let t = 0; t < STEPS; t++)
        for (let i = 0; i < INPUTS; i++) population.set(b, t, 0, i, fired[((first + b) * STEPS + t) * INPUTS + i]!);
    population.list(count, false);
  };
  return { source: population, show };
}

/** The first image is all background but for a few values; the others are not, so that alone they would be read otherwise. */
function values(team: Team, random: RandomStream) {
  const rows = team.arena.f32(IMAGES * INPUTS);
  const all = Float32Array.from({ length: IMAGES * INPUTS }, (_, k) =>
    random.uniform() < (Math.floor(k / INPUTS) % 3 === 0 ? 1 : 0.1) ? 2 * random.uniform() - 1 : -0.3,
  );
  all[0] = -0.3;
  const show = (first: number, count: number) => rows.view.set(all.subarray(first * INPUTS, (first + count) * INPUTS));
  return {
    source: { kind: "real", shape: flat(INPUTS), at: rows.at, stride: INPUTS, maxImages: IMAGES } as const,
    show,
  };
}

describe.each([
  ["spikes", spikes],
  ["real values", values],
] as const)("%s", (_, make) => {
  it("are the same alone and in a batch where asked to be, and only then", async () => {
    const drives = await drivesOf(make);
    for (const alike of [true, false]) {
      const together = drives(0, IMAGES, alike);
      const alone = Array.from({ length: IMAGES }, (_, k) => drives(k, 1, alike)[0]!);
      const different = together.filter((row, k) => row.some((value, i) => value !== alone[k]![i])).length;
      if (alike) expect(different).toBe(0);
      else expect(different).toBeGreaterThan(0);
    }
  });
});
