/**
 * Fixed random codes in place of recall: what a hidden stage's features are held against where there is no second network. A class's code is 0 or 1 a feature, with the same
 * number of ones each (the rate times the features, rounded), and follows from the seed and the stage's name, so no checkpoint need keep it.
 */

import { padded } from "../engine/kernels.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { Layer } from "../nets/layer.ts";
import { distinctCodes } from "../nets/target-codes.ts";

/** Default share of ones: about the firing rate of a trained recall. */
export const CODE_RATE = 0.15;

export class StageCodes {
  /** Rows [class][featureWidth] as the stage's features lie, after `write`. */
  readonly features: Region<Float32Array>;
  readonly #rows: Float32Array;

  /**
   * Throws a `config` error where the stage is too small for as many different codes.
   *
   * @param layer perception's half of the stage
   * @param rate share of ones, above 0 and at most 1
   * @example
   * const codes = new StageCodes(team, pair.perception[0], { classes: 10, rate: 0.15, seed: 1 });
   */
  constructor(
    team: Team,
    layer: Pick<Layer, "name" | "cellCount" | "featureWidth" | "synapses">,
    { classes, rate, seed }: { readonly classes: number; readonly rate: number; readonly seed: number },
  ) {
    const { channels } = layer.synapses.shape;
    const width = layer.cellCount * channels;
    const active = Math.max(1, Math.round(rate * width));
    const bits = distinctCodes({ classes, width, active }, `stage code ${layer.name}`, seed);
    if (!bits)
      throw new BispikeError(
        "config",
        `rule.codes random: ${layer.name} has ${width} features, of which ${active} are 1 in a code (rule.codeRate ${rate}): too few for ${classes} different codes; widen the stage or change the rate`,
      );
    this.features = team.arena.f32(classes * layer.featureWidth);
    this.#rows = new Float32Array(classes * layer.featureWidth);
    for (let i = 0; i < bits.length; i++) {
      const [c, feature] = [Math.floor(i / width), i % width];
      const cell = Math.floor(feature / channels);
      this.#rows[c * layer.featureWidth + cell * padded(channels) + (feature % channels)] = bits[i]!;
    }
  }

  /** Writes the codes anew: an alignment centres its rows in place. */
  write(): void {
    this.features.view.set(this.#rows);
  }
}
