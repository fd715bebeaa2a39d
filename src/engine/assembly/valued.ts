/**
 * Real-valued inputs that are mostly one constant (the background of a digit): only the others are worth a multiplication.
 *
 *   z = b + c sum_i W_i + sum over i with x_i != c of (x_i - c) W_i            c the background, sum_i W_i once a tile
 *   dW_i = c sum_b G_b + sum over b with x_bi != c of (x_bi - c) G_b
 *
 * Lists of (index, value - c) an image for the product, and of (image, value - c) an input for the gradient.
 */
import { ROW, chunkMoments, columnSums } from "./lanes";
import { finishNorm } from "./correlate";

/** Lanes of 4 values that differ from the background, as 4 bits. */
@inline
function different(p: usize, c: v128): u32 { return <u32>i32x4.bitmask(f32x4.ne(v128.load(p), c)); }

/** Lists an image; items are images. Image b's list begins at b * capacity; ends[b] is its length. Rows of x are `stride` floats apart. */
export function listValues(
  begin: i32, end: i32, _thread: i32,
  inputs: i32, stride: i32, capacity: i32, background: f32, x: usize, ends: usize, indices: usize, values: usize,
): void {
  const c = f32x4.splat(background);
  for (let b = begin; b < end; b++) {
    const row = x + (<usize>b * stride << 2);
    let i = indices + (<usize>b * capacity << 1), v = values + (<usize>b * capacity << 2);
    const first = i;
    for (let k = 0; k < inputs; k += 4) {
      let bits = different(row + (<usize>k << 2), c);
      if (k + 4 > inputs) bits &= (1 << (inputs - k)) - 1;
      while (bits) {
        const at = k + ctz(bits);
        store<u16>(i, <u16>at);
        store<f32>(v, load<f32>(row + (<usize>at << 2)) - background);
        i += 2; v += 4;
        bits &= bits - 1;
      }
    }
    store<i32>(ends + (<usize>b << 2), <i32>((i - first) >> 1));
  }
}

/** Lists an input; items are blocks of 4 inputs. Input i's list begins at i * capacity (images at most); counts[i] is its length. */
export function transposeValues(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, stride: i32, capacity: i32, background: f32, x: usize, counts: usize, rows: usize, values: usize,
): void {
  const c = f32x4.splat(background);
  for (let item = begin; item < end; item++) {
    const k = item << 2, width = min(4, inputs - k), all: u32 = (1 << width) - 1;
    for (let j = 0; j < width; j++) store<i32>(counts + (<usize>(k + j) << 2), 0);
    let p = x + (<usize>k << 2);
    for (let b = 0; b < images; b++, p += <usize>stride << 2) {
      let bits = different(p, c) & all;
      while (bits) {
        const j = <i32>ctz(bits), count = counts + (<usize>(k + j) << 2), n = load<i32>(count);
        const at = <usize>((k + j) * capacity + n);
        store<u16>(rows + (at << 1), <u16>b);
        store<f32>(values + (at << 2), load<f32>(p + (<usize>j << 2)) - background);
        store<i32>(count, n + 1);
        bits &= bits - 1;
      }
    }
  }
}

