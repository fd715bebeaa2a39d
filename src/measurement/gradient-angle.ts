/**
 * How far one gradient points away from another of the same weights, both flattened:
 *
 *   u = a / |a|,  v = b / |b|,   cos = (|u + v|^2 - |u - v|^2) / (|u + v|^2 + |u - v|^2),   angle = 2 atan2(|u - v|, |u + v|)
 *
 * In exact numbers cos = u . v. These forms (Kahan's) keep their digits near 0 and 180 degrees, where the arc cosine loses half of them: a gradient is at exactly 0 from itself.
 * Below 90 degrees a small enough step along -a lowers the loss that b is the gradient of. Independent random vectors of n numbers are at 90 degrees, give or take 57 / sqrt(n).
 */

/** How far apart, as a cosine and as an angle. */
export interface GradientAngle {
  /** -1..1. */
  readonly cosine: number;
  /** 0..180. */
  readonly degrees: number;
}

/**
 * Angle between two vectors of one length, such as two gradients of the same weights, by a form that keeps its digits near 0 and 180 degrees.
 *
 * @returns null where a vector is all zeros or holds a number that is not finite, for there is no angle then
 * @example
 * gradientAngle([1, 0, 0, 1], [1, 1, 0, 0]); // cosine 0.5, 60 degrees
 */
export function gradientAngle(a: ArrayLike<number>, b: ArrayLike<number>): GradientAngle | null {
  const [lengthA, lengthB] = [lengthOf(a), lengthOf(b)];
  if (!(lengthA > 0 && lengthB > 0 && Number.isFinite(lengthA) && Number.isFinite(lengthB))) return null;
  let [apart, together] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [u, v] = [a[i]! / lengthA, b[i]! / lengthB];
    apart += (u - v) ** 2;
    together += (u + v) ** 2;
  }
  const cosine = (together - apart) / (together + apart);
  return { cosine, degrees: (360 / Math.PI) * Math.atan2(Math.sqrt(apart), Math.sqrt(together)) };
}

function lengthOf(vector: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i++) squares += vector[i]! ** 2;
  return Math.sqrt(squares);
}
