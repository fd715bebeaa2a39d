/**
 * Cosine of the angle between two vectors of one length.
 *
 * @returns null where one of them is 0, for there is no angle then
 * @example
 * cosine([1, 0], [1, 1]); // 0.7071...
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  let [dot, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    squaresA += a[i]! ** 2;
    squaresB += b[i]! ** 2;
  }
  const norms = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  return norms > 0 ? dot / norms : null;
}
