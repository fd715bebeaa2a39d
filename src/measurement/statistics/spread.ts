/**
 * Mean and spread of a few measurements:
 *
 *   mean = sum x / n     std = sqrt(sum (x - mean)^2 / (n - 1)), the sample's
 */

export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** Null where one measurement tells nothing of the spread. */
  readonly std: number | null;
  readonly least: number;
  readonly most: number;
}

/**
 * @param values finite numbers
 * @returns null for none
 * @example
 * spreadOf([1, 2, 3]); // { n: 3, mean: 2, std: 1, least: 1, most: 3 }
 */
export function spreadOf(values: readonly number[]): Spread | null {
  const n = values.length;
  if (n === 0) return null;
  const least = Math.min(...values);
  const most = Math.max(...values);
  // Equal values have no spread at all, whatever the rounding of their mean.
  if (least === most) return { n, mean: least, std: n === 1 ? null : 0, least, most };
  const mean = values.reduce((sum, value) => sum + value / n, 0);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, std: Math.sqrt(squares / (n - 1)), least, most };
}
