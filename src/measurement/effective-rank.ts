/**
 * Effective rank (Roy and Vetterli, EUSIPCO 2007): how many directions a matrix spreads over, from its singular values s,
 *
 *   p_k = s_k / sum of s,   erank = exp(-sum of p_k ln p_k)
 *
 * 1 where all rows are multiples of one, min(rows, columns) where all singular values are equal; never more than the rank.
 * Singular values are the roots of the eigenvalues of the smaller Gram matrix. Those a float64 cannot tell from 0 beside the largest are left out: roots would magnify them.
 */
import { exponential, logarithm } from "../engine/elementary.ts";
import { symmetricEigenvalues } from "./eigenvalues.ts";

/**
 * Effective rank (Roy and Vetterli 2007) of a matrix with singular values s: how many directions it spreads over, 1 to min(rows, columns),
 *
 *     exp(-sum of p ln p),   p = s / sum of s
 *
 * @param values [row][column]
 * @param options with `centred`, each column's mean is taken away first. Default false
 * @returns 0 for a matrix of zeros
 * @example
 * effectiveRank([1, 0, 0, 1], 2, 2); // 2
 */
export function effectiveRank(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  options: { centred?: boolean } = {},
): number {
  const { centred = false } = options;
  const matrix = Float64Array.from(values);
  if (centred) centre(matrix, rows, columns);
  const eigenvalues = symmetricEigenvalues(gram(matrix, rows, columns), Math.min(rows, columns));
  const largest = eigenvalues.reduce((most, value) => Math.max(most, value), 0);
  const floor = Math.max(rows, columns) * Number.EPSILON * largest;
  const singular = eigenvalues.filter((value) => value > floor).map(Math.sqrt);
  const sum = singular.reduce((total, value) => total + value, 0);
  if (sum === 0) return 0;
  return exponential(singular.reduce((entropy, value) => entropy - (value / sum) * logarithm(value / sum), 0));
}

/** Takes each column's mean away, in place. */
function centre(matrix: Float64Array, rows: number, columns: number): void {
  for (let c = 0; c < columns; c++) {
    let mean = 0;
    for (let r = 0; r < rows; r++) mean += matrix[r * columns + c]! / rows;
    for (let r = 0; r < rows; r++) matrix[r * columns + c]! -= mean;
  }
}

/** A A^T or A^T A, whichever is smaller. */
function gram(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const wide = rows <= columns;
  const size = wide ? rows : columns;
  const out = new Float64Array(size * size);
  const lines = wide ? matrix : transposed(matrix, rows, columns);
  const length = wide ? columns : rows;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0, a = i * length, b = j * length; k < length; k++, a++, b++) sum += lines[a]! * lines[b]!;
      out[i * size + j] = out[j * size + i] = sum;
    }
  }
  return out;
}

function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = matrix[r * columns + c]!;
  return out;
}
