/**
 * A class's prototype in the latent: the mean firing rate of each neuron over the class's images and the time steps,
 *
 *   r_c[n] = 1/T sum over t of p_c[t][n],        p_c as in `statistics.ts`
 *
 * which `evenTrains` turns into spikes that a network can draw.
 */
import type { LatentStatistics } from "./statistics.ts";

/**
 * Prototypes of classes in the latent: each neuron's mean firing rate over the class's images and the steps. `evenTrains` turns them into spikes.
 *
 * @param labels classes, in the order of the rows
 * @returns rates [row][neuron], 0 to 1
 * @throws BispikeError "data" for a class without images
 * @example
 * const spikes = evenTrains(prototypeRates(statistics, [3, 8]), latent.neurons, latent.steps);
 * const pictures = model.pixels(latent.decode(spikes, 2, "recall"), 2);
 */
export function prototypeRates(statistics: LatentStatistics, labels: readonly number[]): Float64Array {
  const { neurons, steps } = statistics;
  const rates = new Float64Array(labels.length * neurons);
  for (const [row, label] of labels.entries()) {
    const probabilities = statistics.probabilities(label);
    for (let i = 0; i < probabilities.length; i++) rates[row * neurons + (i % neurons)]! += probabilities[i]! / steps;
  }
  // Rounding may lift a mean of ones above one.
  return rates.map((rate) => Math.min(1, rate));
}
