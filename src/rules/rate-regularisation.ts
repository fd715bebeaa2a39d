/**
 * Homeostasis: a pull on neurons that fire above a target rate,
 *
 *   weight / neurons * sum over neurons of max(0, rate - target)^2
 *
 * It reads a neuron's own rate and reaches that neuron's own weights: nothing is more local. Of a convolution "a neuron" is a channel, its rate the mean over the plane: what shares
 * weights is pulled together.
 */

/** How hard, and above which firing rate, neurons are pulled back; the YAML section `rule.homeostasis`. */
export interface HomeostasisOptions {
  /** Weight of the pull; 0 switches it off. */
  readonly weight: number;
  /** Firing rate, spikes a step, above which neurons are pulled back. */
  readonly rate: number;
}

export interface Homeostasis {
  /** Mean firing rate of the layer. */
  readonly rate: number;
  /** Share of neurons that did not fire once. */
  readonly dead: number;
  readonly cost: number;
}

/** What is pulled back. */
interface Firing {
  /** Firing rate of each neuron, or channel, in the newest pass. */
  readonly rates: Float64Array;
  /** In how many steps each could have fired. */
  readonly seen: number;
  /** Gets the cost's gradient, of every spike of a neuron. */
  readonly regularisation: Float32Array;
}

/** What firing rates cost; the cost's gradient becomes the pull. */
export function regulariseRates(
  { rates, seen, regularisation }: Firing,
  { weight, rate: target }: HomeostasisOptions,
): Homeostasis {
  const { length } = rates;
  const perSpike = (2 * weight) / (length * seen);
  let sum = 0;
  let dead = 0;
  let squares = 0;
  for (let c = 0; c < length; c++) {
    const rate = rates[c]!;
    sum += rate;
    if (rate === 0) dead++;
    if (weight === 0) continue;
    const excess = rate > target ? rate - target : 0;
    squares += excess * excess;
    regularisation[c] = perSpike * excess;
  }
  return { rate: sum / length, dead: dead / length, cost: (weight * squares) / length };
}
