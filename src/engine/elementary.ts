/**
 * Exponential and logarithm from additions, multiplications and divisions alone. Host engines differ in the last digits of theirs, and a
 * training must give the same bytes everywhere. The same series as the kernels' `softmax.ts`.
 */

const LN2_HIGH = 0.6931471803691238; // ln 2 with its last bits cut off, so that k * LN2_HIGH is exact
const LN2_LOW = 1.9082149292705877e-10; // the rest
const LOG2_E = Math.LOG2E;

const word = new DataView(new ArrayBuffer(8));

/** POWERS[k + 1023] = 2^k for k = -1023..1023, by doubling and halving, which are exact. */
const POWERS = new Float64Array(2047).fill(1);
for (let k = 1; k <= 1023; k++) {
  POWERS[1023 + k] = 2 * POWERS[1022 + k]!;
  POWERS[1023 - k] = POWERS[1024 - k]! / 2;
}

/** e^x for x in -700..700 (relative error < 1e-15); 0 below. Even and odd terms of the series are sums of their own, side by side. */
export function exponential(x: number): number {
  if (x < -700) return 0;
  const k = Math.round(x * LOG2_E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  const s = r * r;
  const even =
    1 + s * (1 / 2 + s * (1 / 24 + s * (1 / 720 + s * (1 / 40320 + s * (1 / 3628800 + s * (1 / 479001600))))));
  const odd =
    1 + s * (1 / 6 + s * (1 / 120 + s * (1 / 5040 + s * (1 / 362880 + s * (1 / 39916800 + s * (1 / 6227020800))))));
  return (even + r * odd) * POWERS[k + 1023]!;
}

/** ln x for finite normal x > 0 (error < 1e-15 or relative). */
export function logarithm(x: number): number {
  word.setFloat64(0, x);
  let k = ((word.getUint32(0) >> 20) & 0x7ff) - 1023;
  let m = x * POWERS[1023 - k]!;
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), |argument| < 0.172
  const t = (m - 1) / (m + 1);
  const s = t * t;
  let sum = 1 / 21 + s * (1 / 23);
  sum = 1 / 15 + s * (1 / 17 + s * (1 / 19 + s * sum));
  sum = 1 / 9 + s * (1 / 11 + s * (1 / 13 + s * sum));
  sum = 1 / 3 + s * (1 / 5 + s * (1 / 7 + s * sum));
  return k * LN2_HIGH + (2 * t * (1 + s * sum) + k * LN2_LOW);
}

/** cos(pi x) for x in 0..1 (error < 1e-15). */
export function cosineOfPi(x: number): number {
  if (x > 0.5) return -cosineOfPi(1 - x);
  const square = (Math.PI * x) ** 2;
  let sum = 1;
  for (let i = 20; i >= 2; i -= 2) sum = 1 - (sum * square) / (i * (i - 1));
  return sum;
}

// The decision of a read-out: the place of its largest output.

/**
 * Place of the largest of `count` numbers from `from` on, counted from there; the first of equal ones.
 *
 * @param from Default 0
 * @param count one or more. Default: all from there on
 * @example
 * placeOfLargest([0, 2, 1]); // 1
 */
export function placeOfLargest(values: ArrayLike<number>, from = 0, count: number = values.length - from): number {
  let best = from;
  for (let at = from + 1; at < from + count; at++) if (values[at]! > values[best]!) best = at;
  return best - from;
}
