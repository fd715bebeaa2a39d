/**
 * Weight gradients from spikes: for each input, add up the drive-gradient rows of the steps in which it fired.
 *
 *   dL/dW[u, i] = sum over (b, t) with s[b, t, i] = 1 of dL/dz[b, t, u]
 *
 * The same sum as the forward product with the roles changed: lists of firing rows an input (made by `transpose`), rows of G instead of W.
 * The tile's G stays in the cache nearest to the core; the sum stays in registers and is stored once.
 */
import { ROW, columnSums, ended, sumListed } from "./lanes";

/** Ends the gradient of the norm in place: G = G * k0 + z * k1 + k2, for 16 units and `rows` rows `stride` bytes apart. k: [3][units]. */
export function finishNorm(g: usize, z: usize, rows: i32, stride: usize, k: usize, kStride: usize): void {
  for (let v: usize = 0; v < 64; v += 16) {
    const k0 = v128.load(k + v), k1 = v128.load(k + kStride + v), k2 = v128.load(k + 2 * kStride + v);
    for (let r = 0, p = g + v, q = z + v; r < rows; r++, p += stride, q += stride) {
      v128.store(p, ended(p, q, true, k0, k1, k2));
    }
  }
}

/**
 * The gradient rows of one unit tile by motif: for each image its periods + steps rows of 16 at `out`, a motif's being the sum over the steps
 * it holds. The norm's end (coefficients k, see finishNorm; 0: none) is applied on the way. Rows of g and z lie `stride` bytes apart.
 */
export function motifGradients(
  g: usize, z: usize, images: i32, steps: i32, periods: i32, stride: usize, k: usize, kStride: usize, out: usize,
): void {
  const normed = k != 0, zero = f32x4.splat(0), image = <usize>(periods + steps) << ROW, singles = <usize>periods << ROW;
  for (let v: usize = 0; v < 64; v += 16) {
    let k0 = zero, k1 = zero, k2 = zero;
    if (normed) { k0 = v128.load(k + v); k1 = v128.load(k + kStride + v); k2 = v128.load(k + 2 * kStride + v); }
    let p = g + v, q = z + v, o = out + v;
    for (let b = 0; b < images; b++, o += image) {
      if (steps == 4) {
        const x0 = ended(p, q, normed, k0, k1, k2), x1 = ended(p + stride, q + stride, normed, k0, k1, k2);
        p += 2 * stride; q += 2 * stride;
        const x2 = ended(p, q, normed, k0, k1, k2), x3 = ended(p + stride, q + stride, normed, k0, k1, k2);
        p += 2 * stride; q += 2 * stride;
        const odd = f32x4.add(x1, x3);
        v128.store(o, f32x4.add(f32x4.add(x0, x2), odd)); v128.store(o, odd, 64);
        v128.store(o, x0, 128); v128.store(o, x1, 192); v128.store(o, x2, 256); v128.store(o, x3, 320);
        continue;
      }
      for (let t = 0, s = o + singles; t < steps; t++, p += stride, q += stride, s += 64) v128.store(s, ended(p, q, normed, k0, k1, k2));
      for (let m = 0; m < periods; m++) {
        let sum = v128.load(o + singles + (<usize>m << ROW));
        for (let t = 2 * m + 1; t < steps; t += m + 1) sum = f32x4.add(sum, v128.load(o + singles + (<usize>t << ROW)));
        v128.store(o + (<usize>m << ROW), sum);
      }
    }
  }
}

/**
 * Weight (and bias, where not 0) gradient of an event-driven linear layer; items are weight row tiles.
 * `coefficients` (0 where no norm follows) end the norm's gradient. `scratch`: images * (periods + steps) rows a thread.
 */
export function linearEventsGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, steps: i32, periods: i32, inputs: i32, pixels: i32, tiles: i32, capacity: i32,
  counts: usize, lists: usize, g: usize, z: usize, coefficients: usize, dWeights: usize, dBias: usize, scratch: usize, scratchStride: i32,
): void {
  const stride = <usize>pixels << ROW, block = scratch + <usize>thread * scratchStride;
  const motifs = periods + steps;
  for (let unit = begin; unit < end; unit++) {
    const pixel = unit / tiles, tile = unit - pixel * tiles;
    const start = (<usize>tile * images * steps * pixels + pixel) << ROW;
    const k = coefficients ? coefficients + (<usize>tile << ROW) : 0;
    motifGradients(g + start, z + start, images, steps, periods, stride, k, <usize>tiles << ROW, block);
    // Motif 0 holds every step: its rows add up to the sum over all.
    if (dBias) columnSums(block, images, <usize>motifs << ROW, dBias + (<usize>unit << ROW));
    let out = dWeights + (<usize>unit * inputs << ROW);
    for (let i = 0; i < inputs; i++, out += 64) {
      const e = lists + (<usize>i * capacity << 1);
      const last = e + (<usize>load<i32>(counts + (<usize>i << 2)) << 1);
      sumListed(false, e, last, block, out);
    }
  }
}
