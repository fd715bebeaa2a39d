/**
 * The exponential of four values in single precision:  e^x = 2^k e^r,  x = k ln 2 + r,  |r| <= ln 2 / 2. Only operations that IEEE 754 fixes to
 * the last bit, so every engine gives the same bytes.
 */

/** k of x, as floats. */
@inline
export function halvings(x: v128): v128 {
  return f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
}

/** 2^k for whole k from -126 to 127. */
@inline
export function powerOfTwo(k: v128): v128 {
  return i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23);
}

/** e^r - 1, relative error below 1e-7. ln 2 is in two parts, the first with so few digits that k times it is exact. */
@inline
export function exponentialLessOne(x: v128, k: v128): v128 {
  const r = f32x4.sub(f32x4.sub(x, f32x4.mul(k, f32x4.splat(0.693359375))), f32x4.mul(k, f32x4.splat(-2.12194440e-4)));
  let s = f32x4.add(f32x4.splat(1.0 / 720), f32x4.mul(r, f32x4.splat(1.0 / 5040)));
  s = f32x4.add(f32x4.splat(1.0 / 120), f32x4.mul(r, s));
  s = f32x4.add(f32x4.splat(1.0 / 24), f32x4.mul(r, s));
  s = f32x4.add(f32x4.splat(1.0 / 6), f32x4.mul(r, s));
  s = f32x4.add(f32x4.splat(1.0 / 2), f32x4.mul(r, s));
  return f32x4.add(r, f32x4.mul(f32x4.mul(r, r), s));
}
