/** AdamW (Loshchilov and Hutter 2019, decoupled weight decay, PyTorch's order of operations) and the sum of squares that clipping needs. */
import { horizontalSum } from "./lanes";

/** Floats an item; the blocks are fixed so that sums do not depend on threads. */
const BLOCK: i32 = 2048;

/** Sum of squares of each block of 2048 floats, to out[item] (float64). */
export function sumSquares(begin: i32, end: i32, _thread: i32, length: i32, x: usize, out: usize): void {
  for (let item = begin; item < end; item++) {
    const from = x + (<usize>item * BLOCK << 2), to = x + (<usize>min(length, (item + 1) * BLOCK) << 2);
    let a = f32x4.splat(0), b = a, c = a, d = a;
    let p = from;
    // Four sums: one would wait for itself.
    for (; p + 48 < to; p += 64) {
      const u = v128.load(p), v = v128.load(p, 16), w = v128.load(p, 32), y = v128.load(p, 48);
      a = f32x4.add(a, f32x4.mul(u, u)); b = f32x4.add(b, f32x4.mul(v, v));
      c = f32x4.add(c, f32x4.mul(w, w)); d = f32x4.add(d, f32x4.mul(y, y));
    }
    for (; p < to; p += 16) { const u = v128.load(p); a = f32x4.add(a, f32x4.mul(u, u)); }
    store<f64>(out + (<usize>item << 3), (<f64>horizontalSum(a) + <f64>horizontalSum(b)) + (<f64>horizontalSum(c) + <f64>horizontalSum(d)));
  }
}

/** x = keep x + rest value, stored and returned. */
@inline
function blend(at: usize, keep: v128, rest: v128, value: v128): v128 {
  const x = f32x4.add(f32x4.mul(keep, v128.load(at)), f32x4.mul(rest, value));
  v128.store(at, x);
  return x;
}

@inline
function move(p: usize, keep: v128, rate: v128, eps: v128, m: v128, v: v128): void {
  const step = f32x4.div(f32x4.mul(rate, m), f32x4.add(f32x4.sqrt(v), eps));
  v128.store(p, f32x4.sub(f32x4.mul(keep, v128.load(p)), step));
}

/**
 * One AdamW step on blocks of 2048 floats (length a multiple of 4):
 *
 *   g = clip * g;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p = p (1 - rate decay) - rate / c1 * m / (sqrt(v / c2) + eps)
 *
 * c1 = 1 - b1^n and c2 = 1 - b2^n are in `stepSize` = rate sqrt(c2) / c1 and in `eps` = eps sqrt(c2):  rate / c1 * m / (sqrt(v / c2) + eps) =
 * stepSize * m / (sqrt(v) + eps). `decay` is 1 - rate * weight decay, rest1 = 1 - b1 and rest2 = 1 - b2 (in float32 the subtraction would lose digits).
 */
export function adamw(
  begin: i32, end: i32, _thread: i32,
  length: i32, clip: f32, decay: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, stepSize: f32, eps: f32,
  parameters: usize, gradients: usize, firstMoment: usize, secondMoment: usize,
): void {
  const k = f32x4.splat(clip), keep = f32x4.splat(decay), b1 = f32x4.splat(beta1), r1 = f32x4.splat(rest1);
  const b2 = f32x4.splat(beta2), r2 = f32x4.splat(rest2), rate = f32x4.splat(stepSize), e = f32x4.splat(eps);
  for (let item = begin; item < end; item++) {
    const last = (<usize>min(length, (item + 1) * BLOCK) << 2) - 16;
    let i = <usize>item * BLOCK << 2;
    let g = f32x4.mul(k, v128.load(gradients + i));
    let m = blend(firstMoment + i, b1, r1, g), v = blend(secondMoment + i, b2, r2, f32x4.mul(g, g));
    // Root and division take longest and wait for the moments: those of the next vector are made beside them.
    for (; i < last; i += 16) {
      g = f32x4.mul(k, v128.load(gradients + i, 16));
      const nextM = blend(firstMoment + i + 16, b1, r1, g), nextV = blend(secondMoment + i + 16, b2, r2, f32x4.mul(g, g));
      move(parameters + i, keep, rate, e, m, v);
      m = nextM; v = nextV;
    }
    move(parameters + i, keep, rate, e, m, v);
  }
}
