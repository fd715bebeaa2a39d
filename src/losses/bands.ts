/**
 * Alignment split by frequency: a stage's features are transformed over their plane (`engine/fourier.ts`), and each band of radii f is compared by itself with a
 * weight lambda of the rivals of its own. Low frequencies say what all images share, and get a small one; high frequencies are edges, where two images that
 * agree do so by chance, and get a large one.
 *
 *   L = sum over bands b of share_b L_b(lambda_b),   share_b = weight_b / sum over the stage's bands of weight
 *
 * Shares add up to 1 in every stage, also where a plane is too small to have all bands: then a stage weighs what it weighs without the split, and one band is
 * the plain alignment. Source: arXiv 2509.20284 for the split; the cut, both lambdas and the smooth form are ours.
 */
import { exponential } from "../engine/elementary.ts";
import { extentOf, Fourier, frequencyPairs, type Plane } from "../engine/fourier.ts";

import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";

/** The choices; the YAML section `rule.frequency`. */
export interface FrequencyOptions {
  /**
   * two: a low band, f <= split, and a high one. smooth: `rings` bands of equal width in f, whose lambda and weight go from the low to the high value with
   * s = 1 / (1 + exp(-(f - split) / softness)) at the middle of the ring.
   */
  readonly bands: "two" | "smooth";
  /** The cut, in cycles a pixel of the stage's plane: 0 to sqrt(0.5), or to 0.5 in a flat stage, where it is cycles a neuron. */
  readonly split: number;
  /** Weight of the rivals (ReCo's lambda) in the low band. */
  readonly lowLambda: number;
  /** The same in the high band. */
  readonly highLambda: number;
  /** Weight of the low band's loss; only its ratio to `highWeight` counts. */
  readonly lowWeight: number;
  /** Weight of the high band's loss. */
  readonly highWeight: number;
  /** smooth: width of the passage from low to high, in cycles a pixel. */
  readonly softness: number;
  /** smooth: number of bands. */
  readonly rings: number;
}

/**
 * A larger lambda for the high band, as the method has it (0.3 and 0.9); the numbers are ours: two bands of equal weight, cut at 0.25 cycles a pixel; smooth: 6 rings, softness 0.05. Lambda
 * counts for each rival, so a batch of images asks for smaller ones: see `autoencoderDefaults`.
 */
export const frequencyDefaults: FrequencyOptions = {
  bands: "two",
  split: 0.25,
  lowLambda: 0.3,
  highLambda: 0.9,
  lowWeight: 1,
  highWeight: 1,
  softness: 0.05,
  rings: 6,
};

/** How a band is aligned. */
export interface FrequencyBand {
  readonly lambda: number;
  /** Part of the stage's weight; 0 for a band in which the plane has no frequency. */
  readonly share: number;
}

/** The bands of a plane: band b holds the radii edges[b - 1] < f <= edges[b], the last all above. */
export interface FrequencySplit {
  readonly edges: readonly number[];
  readonly bands: readonly FrequencyBand[];
}

/** A stage's bands, and how each is aligned. */
export interface Bands {
  readonly fourier: Fourier;
  /** One for each of `fourier.bands`, with the coefficients a row has there; a band with a share of 0 is left out. */
  readonly parts: readonly (FrequencyBand & { readonly features: number })[];
}

/**
 * The bands of a population of shape `plane`; those without frequencies are left out.
 *
 * @throws BispikeError as `frequencySplit`
 * @example
 * const bands = bandsOf(team, { height: 14, width: 14, channels: 32 }, frequencyDefaults);
 */
export function bandsOf(team: Team, plane: Plane, options: FrequencyOptions): Bands {
  const { edges, bands } = frequencySplit(plane, options);
  const fourier = new Fourier(team, plane, edges);
  return { fourier, parts: fourier.bands.map(({ band, features }) => ({ ...bands[band]!, features })) };
}

/** Between low and high by the distance from the cut. */
function passage(f: number, { split, softness }: FrequencyOptions): number {
  return 1 / (1 + exponential(-Math.max(-700, Math.min(700, (f - split) / softness))));
}

/** low at s = 0, high at 1, both exactly. */
function between(low: number, high: number, s: number): number {
  return (1 - s) * low + s * high;
}

/**
 * The bands of a stage. A plane without a frequency in a band (a 2 x 2 plane has none between 0 and 0.5; 0 itself is low) leaves it out.
 * Throws a `config` error for options out of range, and for a plane whose only bands have weight 0.
 *
 * @example
 * frequencySplit({ height: 14, width: 14, channels: 32 }, frequencyDefaults);
 * // { edges: [0.25], bands: [{ lambda: 0.3, share: 0.5 }, { lambda: 0.9, share: 0.5 }] }
 */
export function frequencySplit(plane: Plane, options: FrequencyOptions): FrequencySplit {
  checkFrequencyOptions(options);
  const { lowLambda, highLambda, lowWeight, highWeight, rings, split } = options;
  const smooth = options.bands === "smooth";
  const { height, width } = extentOf(plane);
  const ring = (height > 1 && width > 1 ? Math.SQRT1_2 : 0.5) / rings;
  const edges = smooth ? Array.from({ length: rings - 1 }, (_, b) => (b + 1) * ring) : [split];
  const places = smooth ? Array.from({ length: rings }, (_, b) => passage((b + 0.5) * ring, options)) : [0, 1];

  const held = new Set(frequencyPairs(plane, edges).map(({ band }) => band));
  const weights = places.map((s, b) => (held.has(b) ? between(lowWeight, highWeight, s) : 0));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) {
    const size = `${plane.height}x${plane.width}x${plane.channels}`;
    throw new BispikeError(
      "config",
      `rule.frequency: a stage of ${size} has frequencies only in bands of weight 0; give lowWeight and highWeight above 0`,
    );
  }
  const bands = places.map((s, b) => ({
    lambda: between(lowLambda, highLambda, s),
    share: weights[b]! / sum,
  }));
  return { edges, bands };
}

/** Throws a `config` error that names the option, what it may be and what it is. */
function checkFrequencyOptions(options: FrequencyOptions): void {
  const expect = (name: keyof FrequencyOptions, holds: boolean, expected: string) => {
    if (!holds) {
      throw new BispikeError("config", `rule.frequency.${name}: expected ${expected}, got ${options[name]}`);
    }
  };
  expect("bands", options.bands === "two" || options.bands === "smooth", '"two" or "smooth"');
  expect("split", options.split >= 0 && options.split <= Math.SQRT1_2, "a radius from 0 to 0.7071 cycles a pixel");
  for (const name of ["lowLambda", "highLambda", "lowWeight", "highWeight"] as const) {
    expect(name, options[name] >= 0 && Number.isFinite(options[name]), "a number from 0");
  }
  expect("softness", options.softness > 0 && Number.isFinite(options.softness), "a number above 0");
  expect(
    "rings",
    Number.isInteger(options.rings) && options.rings >= 1 && options.rings <= 64,
    "a whole number from 1 to 64",
  );
}
