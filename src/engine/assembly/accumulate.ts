/**
 * Products of spikes with weights. A spike is 0 or 1, so a row's product is the sum of the weight rows of the inputs that fired:
 *
 *   z[b, t, u] = bias[u] + sum over fired inputs i of W[u, i]
 *
 * Weights are packed in tiles of 16 output units, [tile][input][16]: an event costs one 64-byte row, four vector adds.
 * Drives are [tile][image][step][pixel][16]; a linear unit (pixel p, tile k) is row tile p * tiles + k of the weights.
 */
import { ROW, chunkMoments, warm } from "./lanes";
import { motifSums, stepsOfMotifs } from "./motif-rows";

/** Rows (images x steps) from which on nearly every weight of a tile is read. */
const WARM_ROWS: i32 = 16;

/**
 * Event-driven linear layer; items are weight row tiles.
 * `steps` counts the distinct time steps of the input (1 when the input is held over time), listed under periods + steps motifs.
 * `scratch`: periods + steps rows a thread. Where the layer has one pixel and `moments` is not 0, the mean and the squared deviation of each unit are left there.
 */
export function linearEvents(
  begin: i32, end: i32, thread: i32,
  images: i32, steps: i32, periods: i32, inputs: i32, pixels: i32, tiles: i32,
  offsets: usize, events: usize, weights: usize, bias: usize, z: usize, moments: usize, scratch: usize, scratchStride: i32,
): void {
  const stride = <usize>pixels << ROW, motifs = periods + steps, sums = scratch + <usize>thread * scratchStride;
  for (let unit = begin; unit < end; unit++) {
    const pixel = unit / tiles, tile = unit - pixel * tiles;
    const w = weights + (<usize>unit * inputs << ROW), c = bias ? bias + (<usize>unit << ROW) : 0;
    const block = z + (<usize>tile * images * steps * pixels << ROW);
    let out = block + (<usize>pixel << ROW), at = offsets;
    if (images * steps >= WARM_ROWS) v128.store(sums, warm(w, inputs));
    for (let b = 0; b < images; b++, at += <usize>(motifs + 1) << 2, out += <usize>steps * stride) {
      motifSums(at, events, motifs, w, sums);
      stepsOfMotifs(sums, steps, periods, c, out, stride);
    }
    if (moments) chunkMoments(block, images * steps, moments + (<usize>tile << 7));
  }
}
