/**
 * Affinities of two sets of feature rows, and the linear combinations that carry a loss back to the features.
 * Feature rows are [row][width] floats, width a multiple of 16, unused columns 0.
 */
import { horizontalSum } from "./lanes";

/** Columns summed in float32 before the sum goes on in float64. */
const BLOCK: i32 = 1024;

/** Columns an item of `centre`: rows may lie a power of two apart, where cache lines of one column push each other out; runs of lines are fetched ahead. */
const COLUMNS: i32 = 128;

/** out = x less the mean over the rows, for `bytes` bytes of each row. `sums`: scratch of as many. */
@inline
function centreBlock(rows: i32, stride: usize, bytes: usize, x: usize, out: usize, sums: usize): void {
  const zero = f32x4.splat(0), n = f32x4.splat(<f32>rows);
  for (let i: usize = 0; i < bytes; i += 16) v128.store(sums + i, zero);
  let r = 0, p = x;
  for (; r + 3 < rows; r += 4, p += 4 * stride) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const q = p + i;
      let sum = f32x4.add(f32x4.add(v128.load(sums + i), v128.load(q)), v128.load(q + stride));
      sum = f32x4.add(f32x4.add(sum, v128.load(q + 2 * stride)), v128.load(q + 3 * stride));
      v128.store(sums + i, sum);
    }
  }
  for (; r < rows; r++, p += stride) {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(sums + i, f32x4.add(v128.load(sums + i), v128.load(p + i)));
  }
  for (let i: usize = 0; i < bytes; i += 16) v128.store(sums + i, f32x4.div(v128.load(sums + i), n));
  for (r = 0; r < rows; r++, x += stride, out += stride) {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(out + i, f32x4.sub(v128.load(x + i), v128.load(sums + i)));
  }
}

/**
 * Takes each column's mean over the rows away (it is held constant by the losses): from `rows` rows of v to `out`, which may be v, and from `others`
 * rows of w in place. Items are blocks of 128 columns of both. `scratch`: 512 bytes a thread.
 */
export function centre(
  begin: i32, end: i32, thread: i32,
  rows: i32, others: i32, width: i32, v: usize, out: usize, w: usize, scratch: usize, scratchStride: i32,
): void {
  const stride = <usize>width << 2, sums = scratch + <usize>thread * scratchStride;
  for (let item = begin; item < end; item++) {
    const first = <usize>(item * COLUMNS) << 2, bytes = (<usize>min(width, (item + 1) * COLUMNS) << 2) - first;
    centreBlock(rows, stride, bytes, v + first, out + first, sums);
    centreBlock(others, stride, bytes, w + first, w + first, sums);
  }
}

/**
 * dots[k][j] = v_k . w_j in float64; items are rows k of v. Two rows of v meet four of w at a time, so that each load serves several sums;
 * where that is more than there are, the last row is done again, with the same result. No sum depends on what is done beside it.
 */
