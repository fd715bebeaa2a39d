/**
 * Homeostasis: a pull on neurons that fire above a target rate,
 *
 *   weight / neurons * sum over neurons of max(0, rate - target)^2
 *
 * It reads a neuron's own rate and reaches that neuron's own weights: nothing is more local. Of a convolution "a neuron" is a channel, its rate the mean over the plane: what shares
 * weights is pulled together.
 */
import type { Layer } from "../network/layer.ts";
import { pixelsOf } from "../network/shape.ts";

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
  readonly silent: number;
  readonly cost: number;
}

/** Rates of a layer's newest pass over `images` images of `steps` steps, and what they cost; the cost's gradient becomes the layer's pull. */
export function pullRates(layer: Layer, images: number, steps: number, options: HomeostasisOptions): Homeostasis {
  const { weight, rate: target } = options;
  const rates = layer.rates();
  const seen = images * steps * pixelsOf(layer.synapses.shape);
  const perSpike = (2 * weight) / (rates.length * seen);
  const pull = layer.pull.view;
  let sum = 0;
  let silent = 0;
  let squares = 0;
  for (let c = 0; c < rates.length; c++) {
    const rate = rates[c]!;
    sum += rate;
    if (rate === 0) silent++;
    if (weight === 0) continue;
    const excess = rate > target ? rate - target : 0;
    squares += excess * excess;
    pull[c] = perSpike * excess;
  }
  const { length } = rates;
  return { rate: sum / length, silent: silent / length, cost: (weight * squares) / length };
}
