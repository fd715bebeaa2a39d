/**
 * Errors of predicted values, e = prediction - target:
 *
 *   MSE = mean e^2     MAE = mean |e|     RMSE = sqrt(MSE)
 *
 * of each target and over all of them; in standardised units, and in the series' own: e times the target's standard deviation.
 */

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
