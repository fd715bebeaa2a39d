/** How like two pictures are, whatever their brightness and contrast. */

/**
 * Pearson's correlation of two rows of equal length, -1 to 1; 0 where one of them is all the same.
 *
 * @example
 * correlation(Float32Array.of(0, 1, 2), Float32Array.of(1, 3, 5)); // 1
 */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { length } = a;
  // Deviations from the first value: exactly 0 for a flat picture, whose mean need not be.
  const [firstA, firstB] = [a[0] ?? 0, b[0] ?? 0];
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < length; i++) {
    meanA += (a[i]! - firstA) / length;
    meanB += (b[i]! - firstB) / length;
  }
  let [products, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    const [x, y] = [a[i]! - firstA - meanA, b[i]! - firstB - meanB];
    products += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return squaresA > 0 && squaresB > 0 ? products / Math.sqrt(squaresA) / Math.sqrt(squaresB) : 0;
}
