/**
 * A series gone through row by row, the net's state kept from row to row, so that every prediction knows all that came before. (Evaluation, as training, starts anew each window.)
 */
import type { Range, SequenceSet } from "../data/sequence/task.ts";
import { BispikeError } from "../errors.ts";
import type { Stepper } from "../rules/stepper.ts";

/** Predicted values, in the series' own units. */
export interface SeriesPrediction {
  /** Row of the series that each prediction is of: its position's row plus the horizon. */
  readonly rows: Int32Array;
  /** Standardised, [prediction][target]. */
  readonly predicted: Float32Array;
  /** The same of the series; shorter than `predicted` by the predictions beyond the series' end, which come last. */
  readonly truth: Float32Array;
}

/**
 * Predictions at the positions of a range. A range that ends where the targets do goes on with the newest rows, whose targets are still to come.
 *
 * @param options `horizon`: rows from an input to its target, 0 for regression; `past`: rows before the range that are shown first, fewer where the series has fewer
 * @throws BispikeError "usage" for a set of symbols or a range that is not in it
 * @example
 * const { rows, predicted } = predictSeries(stepperOf(learner), set, set.parts.test, { horizon: 24, past: 32 });
 */
export function predictSeries(
  stepper: Stepper,
  set: SequenceSet,
  range: Range,
  options: { horizon: number; past: number },
): SeriesPrediction {
  const { inputs, targets, name } = set;
  const { horizon, past } = options;
  if (inputs.kind !== "values" || targets.kind !== "values")
    throw new BispikeError("usage", `${name}: expected a series, got symbols`);
  const { from } = range;
  const known = targets.values.length / targets.width;
  const to = range.to === known ? inputs.values.length / inputs.width : range.to;
  if (from < 0 || range.to > known || from >= to)
    throw new BispikeError("usage", `${name}: expected positions of 0 to ${known}, got ${from} to ${range.to}`);
  const predicted = new Float32Array((to - from) * targets.width);
  stepper.reset();
  for (let n = Math.max(0, from - past); n < to; n++) {
    const outputs = stepper.next(inputs.values.subarray(n * inputs.width, (n + 1) * inputs.width));
    if (n >= from) predicted.set(outputs, (n - from) * targets.width);
  }
  return {
    rows: Int32Array.from({ length: to - from }, (_, k) => from + k + horizon),
    predicted,
    truth: targets.values.slice(from * targets.width, Math.min(to, known) * targets.width),
  };
}
