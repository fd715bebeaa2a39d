/**
 * The gradient of neuron-gradient.ts for T = 4, the method's usual number of steps: H of all four in registers, where that of other T is written down and read again.
 * The same sums in the same order, so the same bits.
 */
import { addTo, affine } from "./neuron";

/** H of a step, from H of the one before and X / tau. */
@inline
function charged(before: v128, drive: v128, keep: v128, theta: v128): v128 {
  return f32x4.add(v128.and(f32x4.mul(keep, before), f32x4.lt(before, theta)), drive);
}

/** r dS dS/dH of a step, over the surrogate's constant factor. */
@inline
function surrogate(q: v128, h: v128, theta: v128, width: v128): v128 {
  const u = f32x4.sub(h, theta);
  return f32x4.div(q, f32x4.add(f32x4.mul(u, u), width));
}

/** e of a step, from e of the one after. */
@inline
function earlier(after: v128, q: v128, h: v128, keep: v128, theta: v128, width: v128): v128 {
  return f32x4.add(surrogate(q, h, theta, width), v128.and(f32x4.mul(keep, after), f32x4.lt(h, theta)));
}

/**
 * Four neurons of n rows where the drive is held: one dX, the sum over time. `direct`: bytes from r dS of a row to the direct gradient of its drive, which each step adds (0: none).
 * `out`: sums of dX, and of dX (z - m) 64 bytes further.
 */
@inline
export function heldFour(
  n: i32, from: usize, to: usize, stride: usize, q: usize, direct: usize,
  keep: v128, theta: v128, width: v128, a: v128, c: v128, m: v128, out: usize,
): void {
  let sum = f32x4.splat(0), product = sum;
  for (const end = q + (<usize>n << 6); q < end; q += 64, from += stride, to += stride) {
    const z = v128.load(from), y = affine(z, a, c), g = v128.load(q);
    const h1 = charged(y, y, keep, theta), h2 = charged(h1, y, keep, theta), h3 = charged(h2, y, keep, theta);
    let e = surrogate(g, h3, theta, width), total = e;
    e = earlier(e, g, h2, keep, theta, width);
    total = f32x4.add(total, e);
    e = earlier(e, g, h1, keep, theta, width);
    total = f32x4.add(total, e);
    e = earlier(e, g, y, keep, theta, width);
    total = f32x4.add(total, e);
    if (direct) total = f32x4.add(total, f32x4.mul(f32x4.splat(4), v128.load(q + direct)));
    v128.store(to, total);
    sum = f32x4.add(sum, total);
    product = f32x4.add(product, f32x4.mul(total, f32x4.sub(z, m)));
  }
  addTo(out, sum, true); addTo(out + 64, product, true);
}

/** The same where each step has a drive of its own, `plane` bytes apart. */
@inline
export function steppedFour(
  n: i32, from: usize, to: usize, stride: usize, plane: usize, q: usize,
  keep: v128, theta: v128, width: v128, a: v128, c: v128, m: v128, out: usize,
): void {
  const end = q + (<usize>n << 6), second = plane + plane, third = second + plane;
  for (let z = from, o = to; q < end; q += 64, z += stride, o += stride) {
    const h0 = affine(v128.load(z), a, c), h1 = charged(h0, affine(v128.load(z + plane), a, c), keep, theta);
    const h2 = charged(h1, affine(v128.load(z + second), a, c), keep, theta), h3 = charged(h2, affine(v128.load(z + third), a, c), keep, theta);
    const g = v128.load(q);
    let e = surrogate(g, h3, theta, width);
    v128.store(o + third, e);
    e = earlier(e, g, h2, keep, theta, width);
    v128.store(o + second, e);
    e = earlier(e, g, h1, keep, theta, width);
    v128.store(o + plane, e);
    v128.store(o, earlier(e, g, h0, keep, theta, width));
  }
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, p0 = s0, p1 = s0, p2 = s0, p3 = s0;
  for (let z = from, o = to, i = 0; i < n; i++, z += stride, o += stride) {
    const e0 = v128.load(o), e1 = v128.load(o + plane), e2 = v128.load(o + second), e3 = v128.load(o + third);
    s0 = f32x4.add(s0, e0); p0 = f32x4.add(p0, f32x4.mul(e0, f32x4.sub(v128.load(z), m)));
    s1 = f32x4.add(s1, e1); p1 = f32x4.add(p1, f32x4.mul(e1, f32x4.sub(v128.load(z + plane), m)));
    s2 = f32x4.add(s2, e2); p2 = f32x4.add(p2, f32x4.mul(e2, f32x4.sub(v128.load(z + second), m)));
    s3 = f32x4.add(s3, e3); p3 = f32x4.add(p3, f32x4.mul(e3, f32x4.sub(v128.load(z + third), m)));
  }
  addTo(out, s3, true); addTo(out + 64, p3, true); addTo(out, s2, true); addTo(out + 64, p2, true);
  addTo(out, s1, true); addTo(out + 64, p1, true); addTo(out, s0, true); addTo(out + 64, p0, true);
}
