/** The kernels' layouts for tests: numbers in the engine's memory at places that plain loops can name. */
import type { RandomStream } from "../../src/engine/random.ts";
import type { Team } from "../../src/engine/team.ts";
import { Population } from "../../src/nets/population.ts";
import { flat } from "../../src/nets/shape.ts";

/** Tiles of 16 that hold `count` units. */
export const tilesFor = (count: number): number => Math.ceil(count / 16);

/** Where unit `unit` of row `row` lies in [tile][rows][16]. */
export const inTile = (unit: number, row: number, rows: number): number =>
  ((unit >> 4) * rows + row) * 16 + (unit & 15);

/** `length` multiples of 1/64 in [-bound, bound): sums of some of them are exact in float32. */
export function gridOf(random: RandomStream, length: number, bound: number): Float32Array {
  return Float32Array.from({ length }, () => Math.floor((2 * random.uniform() - 1) * bound * 64) / 64);
}

/** A region of the engine's memory that holds `values`. */
export function placed(team: Team, values: ArrayLike<number>) {
  const region = team.arena.f32(values.length);
  region.view.set(values);
  return region;
}

/** A region that is to be written: NaN until it is. */
export function unwritten(team: Team, length: number) {
  return placed(team, new Float32Array(length).fill(Number.NaN));
}

/**
 * A flat population whose units fire at random; spikes [image][step][unit].
 * Half of the units that fire have the train of period 2, so that lists hold motifs of several steps.
 */
export function firingPopulation(
  team: Team,
  random: RandomStream,
  { neurons, steps, images, density }: { neurons: number; steps: number; images: number; density: number },
) {
  const population = new Population(team, flat(neurons), steps, images, "linear", false);
  const spikes = new Uint8Array(images * steps * neurons);
  for (let b = 0; b < images; b++) {
    for (let u = 0; u < neurons; u++) {
      const regular = density > 0 && density < 1 && random.uniform() < density / 2;
      for (let t = 0; t < steps; t++) {
        if (!(regular ? t % 2 === 1 : random.uniform() < density)) continue;
        population.set(b, t, 0, u, true);
        spikes[(b * steps + t) * neurons + u] = 1;
      }
    }
  }
  population.listRange(0, images);
  return { population, spikes };
}
