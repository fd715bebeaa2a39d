/**
 * Square roots of matrices by an iteration that knows no eigenvalues (Denman and Beavers 1976), float64:
 *
 *   Y' = (Y + Z^-1) / 2    Z' = (Z + Y^-1) / 2    from Y = A, Z = I    ->  Y = A^1/2
 *
 * for A whose eigenvalues do not lie on the negative axis, such as the product of two positive definite matrices.
 */
export type Square = readonly (readonly number[])[];

export function product(a: Square, b: Square): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
}

export function transposed(a: Square): number[][] {
  return a[0]!.map((_, j) => a.map((row) => row[j]!));
}

/** Gauss-Jordan with row pivots. */
function inverse(a: Square): number[][] {
  const n = a.length;
  const rows = a.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const head = rows[k]![k]!;
    rows[k] = rows[k]!.map((value) => value / head);
    for (let i = 0; i < n; i++) {
      const factor = rows[i]![k]!;
      if (i !== k) rows[i] = rows[i]!.map((value, j) => value - factor * rows[k]![j]!);
    }
  }
  return rows.map((row) => row.slice(n));
}

/** A^1/2. Throws when it has not settled in 60 rounds. */
export function squareRoot(a: Square): number[][] {
  let y: number[][] = a.map((row) => [...row]);
  let z: number[][] = a.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
  const half = (p: Square, q: Square) => p.map((row, i) => row.map((value, j) => (value + q[i]![j]!) / 2));
  for (let round = 0; round < 60; round++) {
    const next = half(y, inverse(z));
    z = half(z, inverse(y));
    const change = Math.max(...next.flatMap((row, i) => row.map((value, j) => Math.abs(value - y[i]![j]!))));
    const size = Math.max(...next.flat().map(Math.abs));
    y = next;
    // Convergence is quadratic: the next change would be of the size of rounding.
    if (change <= 1e-9 * size) return y;
  }
  throw new Error("the square root has not settled");
}
