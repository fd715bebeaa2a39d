/**
 * Products of spikes with weights. A spike is 0 or 1, so a row's product is the sum of the weight rows of the inputs that fired:
 *
 *   z[b, t, u] = bias[u] + sum over fired inputs i of W[u, i]
 *
 * Weights are packed in tiles of 16 output units, [tile][input][16]: an event costs one 64-byte row, four vector adds.
 * Two events a turn use separate accumulators, so that one add does not wait for the other (measured: 1.4 times one event a turn).
 *
 * Drives are [tile][image][step][pixel][16]; a linear unit (pixel p, tile k) is row tile p * tiles + k of the weights.
 */
import { ROW, chunkMoments } from "./lanes";

/**
 * Event-driven linear layer; items are weight row tiles.
 * `steps` counts the distinct time steps of the input (1 when the input is held over time).
 * Where the layer has one pixel and `moments` is not 0, the mean and the squared deviation of each unit are left there.
 */
export function linearEvents(
  begin: i32, end: i32, _thread: i32,
  images: i32, steps: i32, inputs: i32, pixels: i32, tiles: i32,
  offsets: usize, events: usize, weights: usize, bias: usize, z: usize, moments: usize,
): void {
  const rowStride = <usize>pixels << ROW;
  for (let unit = begin; unit < end; unit++) {
    const pixel = unit / tiles, tile = unit - pixel * tiles;
    const w = weights + (<usize>unit * inputs << ROW);
    let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0;
    if (bias) {
      const p = bias + (<usize>unit << ROW);
      c0 = v128.load(p); c1 = v128.load(p, 16); c2 = v128.load(p, 32); c3 = v128.load(p, 48);
    }
    const block = z + (<usize>tile * images * steps * pixels << ROW);
    let out = block + (<usize>pixel << ROW);
    for (let b = 0; b < images; b++) {
      let at = offsets + (<usize>b * (steps + 1) << 2);
      for (let t = 0; t < steps; t++, at += 4) {
        let e = events + (<usize>load<i32>(at) << 1);
        const last = events + (<usize>load<i32>(at, 4) << 1);
        let a0 = c0, a1 = c1, a2 = c2, a3 = c3;
        let b0 = f32x4.splat(0), b1 = b0, b2 = b0, b3 = b0;
        for (; e + 2 < last; e += 4) {
          const p = w + (<usize>load<u16>(e) << ROW), q = w + (<usize>load<u16>(e, 2) << ROW);
          a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
          a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
          b0 = f32x4.add(b0, v128.load(q)); b1 = f32x4.add(b1, v128.load(q, 16));
          b2 = f32x4.add(b2, v128.load(q, 32)); b3 = f32x4.add(b3, v128.load(q, 48));
        }
        if (e < last) {
          const p = w + (<usize>load<u16>(e) << ROW);
          a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
          a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
        }
        v128.store(out, f32x4.add(a0, b0)); v128.store(out, f32x4.add(a1, b1), 16);
        v128.store(out, f32x4.add(a2, b2), 32); v128.store(out, f32x4.add(a3, b3), 48);
        out += rowStride;
      }
    }
    if (moments) chunkMoments(block, images * steps, moments + (<usize>tile << 7));
  }
}
