/**
 * The real-valued neuron f = tanh and its derivative, four values at a time.
 *
 *   tanh |x| = m / (m + 2),  m = e^(2|x|) - 1 = 2^k (e^r - 1) + (2^k - 1),  2|x| = k ln 2 + r,  |r| <= ln 2 / 2
 *
 * Relative error below 3e-7.
 */
import { exponentialLessOne, halvings, powerOfTwo } from "./exponential";

/** Floats an item; see optimiser.ts. */
const BLOCK: i32 = 2048;

/** tanh x of four values; a value that is no number stays one. */
@inline
export function hyperbolicTangent(x: v128): v128 {
  // Past 9.1 the nearest float is 1.
  const y = f32x4.min(f32x4.abs(x), f32x4.splat(9.1));
  const twice = f32x4.add(y, y), k = halvings(twice), power = powerOfTwo(k);
  const m = f32x4.add(f32x4.mul(power, exponentialLessOne(twice, k)), f32x4.sub(power, f32x4.splat(1)));
  const t = f32x4.div(m, f32x4.add(m, f32x4.splat(2)));
  return v128.bitselect(x, t, i32x4.splat(0x80000000));
}

/** x = tanh x over blocks of 2048 of `length` floats (a multiple of 4). */
export function tanhForward(begin: i32, end: i32, _thread: i32, length: i32, x: usize): void {
  const to = x + (<usize>min(length, end * BLOCK) << 2);
  for (let p = x + (<usize>begin * BLOCK << 2); p < to; p += 16) v128.store(p, hyperbolicTangent(v128.load(p)));
}

/**
 * Errors of values h = f(z) to errors of drives, over blocks of 2048 of `length` floats (a multiple of 4):
 *
 *   xi = max(-errorLimit, min(errorLimit, xi)),  delta = xi (1 - h^2)
 */
export function tanhBackward(
  begin: i32, end: i32, _thread: i32, length: i32, errorLimit: f32, xi: usize, h: usize, delta: usize,
): void {
  const high = f32x4.splat(errorLimit), low = f32x4.splat(-errorLimit), one = f32x4.splat(1);
  const to = <usize>min(length, end * BLOCK) << 2;
  for (let i = <usize>begin * BLOCK << 2; i < to; i += 16) {
    const error = f32x4.max(low, f32x4.min(high, v128.load(xi + i))), value = v128.load(h + i);
    v128.store(xi + i, error);
    v128.store(delta + i, f32x4.mul(error, f32x4.sub(one, f32x4.mul(value, value))));
  }
}
