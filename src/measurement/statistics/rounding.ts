/** How far differences that are equal on paper may lie apart in float64. */

/** Two subtractions and the division that made each share, with room to spare. */
const ROUNDINGS = 8;

/**
 * Largest gap between differences a - b that rounding alone explains, for values of this size.
 *
 * @example
 * roundingOf([0.3], [0.1]); // 5.3e-16: 0.3 - 0.1 and 0.2 are the same difference
 */
export function roundingOf(a: readonly number[], b: readonly number[]): number {
  const size = [...a, ...b].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return ROUNDINGS * Number.EPSILON * size;
}
