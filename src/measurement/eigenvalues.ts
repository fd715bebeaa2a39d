/**
 * Eigenvalues of symmetric matrices, without their vectors (Golub and Van Loan, Matrix Computations, 8.3): reflections make the matrix tridiagonal, then
 * implicit QR steps with Wilkinson's shift make the numbers beside the diagonal vanish. Of our own, as a page that trains loads this.
 */

const MOST_STEPS = 60;

/**
 * @param matrix [size][size], symmetric; overwritten
 * @returns eigenvalues in no order
 * @example
 * symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2); // 3 and 1
 */
export function symmetricEigenvalues(matrix: Float64Array, size: number): Float64Array {
  for (let k = 0; k + 2 < size; k++) reflect(matrix, size, k);
  const diagonal = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
  const beside = Float64Array.from({ length: Math.max(0, size - 1) }, (_, i) => matrix[(i + 1) * size + i]!);
  // Two steps an eigenvalue are usual; numbers that are not finite would never end.
  for (let end = size - 1, steps = 0; end > 0 && steps < MOST_STEPS * size; steps++) {
    if (isNothing(diagonal, beside, end - 1)) {
      beside[--end] = 0;
      continue;
    }
    let begin = end - 1;
    while (begin > 0 && !isNothing(diagonal, beside, begin - 1)) begin--;
    step(diagonal, beside, begin, end);
  }
  return diagonal;
}

/** Column k becomes 0 below the place under the diagonal: A := (1 - b v v^T) A (1 - b v v^T). */
function reflect(a: Float64Array, size: number, k: number): void {
  const v = new Float64Array(size);
  let squares = 0;
  for (let i = k + 1; i < size; i++) {
    v[i] = a[i * size + k]!;
    squares += v[i]! * v[i]!;
  }
  const head = v[k + 1]!;
  const below = squares - head * head;
  if (below === 0) return;
  // The sign that does not cancel.
  v[k + 1] = head + (head < 0 ? -1 : 1) * Math.sqrt(squares);
  const b = 2 / (below + v[k + 1]! * v[k + 1]!);
  const w = new Float64Array(size);
  let along = 0;
  for (let i = k; i < size; i++) {
    let sum = 0;
    for (let j = k + 1; j < size; j++) sum += a[i * size + j]! * v[j]!;
    w[i] = b * sum;
    along += w[i]! * v[i]!;
  }
  for (let i = k; i < size; i++) w[i]! -= (b / 2) * along * v[i]!;
  for (let i = k; i < size; i++) for (let j = k; j < size; j++) a[i * size + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
}

/** One implicit QR step of the tridiagonal block begin .. end. */
function step(d: Float64Array, e: Float64Array, begin: number, end: number): void {
  const half = (d[end - 1]! - d[end]!) / 2;
  const last = e[end - 1]!;
  const shift = d[end]! - (last * last) / (half + (half < 0 ? -1 : 1) * Math.hypot(half, last));
  let [x, z] = [d[begin]! - shift, e[begin]!];
  for (let k = begin; k < end; k++) {
    const r = Math.hypot(x, z);
    const [c, s] = r === 0 ? [1, 0] : [x / r, z / r];
    if (k > begin) e[k - 1] = r;
    const [p, q, f] = [d[k]!, d[k + 1]!, e[k]!];
    d[k] = c * c * p + 2 * c * s * f + s * s * q;
    d[k + 1] = s * s * p - 2 * c * s * f + c * c * q;
    e[k] = c * s * (q - p) + (c * c - s * s) * f;
    if (k + 1 === end) break;
    [x, z] = [e[k]!, s * e[k + 1]!];
    e[k + 1]! *= c;
  }
}

/** Whether e[i] cannot be told from 0 beside its neighbours. */
function isNothing(d: Float64Array, e: Float64Array, i: number): boolean {
  return Math.abs(e[i]!) <= Number.EPSILON * (Math.abs(d[i]!) + Math.abs(d[i + 1]!));
}
