/** AdamW (Loshchilov and Hutter 2019, decoupled weight decay, PyTorch's order of operations) and the sum of squares that clipping needs. */
import { horizontalSum } from "./lanes";

/** Floats an item; the blocks are fixed so that sums do not depend on threads. */
const BLOCK: i32 = 2048;

/** Sum of squares of each block of 2048 floats, to out[item] (float64). */
export function sumSquares(begin: i32, end: i32, _thread: i32, length: i32, x: usize, out: usize): void {
  for (let item = begin; item < end; item++) {
    const from = x + (<usize>item * BLOCK << 2), to = x + (<usize>min(length, (item + 1) * BLOCK) << 2);
    let a = f32x4.splat(0), b = a;
    let p = from;
    for (; p + 16 < to; p += 32) {
      const u = v128.load(p), v = v128.load(p, 16);
      a = f32x4.add(a, f32x4.mul(u, u));
      b = f32x4.add(b, f32x4.mul(v, v));
    }
    if (p < to) { const u = v128.load(p); a = f32x4.add(a, f32x4.mul(u, u)); }
    store<f64>(out + (<usize>item << 3), <f64>horizontalSum(a) + <f64>horizontalSum(b));
  }
}

/**
 * One AdamW step on blocks of 2048 floats (length a multiple of 4):
 *
 *   g = clip * g;  p = p (1 - rate decay);  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p = p - rate / c1 * m / (sqrt(v) / sqrt(c2) + eps)
 *
 * `decay` is 1 - rate * weight decay, rest1 = 1 - b1 and rest2 = 1 - b2 (in float32 the subtraction would lose digits);
 * c1 = 1 - b1^n, c2 = 1 - b2^n given as stepSize = rate / c1 and inverseRoot = 1 / sqrt(c2) (a division less: the kernel is bound by them).
 */
export function adamw(
  begin: i32, end: i32, _thread: i32,
  length: i32, clip: f32, decay: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, stepSize: f32, inverseRoot: f32, eps: f32,
  parameters: usize, gradients: usize, first: usize, second: usize,
): void {
  const k = f32x4.splat(clip), keep = f32x4.splat(decay), b1 = f32x4.splat(beta1), r1 = f32x4.splat(rest1);
  const b2 = f32x4.splat(beta2), r2 = f32x4.splat(rest2), rate = f32x4.splat(stepSize), root = f32x4.splat(inverseRoot), e = f32x4.splat(eps);
  for (let item = begin; item < end; item++) {
    const to = <usize>min(length, (item + 1) * BLOCK) << 2;
    for (let i = <usize>item * BLOCK << 2; i < to; i += 16) {
      const g = f32x4.mul(k, v128.load(gradients + i));
      const m = f32x4.add(f32x4.mul(b1, v128.load(first + i)), f32x4.mul(r1, g));
      const v = f32x4.add(f32x4.mul(b2, v128.load(second + i)), f32x4.mul(r2, f32x4.mul(g, g)));
      v128.store(first + i, m);
      v128.store(second + i, v);
      const p = f32x4.mul(keep, v128.load(parameters + i));
      v128.store(parameters + i, f32x4.sub(p, f32x4.mul(rate, f32x4.div(m, f32x4.add(f32x4.mul(f32x4.sqrt(v), root), e)))));
    }
  }
}
