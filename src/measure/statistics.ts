import { BispikeError } from "../errors.ts";

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

// How far differences that are equal on paper may lie apart in float64.

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

// The regularised incomplete beta function, from which Student's t takes its probabilities:
//
// I_x(a, b) = 1/B(a, b) integral_0^x u^(a-1) (1-u)^(b-1) du,   B(a, b) = G(a) G(b) / G(a + b)
//
// by its continued fraction (DLMF 8.17.22), evaluated by Lentz's method as Thompson and Barnett changed it; log G by Lanczos' sum.

/** Lanczos' coefficients for g = 7, nine terms: within some 1e-15 of log G for x >= 1/2. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
const LANCZOS_G = 7;

/**
 * log of the gamma function.
 *
 * @param x above 0
 * @example
 * logGamma(5); // log 24
 */
export function logGamma(x: number): number {
  // Reflection: G(x) G(1 - x) = pi / sin(pi x).
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const base = z + LANCZOS_G + 0.5;
  const sum = LANCZOS.reduce((total, coefficient, k) => total + (k === 0 ? coefficient : coefficient / (z + k)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(sum);
}

/** Terms of the continued fraction at most; it needs about the square root of the larger parameter. */
const MOST_TERMS = 100_000;
/** Stands in for a denominator of 0. */
const TINY = 1e-300;

/**
 * I_x(a, b), 0..1.
 *
 * @param a above 0
 * @param b above 0
 * @param x 0..1
 * @param rest 1 - x, where the caller knows it without the loss of digits. Default 1 - x
 * @throws BispikeError "shape" for parameters out of range
 * @example
 * incompleteBeta(2, 3, 0.5); // 0.6875
 */
export function incompleteBeta(a: number, b: number, x: number, rest = 1 - x): number {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1 && rest >= 0 && rest <= 1))
    throw new BispikeError("shape", `incomplete beta: expected a, b > 0 and x in 0..1, got a ${a}, b ${b}, x ${x}`);
  if (x === 0) return 0;
  if (rest === 0) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(rest));
  // The fraction converges fast on the side of the mean where x lies low; the other side is its mirror image.
  return x < (a + 1) / (a + b + 2) ? (front * fraction(a, b, x)) / a : 1 - (front * fraction(b, a, rest)) / b;
}

/** 1 / (1 + d1 / (1 + d2 / (1 + ...))). */
function fraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / apart(1 + even * d);
    c = apart(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / apart(1 + odd * d);
    c = apart(1 + odd / c);
    const step = d * c;
    value *= step;
    if (Math.abs(step - 1) < 2 * Number.EPSILON) return value;
  }
  throw new BispikeError("shape", `incomplete beta: a ${a}, b ${b} are too large to be summed up`);
}

/** A number that can be divided by. */
function apart(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

// Student's t distribution with v degrees of freedom:
//
// P(|T| > t) = I_x(v/2, 1/2),   x = v / (v + t^2)

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

/**
 * Student's paired test: whether differences d of n pairs have mean 0.
 *
 *   t = mean d / (std d / sqrt n),   n - 1 degrees of freedom
 */

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

/**
 * Wilcoxon's signed-rank test of n pairs, exact: differences are ranked by size (equal sizes share their mean rank, pairs that do not differ
 * are left out), W+ is the sum of the ranks of positive ones, and under the null hypothesis each of the 2^n choices of signs is as likely:
 *
 *   p = P(|W+ - n(n+1)/4| >= |w+ - n(n+1)/4|)
 *
 * The least p that n pairs can reach is 2/2^n: 0.25 for 3 pairs, 0.0625 for 5; below 0.05 only from 6 on.
 */

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

// Holm's step-down correction of m p-values, which keeps the chance of any false finding among them at the level of one test:
//
// adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),   p_(1) <= ... <= p_(m)

/**
 * @param values p-values; null where a test could not be made, which does not count
 * @returns adjusted p-values in the same order
 * @example
 * holm([0.01, 0.04, 0.03]); // [0.03, 0.06, 0.06]
 */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const tested = values.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((x, y) => x.p - y.p);
  const adjusted: (number | null)[] = values.map(() => null);
  let highest = 0;
  for (const [rank, { p, index }] of tested.entries()) {
    highest = Math.max(highest, Math.min(1, (tested.length - rank) * p));
    adjusted[index] = highest;
  }
  return adjusted;
}
