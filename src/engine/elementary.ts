/**
 * Exponential and logarithm from additions, multiplications and divisions alone. Host engines differ in the last digits of theirs, and a
 * training must give the same bytes everywhere. The same series as the kernels' `softmax.ts`.
 */

const LN2_HIGH = 0.6931471803691238; // ln 2 with its last bits cut off, so that k * LN2_HIGH is exact
const LN2_LOW = 1.9082149292705877e-10; // the rest
const LOG2_E = Math.LOG2E;

const word = new DataView(new ArrayBuffer(8));

/** 2^k for integer k in -1022..1023, exact. */
function powerOfTwo(k: number): number {
  word.setUint32(0, (k + 1023) << 20);
  word.setUint32(4, 0);
  return word.getFloat64(0);
}

/** e^x for x in -700..700 (relative error < 1e-15); 0 below. */
export function exponential(x: number): number {
  if (x < -700) return 0;
  const k = Math.round(x * LOG2_E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let i = 14; i >= 1; i--) sum = 1 + (sum * r) / i;
  return sum * powerOfTwo(k);
}

/** ln x for finite normal x > 0 (error < 1e-15 or relative). */
export function logarithm(x: number): number {
  word.setFloat64(0, x);
  const high = word.getUint32(0);
  let k = ((high >> 20) & 0x7ff) - 1023;
  word.setUint32(0, (high & 0xfffff) | 0x3ff00000);
  let m = word.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), |argument| < 0.172
  const t = (m - 1) / (m + 1);
  let sum = 0;
  for (let i = 23; i >= 1; i -= 2) sum = 1 / i + t * t * sum;
  return k * LN2_HIGH + (2 * t * sum + k * LN2_LOW);
}

/** cos(pi x) for x in 0..1 (error < 1e-15). */
export function cosineOfPi(x: number): number {
  if (x > 0.5) return -cosineOfPi(1 - x);
  const square = (Math.PI * x) ** 2;
  let sum = 1;
  for (let i = 20; i >= 2; i -= 2) sum = 1 - (sum * square) / (i * (i - 1));
  return sum;
}
