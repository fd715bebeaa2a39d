/**
 * Weight gradients from spikes: for each input, add up the drive-gradient rows of the steps in which it fired.
 *
 *   dL/dW[u, i] = sum over (b, t) with s[b, t, i] = 1 of dL/dz[b, t, u]
 *
 * The same sum as the forward product with the roles changed: lists of firing rows an input (made by `transpose`), rows of G instead of W.
 * The tile's G stays in the cache nearest to the core; the sum stays in registers and is stored once.
 */
import { ROW, columnSums } from "./lanes";

/** Ends the gradient of the norm in place: G = G * k0 + z * k1 + k2, for 16 units and `rows` rows `stride` bytes apart. k: [3][units]. */
export function finishNorm(g: usize, z: usize, rows: i32, stride: usize, k: usize, kStride: usize): void {
  for (let v: usize = 0; v < 64; v += 16) {
    const k0 = v128.load(k + v), k1 = v128.load(k + kStride + v), k2 = v128.load(k + 2 * kStride + v);
    for (let r = 0, p = g + v, q = z + v; r < rows; r++, p += stride, q += stride) {
      v128.store(p, f32x4.add(f32x4.add(f32x4.mul(v128.load(p), k0), f32x4.mul(v128.load(q), k1)), k2));
    }
  }
}

/**
 * Weight (and bias, where not 0) gradient of an event-driven linear layer; items are weight row tiles.
 * `coefficients` (0 where no norm follows) end the norm's gradient first, in place.
 */
export function linearEventsGradient(
  begin: i32, end: i32, _thread: i32,
  rows: i32, inputs: i32, pixels: i32, tiles: i32, capacity: i32,
  counts: usize, lists: usize, g: usize, z: usize, coefficients: usize, dWeights: usize, dBias: usize,
): void {
  const shift: usize = ROW, stride = <usize>pixels << ROW;
  for (let unit = begin; unit < end; unit++) {
    const pixel = unit / tiles, tile = unit - pixel * tiles;
    const start = (<usize>tile * rows * pixels + pixel) << ROW;
    const block = g + start;
    if (coefficients) finishNorm(block, z + start, rows, stride, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    if (dBias) columnSums(block, rows, stride, dBias + (<usize>unit << ROW));
    let out = dWeights + (<usize>unit * inputs << ROW);
    for (let i = 0; i < inputs; i++, out += 64) {
      let e = lists + (<usize>i * capacity << 1);
      const last = e + (<usize>load<i32>(counts + (<usize>i << 2)) << 1);
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
      if (pixels == 1) {
        for (; e + 2 < last; e += 4) {
          const p = block + (<usize>load<u16>(e) << shift), q = block + (<usize>load<u16>(e, 2) << shift);
          a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
          a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
          b0 = f32x4.add(b0, v128.load(q)); b1 = f32x4.add(b1, v128.load(q, 16));
          b2 = f32x4.add(b2, v128.load(q, 32)); b3 = f32x4.add(b3, v128.load(q, 48));
        }
      }
      for (; e < last; e += 2) {
        const p = block + <usize>load<u16>(e) * stride;
        a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
        a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
      }
      v128.store(out, f32x4.add(a0, b0)); v128.store(out, f32x4.add(a1, b1), 16);
      v128.store(out, f32x4.add(a2, b2), 32); v128.store(out, f32x4.add(a3, b3), 48);
    }
  }
}