export function dots(begin: i32, end: i32, _thread: i32, others: i32, width: i32, v: usize, w: usize, out: usize): void {
  const stride = <usize>width << 2, lastJ = others - 1;
  for (let k = begin; k < end; k += 2) {
    const k1 = min(k + 1, end - 1);
    for (let j = 0; j < others; j += 4) {
      const j1 = min(j + 1, lastJ), j2 = min(j + 2, lastJ), j3 = min(j + 3, lastJ);
      let sa: f64 = 0, sb: f64 = 0, sc: f64 = 0, sd: f64 = 0, se: f64 = 0, sf: f64 = 0, sg: f64 = 0, sh: f64 = 0;
      for (let column = 0; column < width; column += BLOCK) {
        let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        const v0 = v + <usize>k * stride, v1 = v + <usize>k1 * stride;
        const w0 = w + <usize>j * stride, w1 = w + <usize>j1 * stride, w2 = w + <usize>j2 * stride, w3 = w + <usize>j3 * stride;
        for (let i = <usize>column << 2, to = <usize>min(width, column + BLOCK) << 2; i < to; i += 16) {
          const x = v128.load(v0 + i), y = v128.load(v1 + i);
          let u = v128.load(w0 + i);
          a = f32x4.add(a, f32x4.mul(x, u)); e = f32x4.add(e, f32x4.mul(y, u));
          u = v128.load(w1 + i);
          b = f32x4.add(b, f32x4.mul(x, u)); f = f32x4.add(f, f32x4.mul(y, u));
          u = v128.load(w2 + i);
          c = f32x4.add(c, f32x4.mul(x, u)); g = f32x4.add(g, f32x4.mul(y, u));
          u = v128.load(w3 + i);
          d = f32x4.add(d, f32x4.mul(x, u)); h = f32x4.add(h, f32x4.mul(y, u));
        }
        sa += <f64>horizontalSum(a); sb += <f64>horizontalSum(b); sc += <f64>horizontalSum(c); sd += <f64>horizontalSum(d);
        se += <f64>horizontalSum(e); sf += <f64>horizontalSum(f); sg += <f64>horizontalSum(g); sh += <f64>horizontalSum(h);
      }
      const o = out + (<usize>k * others << 3), o1 = out + (<usize>k1 * others << 3);
      store<f64>(o + (<usize>j << 3), sa); store<f64>(o + (<usize>j1 << 3), sb); store<f64>(o + (<usize>j2 << 3), sc); store<f64>(o + (<usize>j3 << 3), sd);
      store<f64>(o1 + (<usize>j << 3), se); store<f64>(o1 + (<usize>j1 << 3), sf); store<f64>(o1 + (<usize>j2 << 3), sg); store<f64>(o1 + (<usize>j3 << 3), sh);
    }
  }
}

/**
 * |v_k|^2 and |w_j|^2 in float64, with the same sums as `dots`; items are the `rows` rows of v, then those of w.
 */
export function squares(begin: i32, end: i32, _thread: i32, rows: i32, width: i32, v: usize, w: usize, outV: usize, outW: usize): void {
  squaresOf(begin, min(end, rows), width, v, outV);
  squaresOf(max(begin - rows, 0), end - rows, width, w, outW);
}

/** Squares of rows begin to end, four at a time; where that is more than there are, the last is done again. */
function squaresOf(begin: i32, end: i32, width: i32, v: usize, out: usize): void {
  const stride = <usize>width << 2, last = end - 1;
  for (let k = begin; k < end; k += 4) {
    const k1 = min(k + 1, last), k2 = min(k + 2, last), k3 = min(k + 3, last);
    const v0 = v + <usize>k * stride, v1 = v + <usize>k1 * stride, v2 = v + <usize>k2 * stride, v3 = v + <usize>k3 * stride;
    let s0: f64 = 0, s1: f64 = 0, s2: f64 = 0, s3: f64 = 0;
    for (let column = 0; column < width; column += BLOCK) {
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (let i = <usize>column << 2, to = <usize>min(width, column + BLOCK) << 2; i < to; i += 16) {
        const x = v128.load(v0 + i), y = v128.load(v1 + i), z = v128.load(v2 + i), u = v128.load(v3 + i);
        a = f32x4.add(a, f32x4.mul(x, x)); b = f32x4.add(b, f32x4.mul(y, y));
        c = f32x4.add(c, f32x4.mul(z, z)); d = f32x4.add(d, f32x4.mul(u, u));
      }
      s0 += <f64>horizontalSum(a); s1 += <f64>horizontalSum(b); s2 += <f64>horizontalSum(c); s3 += <f64>horizontalSum(d);
    }
    store<f64>(out + (<usize>k << 3), s0); store<f64>(out + (<usize>k1 << 3), s1);
    store<f64>(out + (<usize>k2 << 3), s2); store<f64>(out + (<usize>k3 << 3), s3);
  }
}

