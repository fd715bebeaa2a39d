/**
 * What every stage loss works on. Perception's feature rows v_k (one a sample) meet recall's w_j (one a sample, or one a class) only through
 * their dot products, so a loss is a function of the matrix D_kj = v_k . w_j and the squares |v_k|^2, |w_j|^2, and its gradient a linear combination:
 *
 *   dL/dv_k = own_k v_k + sum_j mix_kj w_j          dL/dw_j = otherOwn_j w_j + sum_k mix_kj v_k
 *
 * Here are the small matrix between them and who is whose rival; sums and losses are kernels.
 */

import type { KernelArguments } from "../engine/bindings.generated.ts";
import type { Arena, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { assertRows } from "../network/rows.ts";

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

/** Which recalled row each sample belongs to, and which push it away. */
export interface Pairing {
  /** Column of each row's own recall. */
  readonly positive: Region<Int32Array>;
  /** 1 where (row, column) is a negative, [row][column]. */
  readonly negative: Region<Uint8Array>;
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

/** Which samples are negatives of each other: see `pairing`. */
export type Negatives = "literal" | "masked" | "prototypes";

/** Room for the pairing of `rows` samples with at most `columns` recalled rows. */
export function pairingRoom(arena: Arena, rows: number, columns: number): Pairing {
  return { positive: arena.i32(rows), negative: arena.u8(rows * columns) };
}

/**
 * Fills `room` and returns it. literal: every other sample of the batch, those of the same class too. masked: samples of other classes.
 * prototypes: recall ran once per class; the other classes' rows.
 *
 * @param labels class of each sample, from 0
 * @param classes number of classes; prototypes alone ask for it
 * @param room of at least as many rows, and columns: `classes` (prototypes) or samples
 * @throws BispikeError "usage" where the room is too small, or a label is no class (prototypes)
 * @example
 * const pairs = pairing("prototypes", [2, 0], 3, pairingRoom(team.arena, 2, 3));
 * pairs.positive.view; // 2, 0
 * pairs.negative.view; // 1, 1, 0, 0, 1, 1
 */
export function pairing(negatives: Negatives, labels: ArrayLike<number>, classes: number, room: Pairing): Pairing {
  const rows = labels.length;
  const columns = negatives === "prototypes" ? classes : rows;
  const positive = room.positive.view;
  assertRows("pairing: rows", rows, positive.length);
  assertRows("pairing: pairs", rows * columns, room.negative.view.length);
  const negative = room.negative.view;
  negative.fill(1, 0, rows * columns);
  for (let k = 0; k < rows; k++) {
    const own = negatives === "prototypes" ? labels[k]! : k;
    // Kernels take the column's number as it is.
    assertRows("pairing: class", own, columns - 1);
    positive[k] = own;
    negative[k * columns + own] = 0;
  }
  if (negatives === "masked") {
    for (let k = 0; k < rows; k++) {
      for (let j = 0; j < columns; j++) if (labels[j] === labels[k]) negative[k * columns + j] = 0;
    }
  }
  return room;
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
