/**
 * Dense products for real-valued inputs: a directly coded stimulus times the first weights, and its weight gradient.
 * Blocks of 2 rows by 16 columns keep 8 accumulators in registers (3 rows spill: measured 29 against 46 GFLOP/s); every sum runs in
 * the order of its index, whatever the block.
 */
import { ROW, chunkMoments, columnSums } from "./lanes";
import { finishNorm } from "./correlate";

/** z[tile][b][16] = bias + x[b] . W[tile]; items are weight row tiles (one pixel). x: [image][stride] floats. */
export function linearDense(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, stride: i32,
  x: usize, weights: usize, bias: usize, z: usize, moments: usize,
): void {
  const xs = <usize>stride << 2;
  for (let tile = begin; tile < end; tile++) {
    const w = weights + (<usize>tile * inputs << ROW);
    const block = z + (<usize>tile * images << ROW);
    const c = bias ? bias + (<usize>tile << ROW) : 0;
    let b = 0;
    for (; b + 1 < images; b += 2) {
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
      if (c) { a0 = v128.load(c); a1 = v128.load(c, 16); a2 = v128.load(c, 32); a3 = v128.load(c, 48); }
      let b0 = a0, b1 = a1, b2 = a2, b3 = a3;
      let p = x + <usize>b * xs, q = p + xs;
      const last = w + (<usize>inputs << ROW);
      for (let i = w; i < last; i += 64, p += 4, q += 4) {
        const u = v128.load32_splat(p), v = v128.load32_splat(q);
        const w0 = v128.load(i);
        a0 = f32x4.add(a0, f32x4.mul(u, w0)); b0 = f32x4.add(b0, f32x4.mul(v, w0));
        const w1 = v128.load(i, 16);
        a1 = f32x4.add(a1, f32x4.mul(u, w1)); b1 = f32x4.add(b1, f32x4.mul(v, w1));
        const w2 = v128.load(i, 32);
        a2 = f32x4.add(a2, f32x4.mul(u, w2)); b2 = f32x4.add(b2, f32x4.mul(v, w2));
        const w3 = v128.load(i, 48);
        a3 = f32x4.add(a3, f32x4.mul(u, w3)); b3 = f32x4.add(b3, f32x4.mul(v, w3));
      }
      const o = block + (<usize>b << ROW);
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
      v128.store(o, b0, 64); v128.store(o, b1, 80); v128.store(o, b2, 96); v128.store(o, b3, 112);
    }
    for (; b < images; b++) {
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
      if (c) { a0 = v128.load(c); a1 = v128.load(c, 16); a2 = v128.load(c, 32); a3 = v128.load(c, 48); }
      let p = x + <usize>b * xs, i = w;
      for (let k = 0; k < inputs; k++, i += 64, p += 4) {
        const u = v128.load32_splat(p);
        a0 = f32x4.add(a0, f32x4.mul(u, v128.load(i))); a1 = f32x4.add(a1, f32x4.mul(u, v128.load(i, 16)));
        a2 = f32x4.add(a2, f32x4.mul(u, v128.load(i, 32))); a3 = f32x4.add(a3, f32x4.mul(u, v128.load(i, 48)));
      }
      const o = block + (<usize>b << ROW);
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
    }
    if (moments) chunkMoments(block, images, moments + (<usize>tile << 7));
  }
}

/** dW[tile][i][16] = sum over b of x[b, i] G[tile][b][16] (and the bias gradient); items are weight row tiles. */
export function linearDenseGradient(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, stride: i32, tiles: i32,
  x: usize, g: usize, z: usize, coefficients: usize, dWeights: usize, dBias: usize,
): void {
  const xs = <usize>stride << 2;
  for (let tile = begin; tile < end; tile++) {
    const start = <usize>tile * images << ROW;
    const block = g + start, last = block + (<usize>images << ROW);
    if (coefficients) finishNorm(block, z + start, images, 64, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    if (dBias) columnSums(block, images, 64, dBias + (<usize>tile << ROW));
    let o = dWeights + (<usize>tile * inputs << ROW);
    let i = 0;
    for (; i + 1 < inputs; i += 2, o += 128) {
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      let p = x + (<usize>i << 2);
      for (let q = block; q < last; q += 64, p += xs) {
        const u = v128.load32_splat(p), v = v128.load32_splat(p, 4);
        const g0 = v128.load(q);
        a0 = f32x4.add(a0, f32x4.mul(u, g0)); b0 = f32x4.add(b0, f32x4.mul(v, g0));
        const g1 = v128.load(q, 16);
        a1 = f32x4.add(a1, f32x4.mul(u, g1)); b1 = f32x4.add(b1, f32x4.mul(v, g1));
        const g2 = v128.load(q, 32);
        a2 = f32x4.add(a2, f32x4.mul(u, g2)); b2 = f32x4.add(b2, f32x4.mul(v, g2));
        const g3 = v128.load(q, 48);
        a3 = f32x4.add(a3, f32x4.mul(u, g3)); b3 = f32x4.add(b3, f32x4.mul(v, g3));
      }
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
      v128.store(o, b0, 64); v128.store(o, b1, 80); v128.store(o, b2, 96); v128.store(o, b3, 112);
    }
    for (; i < inputs; i++, o += 64) {
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
      let p = x + (<usize>i << 2);
      for (let q = block; q < last; q += 64, p += xs) {
        const u = v128.load32_splat(p);
        a0 = f32x4.add(a0, f32x4.mul(u, v128.load(q))); a1 = f32x4.add(a1, f32x4.mul(u, v128.load(q, 16)));
        a2 = f32x4.add(a2, f32x4.mul(u, v128.load(q, 32))); a3 = f32x4.add(a3, f32x4.mul(u, v128.load(q, 48)));
      }
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
    }
  }
}
