/**
 * The regularised incomplete beta function, from which Student's t takes its probabilities:
 *
 *   I_x(a, b) = 1/B(a, b) integral_0^x u^(a-1) (1-u)^(b-1) du,   B(a, b) = G(a) G(b) / G(a + b)
 *
 * by its continued fraction (DLMF 8.17.22), evaluated by Lentz's method as Thompson and Barnett changed it; log G by Lanczos' sum.
 */
import { BispikeError } from "../../errors.ts";

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
