/**
 * How well a net predicts a part of a sequence. Every position of the part counts once: windows side by side (training windows of a series overlap,
 * these do not), their first positions included, though the net knows nothing of the past there.
 *
 *   characters   accuracy: share of positions whose largest logit is the target's      bits a character: mean of -log2 softmax(logits)[target]
 *   values       mean squared and absolute errors
 */
import {
  type Range,
  type SequenceSet,
  type SequenceSummary,
  type SeriesSummary,
  targetStatistics,
} from "../data/sequence/task.ts";

import { exponential, logarithm, placeOfLargest } from "../engine/elementary.ts";
import { BispikeError } from "../errors.ts";
import type { SequenceLearner } from "../rules/rule.ts";
import { SpikingLearner } from "../rules/sequence-learners.ts";

// Errors of predicted values, e = prediction - target:
//
// MSE = mean e^2     MAE = mean |e|     RMSE = sqrt(MSE)
//
// of each target and over all of them; in standardised units, and in the series' own: e times the target's standard deviation.

/** Errors e = prediction - target of values. */
export interface Errors {
  /** Mean squared error, mean e^2. */
  readonly mse: number;
  /** Mean absolute error, mean |e|. */
  readonly mae: number;
  /** Root of `mse`. */
  readonly rmse: number;
}

/** Errors of one target, in standardised units. */
export interface TargetErrors extends Errors {
  /** Of the target column. */
  readonly name: string;
  /** In the series' own units. */
  readonly original: Errors;
}

/** Errors over all targets, in standardised units, and those of each. */
export interface ValueFigures extends Errors {
  /** In the series' own units: e times each target's standard deviation. */
  readonly original: Errors;
  /** Of each target. */
  readonly targets: readonly TargetErrors[];
}

/** Adds up errors of standardised values, in the order they come. */
export class ErrorSums {
  readonly #squares: Float64Array;
  readonly #sizes: Float64Array;
  #positions = 0;

  constructor(targets: number) {
    this.#squares = new Float64Array(targets);
    this.#sizes = new Float64Array(targets);
  }

  /** Adds a position: `predicted[at ..]` against `wanted[from ..]`. */
  add(predicted: ArrayLike<number>, at: number, wanted: ArrayLike<number>, from: number): void {
    for (let d = 0; d < this.#squares.length; d++) {
      const error = predicted[at + d]! - wanted[from + d]!;
      this.#squares[d]! += error * error;
      this.#sizes[d]! += Math.abs(error);
    }
    this.#positions++;
  }

  /**
   * @param names of the targets, with their standard deviations
   * @example
   * const sums = new ErrorSums(1);
   * sums.add([2], 0, [0], 0);
   * sums.figures(["OT"], [10]).original.mae; // 20
   */
  figures(names: readonly string[], std: readonly number[]): ValueFigures {
    const targets = names.map((name, d) => {
      const mse = this.#squares[d]! / this.#positions;
      const mae = this.#sizes[d]! / this.#positions;
      const original = errors(mse * std[d]! * std[d]!, mae * std[d]!);
      return { name, ...errors(mse, mae), original };
    });
    return { ...meanOf(targets), original: meanOf(targets.map(({ original }) => original)), targets };
  }
}

const errors = (mse: number, mae: number): Errors => ({ mse, mae, rmse: Math.sqrt(mse) });

function meanOf(all: readonly Errors[]): Errors {
  const mean = (pick: (one: Errors) => number) => all.reduce((sum, one) => sum + pick(one), 0) / all.length;
  return errors(
    mean(({ mse }) => mse),
    mean(({ mae }) => mae),
  );
}

/** Windows that show every position of a range once. */

export interface CoveringWindows {
  /** First positions of the windows. */
  readonly starts: Int32Array;
  /** Of each window, how many of its first positions another window shows already. */
  readonly skip: Int32Array;
}

/**
 * Windows of `window` positions side by side from the range's beginning; the last one is moved back to end with the range where they do not fit,
 * and skips what the one before has shown. The net begins each window in silence, so a position is judged with what it could know there:
 * 0 to window - 1 positions of past.
 *
 * @example
 * coverOnce({ from: 10, to: 20 }, 4); // starts 10, 14, 16; skip 0, 0, 2
 */
