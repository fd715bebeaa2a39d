/** Histograms of rates, activations and weights, and which images of a batch stand for it. */
import { unitRates } from "../../../src/measure/representation.ts";
import type { Histogram, RateHistogram, WeightHistogram } from "./protocol-look.ts";

/** Bins over weights: odd, so that 0 has a bin of its own middle. */
const WEIGHT_BINS = 41;
const ACTIVATION_BINS = 20;

/**
 * Counts values over equal bins; the last one holds `to` itself. Values outside, and those that are not numbers, are not counted.
 *
 * @example
 * histogram([0, 0.5, 1], 0, 1, 2).counts; // [1, 2]
 */
export function histogram(values: ArrayLike<number>, from: number, to: number, bins: number): Histogram {
  const counts = new Array<number>(bins).fill(0);
  const scale = to > from ? bins / (to - from) : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= from && value <= to) counts[Math.min(bins - 1, Math.floor((value - from) * scale))]!++;
  }
  return { from, to, counts };
}

/** Of firing rates: `counts` are a unit's spikes over `seen` steps, [pixel][channel]. */
export function rateHistogram(counts: ArrayLike<number>, channels: number, seen: number): RateHistogram {
  const { units, mean, dead, saturated, histogram: bins } = unitRates(counts, channels, seen);
  return { from: 0, to: 1, counts: bins, units, mean, dead: dead, saturated };
}

/**
 * Of mean activations, from the least of them or 0 to the greatest or 0.
 *
 * @param means of each unit over the images
 * @param active whether a unit was not 0 for some image
 */
export function activationHistogram(means: Float64Array, active: ArrayLike<boolean>): RateHistogram {
  const units = means.length;
  let [low, high, sum, dead] = [0, 0, 0, 0];
  for (let unit = 0; unit < units; unit++) {
    const mean = means[unit]!;
    low = Math.min(low, mean);
    high = Math.max(high, mean);
    sum += mean;
    if (!active[unit]) dead++;
  }
  const bins = histogram(means, low, high, ACTIVATION_BINS);
  return { ...bins, units, mean: sum / units, dead: dead / units, saturated: 0 };
}

/** Of weights, symmetric around 0 and as wide as the largest of them. */
export function weightHistogram(weights: Float32Array): WeightHistogram {
  let [largest, sum, squares] = [0, 0, 0];
  for (const weight of weights) {
    largest = Math.max(largest, Math.abs(weight));
    sum += weight;
    squares += weight * weight;
  }
  const mean = sum / weights.length;
  const deviation = Math.sqrt(Math.max(0, squares / weights.length - mean * mean));
  return { ...histogram(weights, -largest, largest, WEIGHT_BINS), weights: weights.length, mean, deviation };
}

/**
 * Places of at most `count` images of a batch, with as many of each class as can be, ordered by class.
 *
 * @example
 * spreadOver([1, 1, 1, 0], 2); // [3, 0]
 */
export function spreadOver(labels: ArrayLike<number>, count: number): number[] {
  const seen = new Map<number, number>();
  const places = Array.from(labels, (label, at) => {
    const turn = seen.get(label) ?? 0;
    seen.set(label, turn + 1);
    return { at, label, turn };
  });
  return places
    .sort((a, b) => a.turn - b.turn || a.label - b.label)
    .slice(0, count)
    .sort((a, b) => a.label - b.label || a.at - b.at)
    .map(({ at }) => at);
}
