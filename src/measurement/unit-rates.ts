/** Firing rates of single units: which are dead, which saturated, and how rates are spread. */

/** A unit that fires at more than this share of steps says hardly more than one that never does. */
export const SATURATED_RATE = 0.95;
/** Bins of the histogram over rates 0..1. */
export const RATE_BINS = 20;

export interface UnitRates {
  /** Number of units. */
  readonly units: number;
  /** Mean over the units, 0..1. */
  readonly mean: number;
  /** Share of units, 0..1, that never fired. */
  readonly dead: number;
  /** Share of units, 0..1, that fired at more than 95 % of all steps. */
  readonly saturated: number;
  /**
   * Share of channels none of whose units fired: of a convolution's, whose pixels share weights, these have nothing to learn from. The same as `dead` where there is
   * one pixel.
   */
  readonly deadChannels: number;
  /** Units whose rate is in [k / 20, (k + 1) / 20), the last bin with 1. */
  readonly histogram: readonly number[];
}

/**
 * @param counts spikes of each unit, [pixel][channel]
 * @param seen steps each unit was watched: samples x T
 * @example
 * unitRates([0, 10, 5, 5], 4, 10); // dead 0.25, saturated 0.25, mean 0.5
 */
export function unitRates(counts: ArrayLike<number>, channels: number, seen: number): UnitRates {
  const histogram = new Array<number>(RATE_BINS).fill(0);
  const alive = new Array<boolean>(channels).fill(false);
  const units = counts.length;
  let [sum, dead, saturated] = [0, 0, 0];
  for (let unit = 0; unit < units; unit++) {
    const rate = counts[unit]! / seen;
    sum += rate;
    if (rate === 0) dead++;
    else alive[unit % channels] = true;
    if (rate > SATURATED_RATE) saturated++;
    histogram[Math.min(RATE_BINS - 1, Math.floor((counts[unit]! * RATE_BINS) / seen))]!++;
  }
  const deadChannels = alive.filter((fired) => !fired).length / channels;
  return { units, mean: sum / units, dead: dead / units, saturated: saturated / units, deadChannels, histogram };
}
