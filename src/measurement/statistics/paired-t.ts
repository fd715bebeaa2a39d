/**
 * Student's paired test: whether differences d of n pairs have mean 0.
 *
 *   t = mean d / (std d / sqrt n),   n - 1 degrees of freedom
 */
import { roundingOf } from "./rounding.ts";
import { spreadOf } from "./spread.ts";
import { twoSidedT } from "./student-t.ts";

export interface PairedT {
  readonly n: number;
  /** Mean of a - b. */
  readonly mean: number;
  /** Sample deviation of a - b; null for one pair. */
  readonly std: number | null;
  /** Null for one pair, and where all differences are the same: then there is no spread to hold the mean against. */
  readonly t: number | null;
  readonly degrees: number;
  /** Two-sided; null where t is, but 1 where no pair differs. */
  readonly p: number | null;
}

/**
 * @param a measurements, one a pair
 * @param b the baseline's, in the same order
 * @returns null for no pairs
 * @example
 * pairedT([0.93, 0.95, 0.94], [0.9, 0.91, 0.92]); // mean 0.03, t 5.2 with 2 degrees of freedom, p 0.035
 */
export function pairedT(a: readonly number[], b: readonly number[]): PairedT | null {
  // What rounding alone makes of equal differences is no spread.
  const rounding = roundingOf(a, b);
  const differences = a.map((value, k) => value - b[k]!);
  const spread = spreadOf(differences);
  if (!spread) return null;
  const { n, mean } = spread;
  const degrees = n - 1;
  if (spread.std === null) return { n, mean, std: null, t: null, degrees, p: null };
  if (spread.most - spread.least <= rounding) {
    const same = Math.max(Math.abs(spread.most), Math.abs(spread.least)) <= rounding;
    return { n, mean: same ? 0 : mean, std: 0, t: null, degrees, p: same ? 1 : null };
  }
  const t = mean / (spread.std / Math.sqrt(n));
  return { n, mean, std: spread.std, t, degrees, p: twoSidedT(t, degrees) };
}
