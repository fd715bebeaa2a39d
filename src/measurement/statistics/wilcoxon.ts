/**
 * Wilcoxon's signed-rank test of n pairs, exact: differences are ranked by size (equal sizes share their mean rank, pairs that do not differ
 * are left out), W+ is the sum of the ranks of positive ones, and under the null hypothesis each of the 2^n choices of signs is as likely:
 *
 *   p = P(|W+ - n(n+1)/4| >= |w+ - n(n+1)/4|)
 *
 * The least p that n pairs can reach is 2/2^n: 0.25 for 3 pairs, 0.0625 for 5; below 0.05 only from 6 on.
 */
import { roundingOf } from "./rounding.ts";

export interface SignedRank {
  /** Pairs that differ. */
  readonly n: number;
  /** Sum of the ranks of positive differences a - b. */
  readonly plus: number;
  /** Two-sided; 1 where no pair differs. */
  readonly p: number;
  /** The least p that so many pairs can reach. */
  readonly leastP: number;
}

/**
 * @param a measurements, one a pair
 * @param b the baseline's, in the same order
 * @returns null for no pairs
 * @example
 * signedRank([2, 4, 6], [1, 2, 3]); // plus 6, p 0.25: as low as three pairs can go
 */
export function signedRank(a: readonly number[], b: readonly number[]): SignedRank | null {
  if (a.length === 0) return null;
  const rounding = roundingOf(a, b);
  const differences = a.map((value, k) => value - b[k]!).filter((value) => Math.abs(value) > rounding);
  const n = differences.length;
  const ranks = doubledRanks(differences.map(Math.abs), rounding);
  const plus = ranks.reduce((sum, rank, k) => sum + (differences[k]! > 0 ? rank : 0), 0);
  return { n, plus: plus / 2, p: asFarOut(ranks, plus), leastP: leastSignedRankP(n) };
}

/** The least two-sided p that n pairs can reach, with no ties: 2/2^n. @example leastSignedRankP(3) // 0.25 */
export function leastSignedRankP(n: number): number {
  return Math.min(1, 2 ** (1 - n));
}

/** Twice the rank of each size, from 1; equal ones get their mean: a whole number when doubled. */
function doubledRanks(sizes: readonly number[], rounding: number): number[] {
  const order = sizes.map((_, k) => k).sort((x, y) => sizes[x]! - sizes[y]!);
  const ranks = new Array<number>(sizes.length).fill(0);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && sizes[order[to]!]! - sizes[order[to - 1]!]! <= rounding) to++;
    for (let at = from; at < to; at++) ranks[order[at]!] = from + 1 + to;
    from = to;
  }
  return ranks;
}

/** Probability, over all choices of signs, of a sum of ranks at least as far from the middle as `plus`. */
function asFarOut(ranks: readonly number[], plus: number): number {
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  // Chance of each sum, one rank after the other: halves and sums of halves, exact up to 52 pairs.
  let chances = new Float64Array(total + 1);
  chances[0] = 1;
  for (const rank of ranks) {
    const next = chances.map((chance) => chance / 2);
    for (let sum = rank; sum <= total; sum++) next[sum]! += chances[sum - rank]! / 2;
    chances = next;
  }
  const distance = Math.abs(2 * plus - total);
  return Math.min(
    1,
    chances.reduce((sum, chance, value) => sum + (Math.abs(2 * value - total) >= distance ? chance : 0), 0),
  );
}
