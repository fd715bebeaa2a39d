/** How like two pictures are, whatever their brightness and contrast. */

/**
 * Pearson's correlation of two rows of equal length, -1 to 1; 0 where one of them is all the same.
 *
 * @example
 * correlation(Float32Array.of(0, 1, 2), Float32Array.of(1, 3, 5)); // 1
 */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [sumA, sumB] = [0, 0];
  for (let i = 0; i < n; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
  }
  const [meanA, meanB] = [sumA / n, sumB / n];
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const scale = Math.sqrt(aa * bb);
  return scale > 0 ? ab / scale : 0;
}
