/**
 * Student's t distribution with v degrees of freedom:
 *
 *   P(|T| > t) = I_x(v/2, 1/2),   x = v / (v + t^2)
 */
import { incompleteBeta } from "./incomplete-beta.ts";

/**
 * P(|T| > |t|), the two-sided p-value.
 *
 * @param degrees of freedom, above 0; whole or not
 * @example
 * twoSidedT(12.706, 1); // 0.0500
 */
export function twoSidedT(t: number, degrees: number): number {
  const square = t * t;
  // Far out, t^2 has no room: nothing is left of the probability either.
  if (square === Number.POSITIVE_INFINITY) return 0;
  const whole = degrees + square;
  return incompleteBeta(degrees / 2, 0.5, degrees / whole, square / whole);
}

/** P(T <= t). @example studentT(0, 5) // 0.5 */
export function studentT(t: number, degrees: number): number {
  const outside = twoSidedT(t, degrees) / 2;
  return t > 0 ? 1 - outside : outside;
}
