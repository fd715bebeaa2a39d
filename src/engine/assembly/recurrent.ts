/**
 * Drives of a recurrent population, one position of a sequence after the other:
 *
 *   z[n, b, t, u] = d[n, b, t, u] + sum over the inputs i that fired at step t of the element before, of W[u, i]
 *
 * d is what the feed-forward synapses gave, for all positions at once; it may be held over time. The element before is the preceding one for perception, the
 * following one for recall: `offsets` points at the lists of position 0's.
 */
import { motifGradients } from "./correlate";
import { ROW, chunkMoments, columnSums, sumListed, warm } from "./lanes";
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

/**
 * For each position, and in it for each neuron, the sorted rows (image of the position, motif) that hold it; items are positions. Neuron u's rows of position n are entries starts[n][u] to
 * starts[n][u + 1] of the position's lists, which begin rows * steps * neurons entries apart: a walk over a position's neurons reads on and on. The same lists serve the stage above and
 * the next position: they differ in the position whose gradients they meet. `scratch`: `neurons` integers a thread.
 */
export function transposePositions(
  begin: i32, end: i32, thread: i32,
  rows: i32, steps: i32, motifs: i32, neurons: i32, offsets: usize, events: usize, starts: usize, lists: usize, scratch: usize, scratchStride: i32,
): void {
  const next = scratch + <usize>thread * scratchStride, all = <usize>neurons << 2;
  for (let n = begin; n < end; n++) {
    const start = starts + <usize>n * (all + 4), list = lists + (<usize>(n * rows * steps) * neurons << 1);
    const first = offsets + (<usize>(n * rows * (motifs + 1)) << 2);
    memory.fill(next, 0, all);
    for (let b = 0, at = first; b < rows; b++, at += <usize>(motifs + 1) << 2) {
      const last = events + (<usize>load<i32>(at + (<usize>motifs << 2)) << 1);
      for (let e = events + (<usize>load<i32>(at) << 1); e < last; e += 2) {
        const count = next + (<usize>load<u16>(e) << 2);
        store<i32>(count, load<i32>(count) + 1);
      }
    }
    let entries = 0;
    for (let u: usize = 0; u < all; u += 4) {
      const count = load<i32>(next + u);
      store<i32>(start + u, entries); store<i32>(next + u, entries);
      entries += count;
    }
    store<i32>(start + all, entries);
    for (let b = 0, at = first, r = 0; b < rows; b++, at += 4) {
      for (let m = 0; m < motifs; m++, r++, at += 4) {
        const last = events + (<usize>load<i32>(at, 4) << 1);
        for (let e = events + (<usize>load<i32>(at) << 1); e < last; e += 2) {
          const place = next + (<usize>load<u16>(e) << 2), entry = load<i32>(place);
          store<u16>(list + (<usize>entry << 1), <u16>r);
          store<i32>(place, entry + 1);
        }
      }
    }
  }
}

/**
 * Weight (and bias, where not 0) gradient of synapses that read such lists: position `shift` + n of the lists meets the gradient rows of position n, of `positions` in all.
 * The gradient rows of one position at a time stay in the nearest cache. Items are tiles of outputs. `scratch`: rows * (periods + steps) rows a thread.
 */
export function positionsGradient(
  begin: i32, end: i32, thread: i32,
  positions: i32, rows: i32, shift: i32, steps: i32, periods: i32, inputs: i32,
  starts: usize, lists: usize, g: usize, dWeights: usize, dBias: usize, scratch: usize, scratchStride: i32,
): void {
  const block = scratch + <usize>thread * scratchStride, all = <usize>inputs << 2;
  for (let tile = begin; tile < end; tile++) {
    const weights = dWeights + (<usize>tile * inputs << ROW), from = g + (<usize>tile * positions * rows * steps << ROW);
    memory.fill(weights, 0, <usize>inputs << ROW);
    for (let n = 0; n < positions; n++) {
      motifGradients(from + (<usize>n * rows * steps << ROW), 0, rows, steps, periods, 64, 0, 0, block);
      const start = starts + <usize>(shift + n) * (all + 4), list = lists + (<usize>((shift + n) * rows * steps) * inputs << 1);
      for (let i: usize = 0, e = list; i < all; i += 4) {
        const last = list + (<usize>load<i32>(start + i, 4) << 1);
        if (e < last) sumListed(true, e, last, block, weights + (i << 4));
        e = last;
      }
    }
    if (dBias) columnSums(from, positions * rows * steps, 64, dBias + (<usize>tile << ROW));
  }
}
