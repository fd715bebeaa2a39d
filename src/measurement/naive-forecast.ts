/** Forecasts that need no learning, for comparison: what a trained net must beat. */
import { type SeriesSummary, targetStatistics } from "../data/sequence/summary.ts";
import type { Range, SequenceSet } from "../data/sequence/task.ts";
import { BispikeError } from "../errors.ts";
import { ErrorSums, type ValueFigures } from "./value-errors.ts";

/** Errors of forecasts that need no model. */
export interface NaiveForecasts {
  /** Each target's mean over the positions trained on. */
  readonly mean: ValueFigures;
  /** The target's value at the time of the input, as if nothing changed; null where targets are no inputs, as in regression. */
  readonly persistence: ValueFigures | null;
}

/**
 * Errors over every position of a range, of a series.
 *
 * @throws BispikeError "usage" for a set of symbols, which has no such forecasts
 * @example
 * const { persistence } = naiveForecasts(set, about, set.parts.test);
 * persistence?.mse; // what a net must beat
 */
export function naiveForecasts(set: SequenceSet, about: SeriesSummary, range: Range): NaiveForecasts {
  const { inputs, targets, parts } = set;
  if (inputs.kind !== "values" || targets.kind !== "values")
    throw new BispikeError("usage", `naiveForecasts: expected a set of values, got ${set.name}, which is of symbols`);
  const { width, values: wanted } = targets;
  const { train } = parts;
  const means = Float64Array.from({ length: width }, (_, d) => {
    let sum = 0;
    for (let n = train.from; n < train.to; n++) sum += wanted[n * width + d]!;
    return sum / (train.to - train.from);
  });
  const places = about.targets.map((name) => about.inputs.indexOf(name));
  const known = places.every((place) => place >= 0);
  const byMean = new ErrorSums(width);
  const byPersistence = new ErrorSums(width);
  const present = new Float64Array(width);
  for (let n = range.from; n < range.to; n++) {
    byMean.add(means, 0, wanted, n * width);
    if (!known) continue;
    for (let d = 0; d < width; d++) present[d] = inputs.values[n * inputs.width + places[d]!]!;
    byPersistence.add(present, 0, wanted, n * width);
  }
  const { std } = targetStatistics(about);
  return {
    mean: byMean.figures(about.targets, std),
    persistence: known ? byPersistence.figures(about.targets, std) : null,
  };
}
