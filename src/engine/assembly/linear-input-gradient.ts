/**
 * Gradients of what fully connected synapses read, for backprop:
 *
 *   dL/dx[i] = sum over units u of W[u, i] G[u]
 *
 * Inputs and units are planes of pixels or flat. Weights are transposed on the way, 16 tiles of units at a time (16 KiB, which stay in the nearest cache), and pass all rows;
 * two rows by 16 inputs are in registers (see gemm.ts). Every sum runs over the units in order.
 */
import { ROW } from "./lanes";
import { storeTransposed } from "./matrix";

/** Tiles of units that are transposed together. */
const BLOCK: i32 = 16;

/** Weights of one tile of units for 16 inputs, [input][16 units] at `from`, to [unit][16 inputs]; inputs from `lanes` on are 0. */
function transposeTile(from: usize, lanes: i32, to: usize): void {
  if (lanes == 16) {
    for (let i: usize = 0; i < 64; i += 16, from += 256) {
      for (let u: usize = 0; u < 64; u += 16) {
        storeTransposed(v128.load(from + u), v128.load(from + u, 64), v128.load(from + u, 128), v128.load(from + u, 192), to + (u << 4) + i);
      }
    }
    return;
  }
  for (let u: usize = 0; u < 64; u += 4) {
    for (let i = 0; i < 16; i++, to += 4) store<f32>(to, i < lanes ? load<f32>(from + (<usize>i << ROW) + u) : 0);
  }
}

/**
 * dL/dx, [tile of channels][image][step][input pixel][16]; items are input pixel * tiles of channels + tile. g: [tile][image][gSteps][pixel][16], of which the first `steps`
 * are read (1 for a gradient that is the same at all steps). Weights: [pixel * tiles + tile][input pixel * channels + channel][16]. `scratch`: 16 KiB a thread.
 */
export function linearInputGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, steps: i32, gSteps: i32, inputPixels: i32, channels: i32, pixels: i32, units: i32,
  g: usize, weights: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const inputTiles = (channels + 15) >> 4, tiles = (units + 15) >> 4, rowTiles = pixels * tiles, inputs = inputPixels * channels, rows = images * steps;
  const block = scratch + <usize>thread * scratchStride, zero = f32x4.splat(0);
  for (let item = begin; item < end; item++) {
    const inputPixel = item / inputTiles, inputTile = item - inputPixel * inputTiles;
    const first = inputPixel * channels + (inputTile << 4), lanes = min(16, channels - (inputTile << 4));
    for (let from = 0; from < rowTiles; from += BLOCK) {
      const to = min(rowTiles, from + BLOCK);
      for (let k = from; k < to; k++) transposeTile(weights + (<usize>(k * inputs + first) << ROW), lanes, block + (<usize>(k - from) << 10));
      for (let r = 0; r < rows; r += 2) {
        // An odd last row is computed twice, from the same values.
        const r1 = min(r + 1, rows - 1);
        const i0 = r / steps, i1 = r1 / steps;
        const row0 = <usize>(i0 * gSteps + r - i0 * steps) * pixels, row1 = <usize>(i1 * gSteps + r1 - i1 * steps) * pixels;
        const o = out + (<usize>((inputTile * rows + r) * inputPixels + inputPixel) << ROW), s = out + (<usize>((inputTile * rows + r1) * inputPixels + inputPixel) << ROW);
        let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
        if (from) {
          a0 = v128.load(o); a1 = v128.load(o, 16); a2 = v128.load(o, 32); a3 = v128.load(o, 48);
          b0 = v128.load(s); b1 = v128.load(s, 16); b2 = v128.load(s, 32); b3 = v128.load(s, 48);
        }
        let pixel = from / tiles, tile = from - pixel * tiles;
        for (let k = from; k < to; k++) {
          const base = g + (<usize>(tile * images * gSteps * pixels + pixel) << ROW);
          let p = base + (row0 << ROW), q = base + (row1 << ROW), at = block + (<usize>(k - from) << 10);
          for (const last = at + (<usize>min(16, units - (tile << 4)) << ROW); at < last; at += 64, p += 4, q += 4) {
            const x = v128.load32_splat(p), y = v128.load32_splat(q);
            const w0 = v128.load(at), w1 = v128.load(at, 16), w2 = v128.load(at, 32), w3 = v128.load(at, 48);
            a0 = f32x4.add(a0, f32x4.mul(x, w0)); a1 = f32x4.add(a1, f32x4.mul(x, w1)); a2 = f32x4.add(a2, f32x4.mul(x, w2)); a3 = f32x4.add(a3, f32x4.mul(x, w3));
            b0 = f32x4.add(b0, f32x4.mul(y, w0)); b1 = f32x4.add(b1, f32x4.mul(y, w1)); b2 = f32x4.add(b2, f32x4.mul(y, w2)); b3 = f32x4.add(b3, f32x4.mul(y, w3));
          }
          if (++tile == tiles) { tile = 0; pixel++; }
        }
        v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
        v128.store(s, b0); v128.store(s, b1, 16); v128.store(s, b2, 32); v128.store(s, b3, 48);
      }
    }
  }
}
