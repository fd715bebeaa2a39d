/** How often each unit of a population fired for an image. */
import { LANES } from "../engine/kernels.ts";
import type { Population } from "../nets/population.ts";
import { pixelsOf, tilesOf } from "../nets/shape.ts";

/**
 * Spikes of each unit, [pixel][channel], over the population's distinct steps (0 to T; 0 or 1 where spikes are held over time).
 *
 * @param counts overwritten; one entry a unit
 * @returns the sum over all units
 */
export function spikeCounts(
  { masks, shape, steps }: Pick<Population, "masks" | "shape" | "steps">,
  image: number,
  counts: Float64Array,
): number {
  const { channels } = shape;
  const tiles = tilesOf(shape);
  const pixels = pixelsOf(shape);
  const { view } = masks;
  counts.fill(0);
  let fired = 0;
  let at = image * steps * pixels * tiles;
  for (let t = 0; t < steps; t++) {
    for (let p = 0; p < pixels; p++) {
      for (let tile = 0; tile < tiles; tile++, at++) {
        let bits = view[at]!;
        const first = tile * LANES;
        // The lanes beyond the last channel are padding.
        if (channels - first < LANES) bits &= (1 << (channels - first)) - 1;
        for (; bits !== 0; bits &= bits - 1, fired++) counts[p * channels + first + 31 - Math.clz32(bits & -bits)]!++;
      }
    }
  }
  return fired;
}
