/**
 * Real-valued inputs that are mostly one constant (the background of a digit): only the others are worth a multiplication.
 *
 *   z = b + c sum_i W_i + sum over i with x_i != c of (x_i - c) W_i            c the background, sum_i W_i once a tile
 *   dW_i = c sum_b G_b + sum over b with x_bi != c of (x_bi - c) G_b
 *
 * Lists serve two images (product) or two neighbouring inputs (gradient) at once: an entry is there where either differs, with both values, so that
 * each weight or gradient row that is loaded is used twice. Pictures' foregrounds overlap, and neighbouring pixels agree: the lists hardly grow.
 */
import { ROW, chunkMoments, columnSums } from "./lanes";
import { finishNorm } from "./correlate";

/** Lanes of 4 values that differ from the background, as 4 bits. */
@inline
function different(p: usize, c: v128): u32 { return <u32>i32x4.bitmask(f32x4.ne(v128.load(p), c)); }

/** Lists two images; items are pairs of images. Pair p's list begins at p * capacity; ends[p] is its length. Rows of x are `stride` floats apart. */
export function listValues(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, stride: i32, capacity: i32, background: f32, x: usize, ends: usize, indices: usize, values: usize,
): void {
  const c = f32x4.splat(background);
  for (let pair = begin; pair < end; pair++) {
    const row = x + (<usize>(2 * pair) * stride << 2);
    // The last of an odd number of images is paired with itself, at value 0.
    const both = 2 * pair + 1 < images;
    const other = both ? row + (<usize>stride << 2) : row;
    let i = indices + (<usize>pair * capacity << 1), v = values + (<usize>pair * capacity << 3);
    const first = i;
    for (let k = 0; k < inputs; k += 4) {
      let bits = different(row + (<usize>k << 2), c) | different(other + (<usize>k << 2), c);
      if (k + 4 > inputs) bits &= (1 << (inputs - k)) - 1;
      while (bits) {
        const at = k + ctz(bits);
        store<u16>(i, <u16>at);
        store<f32>(v, load<f32>(row + (<usize>at << 2)) - background);
        store<f32>(v, both ? load<f32>(other + (<usize>at << 2)) - background : 0, 4);
        i += 2; v += 8;
        bits &= bits - 1;
      }
    }
    store<i32>(ends + (<usize>pair << 2), <i32>((i - first) >> 1));
  }
}

/** Lists two inputs; items are blocks of 4 inputs. Pair p's list begins at p * capacity (images at most); counts[p] is its length. */
export function transposeValues(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, stride: i32, capacity: i32, background: f32, x: usize, counts: usize, rows: usize, values: usize,
): void {
  const c = f32x4.splat(background);
  for (let item = begin; item < end; item++) {
    const k = item << 2, all: u32 = (1 << min(4, inputs - k)) - 1;
    for (let half = 0; half < 2 && k + 2 * half < inputs; half++) {
      const pair = 2 * item + half, mask: u32 = all & (3 << (2 * half)), odd = k + 2 * half + 1 == inputs;
      let p = x + (<usize>k << 2), r = rows + (<usize>pair * capacity << 1), v = values + (<usize>pair * capacity << 3);
      const first = r;
      for (let b = 0; b < images; b++, p += <usize>stride << 2) {
        if (different(p, c) & mask) {
          const at = p + (<usize>half << 3);
          store<u16>(r, <u16>b);
          store<f32>(v, load<f32>(at) - background);
          store<f32>(v, odd ? 0 : load<f32>(at, 4) - background, 4);
          r += 2; v += 8;
        }
      }
      store<i32>(counts + (<usize>pair << 2), <i32>((r - first) >> 1));
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
    for (let b = 0; b < images; b += 2) {
      let i = indices + (<usize>(b >> 1) * capacity << 1), v = values + (<usize>(b >> 1) * capacity << 3);
      const last = i + (<usize>load<i32>(ends + (<usize>(b >> 1) << 2)) << 1);
      let a0 = c0, a1 = c1, a2 = c2, a3 = c3, b0 = c0, b1 = c1, b2 = c2, b3 = c3;
      for (; i < last; i += 2, v += 8) {
        const p = w + (<usize>load<u16>(i) << ROW), s = v128.load32_splat(v), t = v128.load32_splat(v, 4);
        const w0 = v128.load(p); a0 = f32x4.add(a0, f32x4.mul(s, w0)); b0 = f32x4.add(b0, f32x4.mul(t, w0));
        const w1 = v128.load(p, 16); a1 = f32x4.add(a1, f32x4.mul(s, w1)); b1 = f32x4.add(b1, f32x4.mul(t, w1));
        const w2 = v128.load(p, 32); a2 = f32x4.add(a2, f32x4.mul(s, w2)); b2 = f32x4.add(b2, f32x4.mul(t, w2));
        const w3 = v128.load(p, 48); a3 = f32x4.add(a3, f32x4.mul(s, w3)); b3 = f32x4.add(b3, f32x4.mul(t, w3));
      }
      const o = block + (<usize>b << ROW);
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
      if (b + 1 < images) { v128.store(o, b0, 64); v128.store(o, b1, 80); v128.store(o, b2, 96); v128.store(o, b3, 112); }
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
    for (let k = 0; k < inputs; k += 2, o += 128) {
      const pair = <usize>(k >> 1);
      let i = rows + (pair * capacity << 1), v = values + (pair * capacity << 3);
      const last = i + (<usize>load<i32>(counts + (pair << 2)) << 1);
      let a0 = c0, a1 = c1, a2 = c2, a3 = c3, b0 = c0, b1 = c1, b2 = c2, b3 = c3;
      for (; i < last; i += 2, v += 8) {
        const p = block + (<usize>load<u16>(i) << ROW), s = v128.load32_splat(v), t = v128.load32_splat(v, 4);
        const g0 = v128.load(p); a0 = f32x4.add(a0, f32x4.mul(s, g0)); b0 = f32x4.add(b0, f32x4.mul(t, g0));
        const g1 = v128.load(p, 16); a1 = f32x4.add(a1, f32x4.mul(s, g1)); b1 = f32x4.add(b1, f32x4.mul(t, g1));
        const g2 = v128.load(p, 32); a2 = f32x4.add(a2, f32x4.mul(s, g2)); b2 = f32x4.add(b2, f32x4.mul(t, g2));
        const g3 = v128.load(p, 48); a3 = f32x4.add(a3, f32x4.mul(s, g3)); b3 = f32x4.add(b3, f32x4.mul(t, g3));
      }
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
      if (k + 1 < inputs) { v128.store(o, b0, 64); v128.store(o, b1, 80); v128.store(o, b2, 96); v128.store(o, b3, 112); }
    }
  }
}
