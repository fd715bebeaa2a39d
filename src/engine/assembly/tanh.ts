/**
 * The real-valued neuron f = tanh and its derivative, four values at a time.
 *
 *   tanh |x| = m / (m + 2),  m = e^(2|x|) - 1 = 2^k (e^r - 1) + (2^k - 1),  2|x| = k ln 2 + r,  |r| <= ln 2 / 2
 *
 * Only operations that IEEE 754 fixes to the last bit, so every engine gives the same bytes. Relative error below 3e-7.
 */

/** Floats an item; see optimiser.ts. */
const BLOCK: i32 = 2048;

/** tanh x of four values; a value that is no number stays one. */
@inline
function hyperbolicTangent(x: v128): v128 {
  // Past 9.1 the nearest float is 1.
  const y = f32x4.min(f32x4.abs(x), f32x4.splat(9.1));
  const twice = f32x4.add(y, y), k = f32x4.nearest(f32x4.mul(twice, f32x4.splat(1.44269504)));
  // ln 2 in two parts, the first with so few digits that k times it is exact.
  const r = f32x4.sub(f32x4.sub(twice, f32x4.mul(k, f32x4.splat(0.693359375))), f32x4.mul(k, f32x4.splat(-2.12194440e-4)));
  let s = f32x4.add(f32x4.splat(1.0 / 720), f32x4.mul(r, f32x4.splat(1.0 / 5040)));
  s = f32x4.add(f32x4.splat(1.0 / 120), f32x4.mul(r, s));
  s = f32x4.add(f32x4.splat(1.0 / 24), f32x4.mul(r, s));
  s = f32x4.add(f32x4.splat(1.0 / 6), f32x4.mul(r, s));
  s = f32x4.add(f32x4.splat(1.0 / 2), f32x4.mul(r, s));
  const less = f32x4.add(r, f32x4.mul(f32x4.mul(r, r), s));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23);
  const m = f32x4.add(f32x4.mul(power, less), f32x4.sub(power, f32x4.splat(1)));
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
 *   xi = max(-limit, min(limit, xi)),  delta = xi (1 - h^2)
 */
export function tanhBackward(
  begin: i32, end: i32, _thread: i32, length: i32, limit: f32, xi: usize, h: usize, delta: usize,
): void {
  const high = f32x4.splat(limit), low = f32x4.splat(-limit), one = f32x4.splat(1);
  const to = <usize>min(length, end * BLOCK) << 2;
  for (let i = <usize>begin * BLOCK << 2; i < to; i += 16) {
    const error = f32x4.max(low, f32x4.min(high, v128.load(xi + i))), value = v128.load(h + i);
    v128.store(xi + i, error);
    v128.store(delta + i, f32x4.mul(error, f32x4.sub(one, f32x4.mul(value, value))));
  }
}