export function coverOnce({ from, to }: Range, window: number): CoveringWindows {
  const whole = Math.floor((to - from) / window);
  const rest = to - from - whole * window;
  const count = whole === 0 ? 0 : whole + (rest > 0 ? 1 : 0);
  const starts = Int32Array.from({ length: count }, (_, k) => (k < whole ? from + k * window : to - window));
  const skip = Int32Array.from({ length: count }, (_, k) => (k < whole ? 0 : window - rest));
  return { starts, skip };
}

interface Counted {
  /** Positions counted. */
  readonly positions: number;
  /** Firing rate of each hidden stage of perception; empty for nets that do not spike. */
  readonly rates: readonly number[];
}

/** What a pass over a text measured. */
export interface CharacterEvaluation extends Counted {
  readonly kind: "characters";
  /** 0..1. */
  readonly accuracy: number;
  readonly bits: number;
}

export interface ValueEvaluation extends Counted, ValueFigures {
  readonly kind: "values";
}

/** What a pass over a sequence measured. */
export type SequenceEvaluation = CharacterEvaluation | ValueEvaluation;

/** The higher the better: accuracy, or minus the mean squared error of standardised values. */
export function scoreOf(measured: SequenceEvaluation): number {
  return measured.kind === "characters" ? measured.accuracy : -measured.mse;
}

/**
 * Evaluates on the positions of a range, of a window or more.
 *
 * @param about the summary of the set
 * @param pause awaited between batches; may throw to give up
 * @example
 * const measured = await evaluateSequence(learner, set, about, set.parts.test);
 * console.log(measured.kind === "characters" ? measured.accuracy : measured.mse);
 */
export async function evaluateSequence(
  learner: SequenceLearner,
  set: SequenceSet,
  about: SequenceSummary,
  range: Range,
  pause?: () => Promise<void>,
): Promise<SequenceEvaluation> {
  const { window, maxRows } = learner;
  const { starts, skip } = coverOnce(range, window);
  const { targets } = set;
  const characters = new CharacterSums(targets.width);
  const values = new ErrorSums(targets.width);
  const rates: number[] = [];
  for (let from = 0; from < starts.length; from += maxRows) {
    const count = Math.min(maxRows, starts.length - from);
    learner.load(set, starts, from, count);
    const { view, stride } = learner.predict();
    for (let row = 0; row < count; row++) {
      for (let n = skip[from + row]!; n < window; n++) {
        const at = (n * count + row) * stride;
        const position = starts[from + row]! + n;
        if (targets.kind === "symbols") characters.add(view, at, targets.symbols[position]!);
        else values.add(view, at, targets.values, position * targets.width);
      }
    }
    for (const [k, rate] of firingRates(learner).entries()) rates[k] = (rates[k] ?? 0) + rate * count;
    await pause?.();
  }
  const counted = { positions: range.to - range.from, rates: rates.map((sum) => sum / starts.length) };
  if (about.kind === "text") return { kind: "characters", ...characters.means(), ...counted };
  return { kind: "values", ...values.figures(about.targets, targetStatistics(about).std), ...counted };
}

/** Mean firing rate of each hidden stage over the windows predicted last. */
function firingRates(learner: SequenceLearner): number[] {
  if (!(learner instanceof SpikingLearner)) return [];
  return learner.pair.perception.map((layer) => {
    const rates = layer.rates();
    return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  });
}

class CharacterSums {
  readonly #width: number;
  #right = 0;
  #nats = 0;
  #positions = 0;

  constructor(width: number) {
    this.#width = width;
  }

  add(logits: Float32Array, at: number, target: number): void {
    const best = placeOfLargest(logits, at, this.#width);
    const most = logits[at + best]!;
    let sum = 0;
    for (let c = at; c < at + this.#width; c++) sum += exponential(logits[c]! - most);
    this.#nats += logarithm(sum) - (logits[at + target]! - most);
    if (best === target) this.#right++;
    this.#positions++;
  }

  means(): { accuracy: number; bits: number } {
    return { accuracy: this.#right / this.#positions, bits: this.#nats / this.#positions / Math.LN2 };
  }
}

// Forecasts that need no learning, for comparison: what a trained net must beat.

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
