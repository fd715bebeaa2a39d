/**
 * Spike trains for given firing rates. A neuron that fires k times in T steps does so as evenly as can be:
 *
 *   k = round(T r)        s[t] = floor((t + 1) k / T) - floor(t k / T),   t = 0 .. T - 1
 *
 * Where k divides T that is the train of a leaky neuron under a constant drive: it charges first and fires at the end of each period.
 */
import { BispikeError } from "../../errors.ts";

/**
 * Spike trains for given firing rates, as evenly spaced as can be: a neuron of rate r fires k = round(T r) times, at the steps t where floor((t + 1) k / T) > floor(t k / T).
 *
 * @param rates [row][neuron], spikes a step: 0 to 1
 * @returns 0 or 1, [row][step][neuron], as `LatentAccess.decode` takes them
 * @throws BispikeError "usage" for a rate that is none, or rates that do not fill whole rows
 * @example
 * evenTrains([0.5, 1], 2, 4); // steps 0 1, 1 1, 0 1, 1 1
 */
export function evenTrains(rates: ArrayLike<number>, neurons: number, steps: number): Uint8Array {
  const rows = rates.length / neurons;
  if (!Number.isInteger(rows))
    throw new BispikeError("usage", `spike trains: expected rates for ${neurons} neurons a row, got ${rates.length}`);
  const spikes = new Uint8Array(rows * steps * neurons);
  for (let i = 0; i < rates.length; i++) {
    const rate = rates[i]!;
    if (!(rate >= 0 && rate <= 1))
      throw new BispikeError("usage", `spike trains: expected firing rates from 0 to 1, got ${rate}`);
    const at = Math.floor(i / neurons) * steps * neurons + (i % neurons);
    fillTrain(spikes, at, neurons, steps, Math.round(rate * steps));
  }
  return spikes;
}

/** Sets the evenly spaced spikes of one neuron, whose steps lie `stride` apart from `at`. */
export function fillTrain(spikes: Uint8Array, at: number, stride: number, steps: number, count: number): void {
  for (let t = 0, place = at; t < steps; t++, place += stride)
    if (Math.floor(((t + 1) * count) / steps) > Math.floor((t * count) / steps)) spikes[place] = 1;
}

/**
 * Firing rates over time: [row][neuron] of spikes [row][step][neuron].
 *
 * @example
 * ratesOf(Uint8Array.of(0, 1, 1, 1, 0, 1, 1, 1), 2, 4); // 0.5, 1
 */
export function ratesOf(spikes: Uint8Array, neurons: number, steps: number): Float64Array {
  const rows = spikes.length / (neurons * steps);
  const rates = new Float64Array(rows * neurons);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let t = 0; t < steps; t++) for (let n = 0; n < neurons; n++) rates[row * neurons + n]! += spikes[at++]!;
  }
  return rates.map((count) => count / steps);
}
