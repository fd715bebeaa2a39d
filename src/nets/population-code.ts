/**
 * Real values as spikes of a population of tuned neurons. Neuron j prefers the value c_j; centres are evenly spaced over [-range, range]:
 *
 *   a_j(y) = exp(-(y - c_j)^2 / (2 sigma^2)),   sigma = the distance of two centres
 *
 * and fires round(a_j T) times in T steps, as evenly as that goes: at step t where floor((t + 1) k / T) > floor(t k / T). The outermost neurons stay at a = 1 beyond their
 * centres, so that every value has a code.
 */
import { exponential } from "../engine/elementary.ts";

/**
 * Real values as spikes of tuned neurons. Neuron j prefers the value c_j; the centres are evenly spaced over [-range, range], sigma apart. For a value y it fires
 *
 *     round(T exp(-(y - c_j)^2 / (2 sigma^2)))
 *
 * times in T steps. Values beyond the interval are coded as its nearer end.
 */
export interface PopulationCode {
  /** Neurons a value. */
  readonly size: number;
  /** Half of the interval the centres cover, in the values' units (standardised values: standard deviations). */
  readonly range: number;
  /** T, time steps. */
  readonly steps: number;
}

/** Defaults of the code of target values: 24 neurons a value over 2.5 standard deviations to either side. */
export const populationCodeDefaults = { size: 24, range: 2.5 } as const;

/**
 * Spike counts of a value's neurons, 0 to T each, into `counts` from `at` on.
 *
 * @example
 * const counts = new Uint8Array(3);
 * codeValue({ size: 3, range: 1, steps: 4 }, 0, counts, 0); // [2, 4, 2]
 */
export function codeValue(code: PopulationCode, value: number, counts: Uint8Array | Uint16Array, at: number): void {
  const { size, range, steps } = code;
  const spacing = size > 1 ? (2 * range) / (size - 1) : 1;
  const clamped = Math.max(-range, Math.min(range, value));
  for (let j = 0; j < size; j++) {
    const distance = size > 1 ? (clamped + range) / spacing - j : 0;
    counts[at + j] = Math.round(exponential((-distance * distance) / 2) * steps);
  }
}

/** Number of the neuron that prefers a value most, from 0: the one whose centre is nearest, the upper of two. Of three over ±1, 0.7 is dearest to number 2. */
export function preferring({ size, range }: PopulationCode, value: number): number {
  return size > 1 ? Math.round(((Math.max(-range, Math.min(range, value)) + range) / (2 * range)) * (size - 1)) : 0;
}

/**
 * Whether a neuron that fires `count` times in `steps` steps, as evenly as that goes, does so at step t, from 0: where floor((t + 1) count / steps) > floor(t count / steps).
 *
 * @example
 * firesAt(2, 1, 4); // true: of steps 0 to 3 the second and the last
 */
export function firesAt(count: number, t: number, steps: number): boolean {
  return Math.floor(((t + 1) * count) / steps) > Math.floor((t * count) / steps);
}
