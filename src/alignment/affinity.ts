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
 * prototypes: recall ran once per class; the other classes' rows. `room`: arrays to use, with space for the batch; new ones where absent.
 */
export function pairing(negatives: Negatives, labels: ArrayLike<number>, classes: number, room?: Pairing): Pairing {
  const rows = labels.length;
  const columns = negatives === "prototypes" ? classes : rows;
  const { positive, negative } = room ?? {
    positive: new Int32Array(rows),
    negative: new Uint8Array(rows * columns),
  };
  negative.fill(1, 0, rows * columns);
  for (let k = 0; k < rows; k++) {
    const own = negatives === "prototypes" ? labels[k]! : k;
    positive[k] = own;
    negative[k * columns + own] = 0;
  }
  if (negatives === "masked") {
    for (let k = 0; k < rows; k++) {
      for (let j = 0; j < columns; j++) if (labels[j] === labels[k]) negative[k * columns + j] = 0;
    }
  }
  return { positive, negative };
}

/** A stage loss: returns its value (weighted) and fills the coefficients of its gradient. */
export type AlignmentLoss = (affinity: Affinity, pairing: Pairing, out: Coefficients) => number;

/**
 * A loss of one sample's cosines: returns its value and fills `slope`, its derivative by each of them.
 * Column j is a negative where `negative[first + j]` is 1.
 */
export type RowLoss = (
  cosine: readonly number[],
  positive: number,
  negative: Uint8Array,
  first: number,
  slope: number[],
) => number;

/**
 * The stage loss weight / K sum_k l(C_k) of cosines C_kj = D_kj / (|v_k| |w_j|), 0 where a row is silent. With G = dL/dC:
 *
 *   dL/dv_k = (I - a_k a_k^T) (sum_j G_kj c_j) / |v_k|,  a, c the unit rows: mix_kj = G_kj / (|v_k| |w_j|), own_k = -sum_j G_kj C_kj / |v_k|^2
 *
 * and alike for w. A silent row gets no gradient.
 */
export function lossOfCosines(weight: number, rowLoss: RowLoss): AlignmentLoss {
  // Of one row, and kept from call to call: matrices of their own, or new ones, would cost more than the loss.
  const cosine: number[] = [];
  const scale: number[] = [];
  const slope: number[] = [];
  const columnSums: number[] = [];
  return ({ rows, columns, dots, rowSquares, columnSquares }, { positive, negative }, { mix, rowOwn, columnOwn }) => {
    const unit = weight / rows;
    let loss = 0;
    for (const array of [cosine, scale, slope, columnSums]) array.length = columns;
    columnSums.fill(0);
    for (let k = 0; k < rows; k++) {
      const first = k * columns;
      const vv = rowSquares[k]!;
      for (let j = 0; j < columns; j++) {
        const squares = vv * columnSquares[j]!;
        scale[j] = squares > 0 ? 1 / Math.sqrt(squares) : 0;
        cosine[j] = dots[first + j]! * scale[j]!;
        slope[j] = 0;
      }
      loss += rowLoss(cosine, positive[k]!, negative, first, slope);
      let rowSum = 0;
      for (let j = 0; j < columns; j++) {
        const g = unit * slope[j]!;
        const along = g * cosine[j]!;
        rowSum += along;
        columnSums[j]! += along;
        mix[first + j] = g * scale[j]!;
      }
      rowOwn[k] = vv > 0 ? -rowSum / vv : 0;
    }
    for (let j = 0; j < columns; j++) columnOwn[j] = columnSquares[j]! > 0 ? -columnSums[j]! / columnSquares[j]! : 0;
    return unit * loss;
  };
}