/**
 * out_k = own[k] v_k + sum over j of mix[k, j] w_j. `mix` (float32) is read at k * rowStep + j * columnStep, so that the same matrix serves
 * both networks. Items are panel * pairs + pair: a panel is `panel` columns of w, few enough to stay in a cache; a pair is two rows
 * k, which share the loads of w (the last of an odd number is done twice).
 *
 * A panel is copied first, [16 columns][j], to `scratch` (others * panel floats a thread): rows of w may lie a power of two apart, where their cache
 * lines push each other out.
 */
export function combine(
  begin: i32, end: i32, thread: i32,
  rows: i32, others: i32, width: i32, panel: i32, rowStep: i32, columnStep: i32,
  v: usize, w: usize, mix: usize, own: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const stride = <usize>width << 2, step = <usize>columnStep << 2, pairs = (rows + 1) >> 1;
  const packed = scratch + <usize>thread * scratchStride;
  let packedBlock = -1;
  for (let item = begin; item < end; item++) {
    const block = item / pairs, k = (item - block * pairs) << 1, k1 = min(k + 1, rows - 1);
    const first = <usize>(block * panel) << 2, last = <usize>min(width, (block + 1) * panel) << 2;
    if (block != packedBlock) {
      for (let j = 0, from = w + first; j < others; j++, from += stride) {
        for (let i: usize = 0, to = packed + (<usize>j << 6); i < last - first; i += 64, to += <usize>others << 6) {
          v128.store(to, v128.load(from + i)); v128.store(to, v128.load(from + i, 16), 16);
          v128.store(to, v128.load(from + i, 32), 32); v128.store(to, v128.load(from + i, 48), 48);
        }
      }
      packedBlock = block;
    }
    let next = packed;
    const row = <usize>k * stride, row1 = <usize>k1 * stride;
    const self = v128.load32_splat(own + (<usize>k << 2)), self1 = v128.load32_splat(own + (<usize>k1 << 2));
    for (let i = first; i < last; i += 64) {
      let p = v + row + i;
      let a0 = f32x4.mul(self, v128.load(p)), a1 = f32x4.mul(self, v128.load(p, 16));
      let a2 = f32x4.mul(self, v128.load(p, 32)), a3 = f32x4.mul(self, v128.load(p, 48));
      p = v + row1 + i;
      let b0 = f32x4.mul(self1, v128.load(p)), b1 = f32x4.mul(self1, v128.load(p, 16));
      let b2 = f32x4.mul(self1, v128.load(p, 32)), b3 = f32x4.mul(self1, v128.load(p, 48));
      p = next;
      next += <usize>others << 6;
      let c = mix + (<usize>(k * rowStep) << 2), d = mix + (<usize>(k1 * rowStep) << 2);
      for (; p < next; p += 64, c += step, d += step) {
        const m = v128.load32_splat(c), n = v128.load32_splat(d);
        const w0 = v128.load(p), w1 = v128.load(p, 16), w2 = v128.load(p, 32), w3 = v128.load(p, 48);
        a0 = f32x4.add(a0, f32x4.mul(m, w0)); a1 = f32x4.add(a1, f32x4.mul(m, w1));
        a2 = f32x4.add(a2, f32x4.mul(m, w2)); a3 = f32x4.add(a3, f32x4.mul(m, w3));
        b0 = f32x4.add(b0, f32x4.mul(n, w0)); b1 = f32x4.add(b1, f32x4.mul(n, w1));
        b2 = f32x4.add(b2, f32x4.mul(n, w2)); b3 = f32x4.add(b3, f32x4.mul(n, w3));
      }
      p = out + row + i;
      v128.store(p, a0); v128.store(p, a1, 16); v128.store(p, a2, 32); v128.store(p, a3, 48);
      p = out + row1 + i;
      v128.store(p, b0); v128.store(p, b1, 16); v128.store(p, b2, 32); v128.store(p, b3, 48);
    }
  }
}
