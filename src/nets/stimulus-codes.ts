/**
 * Stimulus codes. direct: the normalised image is the input of the first synapses at every step (so it is computed once).
 * poisson: a pixel fires at each step with probability its intensity. latency: one spike a pixel, the brighter the earlier, none if black.
 * With the spiking codes every message in the pair is 0 or 1, the stimulus included.
 */

import type { Region } from "../engine/memory.ts";
import { streamKey } from "../engine/random.ts";
import type { Team } from "../engine/team.ts";
import type { Population } from "./population.ts";
import { pixelsOf, tilesOf } from "./shape.ts";

/** How pixels drive stage 1: held values, Poisson spikes, or the time to the first spike. */
export type StimulusCoding = "direct" | "poisson" | "latency";

/** Writes the spikes of a batch of intensities (0..1, [image][stride]) into a population. */
export interface StimulusEncoder {
  /** `counter` numbers the batch: the same counter gives an image, by its number, the same spikes. With `learn`, lists for weight gradients are made too. */
  encode(images: number, counter: number, learn: boolean): void;
}

export function stimulusEncoder(
  team: Team,
  coding: Exclude<StimulusCoding, "direct">,
  intensities: { at: number; stride: number },
  ids: Region<Uint32Array>,
  population: Population,
  seed: number,
): StimulusEncoder {
  const { shape, steps, masks } = population;
  const [key0, key1] = streamKey(seed, "stimulus");
  return {
    encode(images, counter, learn) {
      const shared = {
        steps,
        pixels: pixelsOf(shape),
        channels: shape.channels,
        tiles: tilesOf(shape),
        stride: intensities.stride,
        x: intensities.at,
        masks: masks.at,
      };
      if (coding === "poisson") {
        const scratch = team.scratch(64);
        team.run("poissonCode", images, {
          ...shared,
          counter,
          key0,
          key1,
          ids: ids.at,
          scratch: scratch.at,
          scratchStride: scratch.stride,
        });
      } else team.run("latencyCode", images, shared);
      population.list(images, learn);
    },
  };
}
