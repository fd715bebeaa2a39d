/**
 * What every stage loss works on. Perception's feature rows v_k (one a sample) meet recall's w_j (one a sample, or one a class) only through
 * their dot products, so a loss is a function of the matrix D_kj = v_k . w_j and the squares |v_k|^2, |w_j|^2, and its gradient a linear combination:
 *
 *   dL/dv_k = own_k v_k + sum_j mix_kj w_j          dL/dw_j = otherOwn_j w_j + sum_k mix_kj v_k
 *
 * The large sums are kernels; this is the small matrix between them.
 */

export interface Affinity {
  /** Samples K. */
  readonly rows: number;
  /** Recalled rows J: K (pairs) or the number of classes (prototypes). */
  readonly columns: number;
  /** D, [row][column]. */
  readonly dots: Float64Array;
  readonly rowSquares: Float64Array;
  readonly columnSquares: Float64Array;
}

/** Which recalled row each sample belongs to, and which push it away. */
export interface Pairing {
  /** Column of each row's own recall. */
  readonly positive: Int32Array;
  /** 1 where (row, column) is a negative, [row][column]. */
  readonly negative: Uint8Array;
}

/** A loss's value and gradient coefficients; the arrays are the caller's. */
export interface Coefficients {
  readonly mix: Float32Array;
  readonly rowOwn: Float32Array;
  readonly columnOwn: Float32Array;
}

/** Which samples are negatives of each other. */
export type Negatives = "literal" | "masked" | "prototypes";

/**
 * literal: every other sample of the batch, those of the same class too. masked: samples of other classes.
 * prototypes: recall ran once per class; the other classes' rows.
 */
export function pairing(negatives: Negatives, labels: ArrayLike<number>, classes: number): Pairing {
  const rows = labels.length;
  const columns = negatives === "prototypes" ? classes : rows;
  const positive = new Int32Array(rows);
  const negative = new Uint8Array(rows * columns);
  for (let k = 0; k < rows; k++) {
    positive[k] = negatives === "prototypes" ? labels[k]! : k;
    for (let j = 0; j < columns; j++) {
      const apart = negatives === "masked" ? labels[j] !== labels[k] : j !== positive[k];
      negative[k * columns + j] = apart ? 1 : 0;
    }
  }
  return { positive, negative };
}

/** Cosines C_kj = D_kj / (|v_k| |w_j|); 0 where a row is silent. */
export function cosines({ rows, columns, dots, rowSquares, columnSquares }: Affinity): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let k = 0; k < rows; k++) {
    for (let j = 0; j < columns; j++) {
      const squares = rowSquares[k]! * columnSquares[j]!;
      out[k * columns + j] = squares > 0 ? dots[k * columns + j]! / Math.sqrt(squares) : 0;
    }
  }
  return out;
}

/**
 * Carries G = dL/dC through the cosine:
 *
 *   dL/dv_k = (I - a_k a_k^T) (sum_j G_kj c_j) / |v_k|,  a, c the unit rows: mix_kj = G_kj / (|v_k| |w_j|), own_k = -sum_j G_kj C_kj / |v_k|^2
 *
 * and alike for w. A silent row gets no gradient.
 */
export function throughCosine(
  affinity: Affinity,
  cosine: Float64Array,
  gradient: Float64Array,
  out: Coefficients,
): void {
  const { rows, columns, rowSquares, columnSquares } = affinity;
  const columnSums = new Float64Array(columns);
  for (let k = 0; k < rows; k++) {
    const vv = rowSquares[k]!;
    let rowSum = 0;
    for (let j = 0; j < columns; j++) {
      const at = k * columns + j;
      const squares = vv * columnSquares[j]!;
      const along = gradient[at]! * cosine[at]!;
      rowSum += along;
      columnSums[j]! += along;
      out.mix[at] = squares > 0 ? gradient[at]! / Math.sqrt(squares) : 0;
    }
    out.rowOwn[k] = vv > 0 ? -rowSum / vv : 0;
  }
  for (let j = 0; j < columns; j++) out.columnOwn[j] = columnSquares[j]! > 0 ? -columnSums[j]! / columnSquares[j]! : 0;
}

/** A stage loss: returns its value (weighted) and fills the coefficients of its gradient. */
export type AlignmentLoss = (affinity: Affinity, pairing: Pairing, out: Coefficients) => number;
