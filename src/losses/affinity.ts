/**
 * What every stage loss works on. Perception's feature rows v_k (one a sample) meet recall's w_j (one a sample, or one a class) only through
 * their dot products, so a loss is a function of the matrix D_kj = v_k . w_j and the squares |v_k|^2, |w_j|^2, and its gradient a linear combination:
 *
 *   dL/dv_k = own_k v_k + sum_j mix_kj w_j          dL/dw_j = columnOwn_j w_j + sum_k mix_kj v_k
 *
 * Here is the small matrix between them; who is whose rival is in pairings.ts, and sums and losses are kernels.
 */

import type { KernelArguments } from "../engine/bindings.generated.ts";
import type { Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import type { Pairing } from "./pairings.ts";

/** What a stage loss works on: the dot products D_kj = v_k . w_j of perception's feature rows v_k with recall's w_j, and the rows' squared lengths. */
export interface Affinity {
  /** Samples K. */
  readonly rows: number;
  /** Recalled rows J: K (pairs) or the number of classes (prototypes). */
  readonly columns: number;
  /** D, [row][column]; a loss may write over it. */
  readonly dots: Region<Float64Array>;
  /** |v_k|^2, [row]. */
  readonly rowSquares: Region<Float64Array>;
  /** |w_j|^2, [column]. */
  readonly columnSquares: Region<Float64Array>;
}

/**
 * A loss's rows and gradient coefficients; the memory is the caller's. The gradient is
 *
 *     dL/dv_k = rowOwn_k v_k + sum_j mix_kj w_j          dL/dw_j = columnOwn_j w_j + sum_k mix_kj v_k
 */
export interface Coefficients {
  /** Loss of each row, before it is weighted, [row]. */
  readonly losses: Region<Float64Array>;
  /** [row][column]. */
  readonly mix: Region<Float32Array>;
  /** [row]. */
  readonly rowOwn: Region<Float32Array>;
  /** [column]. */
  readonly columnOwn: Region<Float32Array>;
}

/** A stage loss: returns its value (weighted) and fills the coefficients of its gradient. */
export type AlignmentLoss = (team: Team, affinity: Affinity, pairing: Pairing, out: Coefficients) => number;

/** Runs a loss's kernel over rows, with the arguments that all losses have in common and the loss's own. */
export type RowKernel = (team: Team, rows: number, shared: Omit<KernelArguments["recoRows"], "lambda">) => void;

/** Squared length up to which a row is silent, as in the kernels (`cosine-losses.ts`): it has no direction, so no cosine and no gradient. */
export const SILENT = 1e-12;

/** Bytes of a float64. */
const NUMBER = 8;

/**
 * The stage loss weight / K sum_k l(C_k) of cosines C_kj = D_kj / (|v_k| |w_j|), 0 where a row is silent. With G = dL/dC:
 *
 *   dL/dv_k = (I - a_k a_k^T) (sum_j G_kj c_j) / |v_k|,  a, c the unit rows: mix_kj = G_kj / (|v_k| |w_j|), own_k = -sum_j G_kj C_kj / |v_k|^2
 *
 * and alike for w. A silent row gets no gradient. `kernel` computes rows: l, its slopes, `mix` and the rows' own.
 */
export function lossOfCosines(kernel: RowKernel, weight: number): AlignmentLoss {
  return (team, affinity, pairing, out) => {
    const loss = runRows(kernel, team, { affinity, pairing, out, unit: weight / affinity.rows });
    const { rows, columns, dots, columnSquares } = affinity;
    team.run("columnOwn", columns, {
      rows,
      columns,
      dots: dots.at,
      columnSquares: columnSquares.at,
      out: out.columnOwn.at,
    });
    return loss;
  };
}

/** The stage loss weight / K sum_k l(m_k) of mean products over n features, m_kj = D_kj / n: mix_kj = G_kj / n with G = dL/dm, and no rows' own. `kernel`: see `lossOfCosines`. */
export function lossOfProducts(kernel: RowKernel, weight: number): AlignmentLoss {
  return (team, affinity, pairing, out) => {
    out.columnOwn.view.fill(0, 0, affinity.columns);
    return runRows(kernel, team, { affinity, pairing, out, unit: weight / affinity.rows });
  };
}

interface Rows {
  readonly affinity: Affinity;
  readonly pairing: Pairing;
  readonly out: Coefficients;
  /** What each row's loss is multiplied with. */
  readonly unit: number;
}

/** Has a kernel compute the rows; returns the weighted sum of their losses. */
function runRows(kernel: RowKernel, team: Team, { affinity, pairing, out, unit }: Rows): number {
  const { rows, columns, dots, rowSquares, columnSquares } = affinity;
  const { positive, negative } = pairing;
  const scratch = team.scratch(3 * (columns + 1) * NUMBER);
  kernel(team, rows, {
    columns,
    unit,
    dots: dots.at,
    rowSquares: rowSquares.at,
    columnSquares: columnSquares.at,
    positive: positive.at,
    negative: negative.at,
    losses: out.losses.at,
    mix: out.mix.at,
    rowOwn: out.rowOwn.at,
    scratch: scratch.at,
    scratchStride: scratch.stride,
  });
  let loss = 0;
  for (let k = 0; k < rows; k++) loss += out.losses.view[k]!;
  return unit * loss;
}

// Stage losses of one's own as a formula a row. A sample's loss l is a function of its cosines C_j with the recalled rows; given l and its slopes G_j = dl/dC_j, the gradient of
// the stage loss L = weight / K sum_k l_k follows:
//
// mix_kj = G_kj / (|v_k| |w_j|)     own_k = -sum_j G_kj C_kj / |v_k|^2     columnOwn_j = -sum_k G_kj C_kj / |w_j|^2      (G times weight / K)
//
// Computed here in JavaScript, on the thread that trains: a matrix of images x classes is small beside a stage's other work. The losses of this library have kernels.

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
