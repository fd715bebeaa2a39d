/** Softmax and cross-entropy over the rows of [rows][classes], float64. */

/** log softmax of each row, [rows][classes]; the row's maximum is taken out first, so large logits do not overflow. */
export function logSoftmax(logits: Float64Array, rows: number, classes: number): Float64Array {
  const out = new Float64Array(logits.length);
  for (let row = 0; row < rows; row++) {
    const values = logits.subarray(row * classes, (row + 1) * classes);
    const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const sum = values.reduce((total, value) => total + Math.exp(value - largest), 0);
    for (let c = 0; c < classes; c++) out[row * classes + c] = values[c]! - largest - Math.log(sum);
  }
  return out;
}

/**
 * L = -(1/rows) sum over rows of log softmax(logits)[target], and dL/dlogits = (softmax - one-hot) / rows.
 *
 * @param targets class of each row, [rows]
 */
export function crossEntropy(
  logits: Float64Array,
  rows: number,
  classes: number,
  targets: ArrayLike<number>,
): { loss: number; gradient: Float64Array } {
  const logs = logSoftmax(logits, rows, classes);
  const gradient = logs.map((value) => Math.exp(value) / rows);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * classes + targets[row]!;
    loss -= logs[at]! / rows;
    gradient[at]! -= 1 / rows;
  }
  return { loss, gradient };
}
