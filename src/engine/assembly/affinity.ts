/**
 * Affinities of two sets of feature rows, and the linear combinations that carry a loss back to the features.
 * Feature rows are [row][width] floats, width a multiple of 16, unused columns 0.
 */
import { horizontalSum } from "./lanes";

/** Columns summed in float32 before the sum goes on in float64. */
const BLOCK: i32 = 1024;

/** Takes each column's mean over the rows away, in place (the mean is held constant by the losses); items are blocks of 16 columns. */
export function centre(begin: i32, end: i32, _thread: i32, rows: i32, width: i32, x: usize): void {
  const stride = <usize>width << 2;
  for (let item = begin; item < end; item++) {
    const first = x + (<usize>item << 6);
    const n = f32x4.splat(<f32>rows);
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let r = 0, p = first; r < rows; r++, p += stride) {
      s0 = f32x4.add(s0, v128.load(p)); s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32)); s3 = f32x4.add(s3, v128.load(p, 48));
    }
    s0 = f32x4.div(s0, n); s1 = f32x4.div(s1, n); s2 = f32x4.div(s2, n); s3 = f32x4.div(s3, n);
    for (let r = 0, p = first; r < rows; r++, p += stride) {
      v128.store(p, f32x4.sub(v128.load(p), s0)); v128.store(p, f32x4.sub(v128.load(p, 16), s1), 16);
      v128.store(p, f32x4.sub(v128.load(p, 32), s2), 32); v128.store(p, f32x4.sub(v128.load(p, 48), s3), 48);
    }
  }
}

/** dots[k][j] = v_k . w_j in float64; items are rows k of v. */
export function dots(begin: i32, end: i32, _thread: i32, others: i32, width: i32, v: usize, w: usize, out: usize): void {
  const stride = <usize>width << 2;
  for (let k = begin; k < end; k++) {
    const row = v + <usize>k * stride;
    const result = out + (<usize>k * others << 3);
    for (let j = 0; j < others; j++) store<f64>(result + (<usize>j << 3), 0);
    for (let column = 0; column < width; column += BLOCK) {
      const from = <usize>column << 2, to = <usize>min(width, column + BLOCK) << 2;
      let j = 0;
      for (; j + 3 < others; j += 4) {
        const w0 = w + <usize>j * stride, w1 = w0 + stride, w2 = w1 + stride, w3 = w2 + stride;
        let a = f32x4.splat(0), b = a, c = a, d = a;
        for (let i = from; i < to; i += 16) {
          const x = v128.load(row + i);
          a = f32x4.add(a, f32x4.mul(x, v128.load(w0 + i))); b = f32x4.add(b, f32x4.mul(x, v128.load(w1 + i)));
          c = f32x4.add(c, f32x4.mul(x, v128.load(w2 + i))); d = f32x4.add(d, f32x4.mul(x, v128.load(w3 + i)));
        }
        const o = result + (<usize>j << 3);
        store<f64>(o, load<f64>(o) + <f64>horizontalSum(a));
        store<f64>(o, load<f64>(o, 8) + <f64>horizontalSum(b), 8);
        store<f64>(o, load<f64>(o, 16) + <f64>horizontalSum(c), 16);
        store<f64>(o, load<f64>(o, 24) + <f64>horizontalSum(d), 24);
      }
      for (; j < others; j++) {
        const w0 = w + <usize>j * stride;
        let a = f32x4.splat(0);
        for (let i = from; i < to; i += 16) a = f32x4.add(a, f32x4.mul(v128.load(row + i), v128.load(w0 + i)));
        const o = result + (<usize>j << 3);
        store<f64>(o, load<f64>(o) + <f64>horizontalSum(a));
      }
    }
  }
}

/** squares[k] = |v_k|^2 in float64, with the same sums as `dots`; items are rows. */
export function squares(begin: i32, end: i32, _thread: i32, width: i32, v: usize, out: usize): void {
  for (let k = begin; k < end; k++) {
    const row = v + (<usize>k * width << 2);
    let total: f64 = 0;
    for (let column = 0; column < width; column += BLOCK) {
      const to = row + (<usize>min(width, column + BLOCK) << 2);
      let a = f32x4.splat(0);
      for (let p = row + (<usize>column << 2); p < to; p += 16) { const x = v128.load(p); a = f32x4.add(a, f32x4.mul(x, x)); }
      total += <f64>horizontalSum(a);
    }
    store<f64>(out + (<usize>k << 3), total);
  }
}

/**
 * out_k = own[k] v_k + sum over j of mix[k, j] w_j; items are rows k. `mix` (float32) is read at k * rowStep + j * columnStep, so that the
 * same matrix serves both networks.
 */
export function combine(
  begin: i32, end: i32, _thread: i32,
  others: i32, width: i32, rowStep: i32, columnStep: i32,
  v: usize, w: usize, mix: usize, own: usize, out: usize,
): void {
  const stride = <usize>width << 2, step = <usize>columnStep << 2;
  for (let k = begin; k < end; k++) {
    const self = f32x4.splat(load<f32>(own + (<usize>k << 2)));
    const coefficients = mix + (<usize>k * rowStep << 2);
    const from = v + <usize>k * stride, to = out + <usize>k * stride;
    for (let i: usize = 0; i < stride; i += 64) {
      let p = from + i;
      let a0 = f32x4.mul(self, v128.load(p)), a1 = f32x4.mul(self, v128.load(p, 16));
      let a2 = f32x4.mul(self, v128.load(p, 32)), a3 = f32x4.mul(self, v128.load(p, 48));
      p = w + i;
      let c = coefficients;
      for (let j = 0; j < others; j++, p += stride, c += step) {
        const m = v128.load32_splat(c);
        a0 = f32x4.add(a0, f32x4.mul(m, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(m, v128.load(p, 16)));
        a2 = f32x4.add(a2, f32x4.mul(m, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(m, v128.load(p, 48)));
      }
      const o = to + i;
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
    }
  }
}