/** Product with listed values; items are weight row tiles (one pixel). */
export function linearValued(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, capacity: i32, background: f32,
  ends: usize, indices: usize, values: usize, weights: usize, bias: usize, z: usize, moments: usize,
): void {
  const c = f32x4.splat(background);
  for (let tile = begin; tile < end; tile++) {
    const w = weights + (<usize>tile * inputs << ROW), block = z + (<usize>tile * images << ROW);
    // The sum is left in the first output row for a moment.
    columnSums(w, inputs, 64, block);
    let c0 = f32x4.mul(c, v128.load(block)), c1 = f32x4.mul(c, v128.load(block, 16));
    let c2 = f32x4.mul(c, v128.load(block, 32)), c3 = f32x4.mul(c, v128.load(block, 48));
    if (bias) {
      const p = bias + (<usize>tile << ROW);
      c0 = f32x4.add(c0, v128.load(p)); c1 = f32x4.add(c1, v128.load(p, 16));
      c2 = f32x4.add(c2, v128.load(p, 32)); c3 = f32x4.add(c3, v128.load(p, 48));
    }
    for (let b = 0; b < images; b++) {
      let i = indices + (<usize>b * capacity << 1), v = values + (<usize>b * capacity << 2);
      const last = i + (<usize>load<i32>(ends + (<usize>b << 2)) << 1);
      let a0 = c0, a1 = c1, a2 = c2, a3 = c3;
      let b0 = f32x4.splat(0), b1 = b0, b2 = b0, b3 = b0;
      for (; i + 2 < last; i += 4, v += 8) {
        const p = w + (<usize>load<u16>(i) << ROW), q = w + (<usize>load<u16>(i, 2) << ROW);
        const s = v128.load32_splat(v), t = v128.load32_splat(v, 4);
        a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
        a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
        b0 = f32x4.add(b0, f32x4.mul(t, v128.load(q))); b1 = f32x4.add(b1, f32x4.mul(t, v128.load(q, 16)));
        b2 = f32x4.add(b2, f32x4.mul(t, v128.load(q, 32))); b3 = f32x4.add(b3, f32x4.mul(t, v128.load(q, 48)));
      }
      if (i < last) {
        const p = w + (<usize>load<u16>(i) << ROW), s = v128.load32_splat(v);
        a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
        a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
      }
      const o = block + (<usize>b << ROW);
      v128.store(o, f32x4.add(a0, b0)); v128.store(o, f32x4.add(a1, b1), 16);
      v128.store(o, f32x4.add(a2, b2), 32); v128.store(o, f32x4.add(a3, b3), 48);
    }
    if (moments) chunkMoments(block, images, moments + (<usize>tile << 7));
  }
}

/** Weight and bias gradient with listed values; items are weight row tiles. `scratch`: 64 bytes a thread. */
export function linearValuedGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, inputs: i32, tiles: i32, capacity: i32, background: f32,
  counts: usize, rows: usize, values: usize, g: usize, z: usize, coefficients: usize, dWeights: usize, dBias: usize,
  scratch: usize, scratchStride: i32,
): void {
  const c = f32x4.splat(background);
  const sums = scratch + <usize>thread * scratchStride;
  for (let tile = begin; tile < end; tile++) {
    const start = <usize>tile * images << ROW, block = g + start;
    if (coefficients) finishNorm(block, z + start, images, 64, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    columnSums(block, images, 64, sums);
    const s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
    if (dBias) {
      const o = dBias + (<usize>tile << ROW);
      v128.store(o, s0); v128.store(o, s1, 16); v128.store(o, s2, 32); v128.store(o, s3, 48);
    }
    const c0 = f32x4.mul(c, s0), c1 = f32x4.mul(c, s1), c2 = f32x4.mul(c, s2), c3 = f32x4.mul(c, s3);
    let o = dWeights + (<usize>tile * inputs << ROW);
    for (let k = 0; k < inputs; k++, o += 64) {
      let i = rows + (<usize>k * capacity << 1), v = values + (<usize>k * capacity << 2);
      const last = i + (<usize>load<i32>(counts + (<usize>k << 2)) << 1);
      let a0 = c0, a1 = c1, a2 = c2, a3 = c3;
      let b0 = f32x4.splat(0), b1 = b0, b2 = b0, b3 = b0;
      for (; i + 2 < last; i += 4, v += 8) {
        const p = block + (<usize>load<u16>(i) << ROW), q = block + (<usize>load<u16>(i, 2) << ROW);
        const s = v128.load32_splat(v), t = v128.load32_splat(v, 4);
        a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
        a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
        b0 = f32x4.add(b0, f32x4.mul(t, v128.load(q))); b1 = f32x4.add(b1, f32x4.mul(t, v128.load(q, 16)));
        b2 = f32x4.add(b2, f32x4.mul(t, v128.load(q, 32))); b3 = f32x4.add(b3, f32x4.mul(t, v128.load(q, 48)));
      }
      if (i < last) {
        const p = block + (<usize>load<u16>(i) << ROW), s = v128.load32_splat(v);
        a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
        a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
      }
      v128.store(o, f32x4.add(a0, b0)); v128.store(o, f32x4.add(a1, b1), 16);
      v128.store(o, f32x4.add(a2, b2), 32); v128.store(o, f32x4.add(a3, b3), 48);
    }
  }
}
