/**
 * Drives of a recurrent population, one position of a sequence after the other:
 *
 *   z[n, b, t, u] = d[n, b, t, u] + sum over the inputs i that fired at step t of the element before, of W[u, i]
 *
 * d is what the feed-forward synapses gave, for all positions at once; it may be held over time. The element before is the preceding one for perception, the
 * following one for recall: `offsets` points at the lists of position 0's.
 */
import { ROW, chunkMoments, warm } from "./lanes";
import { motifSums, stepsOfMotifs } from "./motif-rows";

/**
 * Items are position * tiles + tile; images are position * rows + row. `scratch`: periods + 2 * steps rows a thread.
 * Where `moments` is not 0, the mean and the squared deviation of each unit over the position are left there, [position][tile][2][16].
 */
export function recurrentEvents(
  begin: i32, end: i32, thread: i32,
  rows: i32, images: i32, steps: i32, periods: i32, driveSteps: i32, inputs: i32, tiles: i32,
  offsets: usize, events: usize, weights: usize, drives: usize, z: usize, moments: usize, scratch: usize, scratchStride: i32,
): void {
  const motifs = periods + steps, sums = scratch + <usize>thread * scratchStride, own = sums + (<usize>motifs << ROW);
  for (let item = begin; item < end; item++) {
    const position = item / tiles, tile = item - position * tiles, first = position * rows;
    const w = weights + (<usize>tile * inputs << ROW), image = tile * images + first;
    let out = z + (<usize>image * steps << ROW), drive = drives + (<usize>image * driveSteps << ROW);
    let at = offsets + (<usize>first * (motifs + 1) << 2);
    if (rows * steps >= 16) v128.store(sums, warm(w, inputs));
    for (let b = 0; b < rows; b++, at += <usize>(motifs + 1) << 2, out += <usize>steps << ROW) {
      motifSums(at, events, motifs, w, sums);
      if (driveSteps == 1) {
        stepsOfMotifs(sums, steps, periods, drive, out, 64);
        drive += 64;
        continue;
      }
      stepsOfMotifs(sums, steps, periods, 0, own, 64);
      for (let i: usize = 0; i < <usize>steps << ROW; i += 16) v128.store(out + i, f32x4.add(v128.load(drive + i), v128.load(own + i)));
      drive += <usize>steps << ROW;
    }
    if (moments) chunkMoments(z + (<usize>image * steps << ROW), rows * steps, moments + (<usize>item << 7));
  }
}

/** out[row] = sum over `steps` consecutive rows of 16: the gradient of a drive held over time from those of its steps. Items are rows of `out`. */
export function sumSteps(begin: i32, end: i32, _thread: i32, steps: i32, x: usize, out: usize): void {
  const size = <usize>steps << ROW;
  for (let item = begin, at = x + <usize>begin * size, to = out + (<usize>begin << ROW); item < end; item++, to += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (const last = at + size; at < last; at += 64) {
      s0 = f32x4.add(s0, v128.load(at)); s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32)); s3 = f32x4.add(s3, v128.load(at, 48));
    }
    v128.store(to, s0); v128.store(to, s1, 16); v128.store(to, s2, 32); v128.store(to, s3, 48);
  }
}
