/**
 * Products of dense spikes with weights, by tables: the sum of the weights of 8 inputs has 256 values, so it is looked up by a byte of the mask.
 *
 *   z[b, t] = bias + sum over bytes j of the mask of table_j[byte j],   table_j[s] = sum over bits i of s of W[8 j + i]
 *
 * The work does not depend on the firing rate; above about one input in six it is less than the events' (LinearSynapses measures and chooses).
 * Tables of BLOCK bytes (256 KiB) at a time stay in a core's second cache, and the rows' sums go on from block to block.
 */
import { ROW, chunkMoments } from "./lanes";

/** Mask bytes with tables at a time. */
const BLOCK: i32 = 16;

/** Sums of the weight rows of up to 8 inputs at `w` for each of the 2^inputs bytes, to rows of 16 at `out`. */
function fill(inputs: i32, w: usize, out: usize): void {
  memory.fill(out, 0, 64);
  for (let bit = 0; bit < inputs; bit++, w += 64) {
    const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
    const half = out + (<usize>1 << (<usize>bit + ROW));
    for (let p = out, q = half; p < half; p += 64, q += 64) {
      v128.store(q, f32x4.add(v128.load(p), w0)); v128.store(q, f32x4.add(v128.load(p, 16), w1), 16);
      v128.store(q, f32x4.add(v128.load(p, 32), w2), 32); v128.store(q, f32x4.add(v128.load(p, 48), w3), 48);
    }
  }
}

/**
 * Linear layer by tables; items are weight row tiles, arguments as `linearEvents`. `masks`: rows of `maskBytes` bytes, an input a bit.
 * `scratch`: 256 KiB a thread.
 */
export function linearTable(
  begin: i32, end: i32, thread: i32,
  images: i32, steps: i32, inputs: i32, pixels: i32, tiles: i32, maskBytes: i32,
  masks: usize, weights: usize, bias: usize, z: usize, moments: usize, scratch: usize, scratchStride: i32,
): void {
  const stride = <usize>pixels << ROW, rows = images * steps, bytes = (inputs + 7) >> 3;
  const tables = scratch + <usize>thread * scratchStride;
  for (let unit = begin; unit < end; unit++) {
    const pixel = unit / tiles, tile = unit - pixel * tiles;
    const w = weights + (<usize>unit * inputs << ROW), block = z + (<usize>tile * rows * pixels << ROW);
    for (let first = 0; first < bytes; first += BLOCK) {
      const count = min(BLOCK, bytes - first);
      for (let j = 0; j < count; j++) fill(min(8, inputs - (first + j) * 8), w + (<usize>(first + j) << (ROW + 3)), tables + (<usize>j << (ROW + 8)));
      let mask = masks + <usize>first, out = block + (<usize>pixel << ROW);
      for (let r = 0; r < rows; r++, mask += <usize>maskBytes, out += stride) {
        let from = out;
        if (first == 0) {
          if (bias) from = bias + (<usize>unit << ROW);
          else memory.fill(out, 0, 64);
        }
        let a0 = v128.load(from), a1 = v128.load(from, 16), a2 = v128.load(from, 32), a3 = v128.load(from, 48);
        let table = tables;
        for (let j: usize = 0; j < <usize>count; j++, table += 256 << ROW) {
          const p = table + (<usize>load<u8>(mask + j) << ROW);
          a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
          a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
        }
        v128.store(out, a0); v128.store(out, a1, 16); v128.store(out, a2, 32); v128.store(out, a3, 48);
      }
    }
    if (moments) chunkMoments(block, rows, moments + (<usize>tile << 7));
  }
}
