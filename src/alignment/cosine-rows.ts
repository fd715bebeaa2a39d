/**
 * Stage losses of one's own as a formula a row. A sample's loss l is a function of its cosines C_j with the recalled rows; given l and its slopes G_j = dl/dC_j, the gradient of
 * the stage loss L = weight / K sum_k l_k is that of affinity.ts:
 *
 *   mix_kj = G_kj / (|v_k| |w_j|)     own_k = -sum_j G_kj C_kj / |v_k|^2     otherOwn_j = -sum_k G_kj C_kj / |w_j|^2      (G times weight / K)
 *
 * Computed here in JavaScript, on the thread that trains: a matrix of images x classes is small beside a stage's other work. The losses of this library have kernels.
 */
import { type AlignmentLoss, SILENT } from "./affinity.ts";

/** One sample's cosines with all recalled rows. */
export interface CosineRow {
  /** C_j, -1 to 1; 0 where one of the two is silent. */
  readonly cosines: Float64Array;
  /** Column of the sample's own recall. */
  readonly positive: number;
  /** 1 where a column pushes the sample away. */
  readonly negative: Uint8Array;
}

/** The loss of a row; adds dl/dC_j to `slopes`, which come as zeros. */
export type RowLoss = (row: CosineRow, slopes: Float64Array) => number;

/**
 * A stage loss from the loss of a row.
 *
 * @param weight of the whole
 * @example
 * const squaredGap = cosineRows(1, ({ cosines, positive }, slopes) => {
 *   const gap = 1 - cosines[positive]!;
 *   slopes[positive] = -2 * gap;
 *   return gap * gap;
 * });
 */
export function cosineRows(weight: number, loss: RowLoss): AlignmentLoss {
  return (_team, { rows, columns, dots, rowSquares, columnSquares }, { positive, negative }, out) => {
    const unit = weight / rows;
    const [mix, rowOwn] = [out.mix.view, out.rowOwn.view];
    const cosines = new Float64Array(columns);
    const scales = new Float64Array(columns);
    const slopes = new Float64Array(columns);
    const columnSums = new Float64Array(columns);
    let total = 0;
    for (let k = 0; k < rows; k++) {
      const at = k * columns;
      const square = rowSquares.view[k]!;
      for (let j = 0; j < columns; j++) {
        const other = columnSquares.view[j]!;
        scales[j] = square > SILENT && other > SILENT ? 1 / Math.sqrt(square * other) : 0;
        cosines[j] = dots.view[at + j]! * scales[j]!;
      }
      slopes.fill(0);
      const row = { cosines, positive: positive.view[k]!, negative: negative.view.subarray(at, at + columns) };
      const value = loss(row, slopes);
      out.losses.view[k] = value;
      total += value;
      let own = 0;
      for (let j = 0; j < columns; j++) {
        const slope = unit * slopes[j]!;
        const turned = slope * dots.view[at + j]! * scales[j]!;
        mix[at + j] = slope * scales[j]!;
        own += turned;
        columnSums[j]! += turned;
      }
      rowOwn[k] = square > SILENT ? -own / square : 0;
    }
    for (let j = 0; j < columns; j++) {
      const square = columnSquares.view[j]!;
      out.columnOwn.view[j] = square > SILENT ? -columnSums[j]! / square : 0;
    }
    return unit * total;
  };
}
