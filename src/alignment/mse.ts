/**
 * Mean squared difference of a sample's features and its own recall's, no negatives (the ablation that collapses):
 *
 *   L = weight / (K n) sum_k |v_k - w_k+|^2,   dL/dv_k = 2 weight / (K n) (v_k - w_k+),   n features
 *
 * From the affinities: |v - w|^2 = |v|^2 - 2 v.w + |w|^2.
 */
import type { AlignmentLoss } from "./affinity.ts";

/** What the mean squared difference is told. */
export interface MseOptions {
  /** Features a row (without padding). */
  readonly features: number;
  /** Weight of the whole. */
  readonly weight: number;
}

/**
 * The mean squared difference of a sample's n features v_k and its own recall's w_k+, over K samples, as a stage loss; negatives play no part:
 *
 *     L = weight / (K n) sum_k |v_k - w_k+|^2
 *
 * @example
 * mse({ features: 256, weight: 1 });
 */
export function mse(options: MseOptions): AlignmentLoss {
  const { features, weight } = options;
  return (_team, { rows, columns, dots, rowSquares, columnSquares }, { positive }, out) => {
    const unit = weight / (rows * features);
    const [mix, rowOwn, columnOwn] = [out.mix.view, out.rowOwn.view, out.columnOwn.view];
    mix.fill(0, 0, rows * columns);
    columnOwn.fill(0, 0, columns);
    let loss = 0;
    for (let k = 0; k < rows; k++) {
      const j = positive.view[k]!;
      const square = rowSquares.view[k]! - 2 * dots.view[k * columns + j]! + columnSquares.view[j]!;
      loss += unit * Math.max(0, square);
      mix[k * columns + j] = -2 * unit;
      rowOwn[k] = 2 * unit;
      columnOwn[j]! += 2 * unit;
    }
    return loss;
  };
}
