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
 * For each neuron the sorted rows (image of its position, motif) that hold it, position after position; items are tiles. Neuron u is list u, of `capacity` entries at most; the rows of
 * position n are its entries starts[u][n] to starts[u][n + 1]. The same lists serve the stage above and the next position: they differ in the position whose gradients they meet.
 */
export function transposePositions(
  begin: i32, end: i32, _thread: i32,
  positions: i32, rows: i32, motifs: i32, tiles: i32, neurons: i32, capacity: i32, motifMasks: usize, starts: usize, lists: usize,
): void {
  const next = (<usize>positions + 1) << 2, listBytes = <usize>capacity << 1, stride = <usize>tiles << 1;
  for (let tile = begin; tile < end; tile++) {
    const first = tile << 4, width = min(16, neurons - first);
    const list = lists + <usize>first * listBytes, start = starts + <usize>first * next;
    for (let j = 0; j < width; j++) store<i32>(start + <usize>j * next, 0);
    let mask = motifMasks + (<usize>tile << 1);
    for (let n = 0, at = start; n < positions; n++, at += 4) {
      // The position's end is where it begins, and moves on with each entry.
      for (let j = 0; j < width; j++) store<i32>(at + <usize>j * next + 4, load<i32>(at + <usize>j * next));
      for (let r = 0; r < rows * motifs; r++, mask += stride) {
        let bits = <u32>load<u16>(mask);
        while (bits) {
          const j = <usize>ctz(bits), to = at + j * next + 4, entry = load<i32>(to);
          store<u16>(list + j * listBytes + (<usize>entry << 1), <u16>r);
          store<i32>(to, entry + 1);
          bits &= bits - 1;
        }
      }
    }
  }
}

/**
 * Weight (and bias, where not 0) gradient of synapses that read such lists: position `shift` + n of the lists meets the gradient rows of position n, of `positions` in all.
 * The gradient rows of one position at a time stay in the nearest cache. Items are tiles of outputs. `stored`: positions of the lists. `scratch`: rows * (periods + steps) rows a thread.
 */
export function positionsGradient(
  begin: i32, end: i32, thread: i32,
  positions: i32, rows: i32, shift: i32, stored: i32, steps: i32, periods: i32, inputs: i32, capacity: i32,
  starts: usize, lists: usize, g: usize, dWeights: usize, dBias: usize, scratch: usize, scratchStride: i32,
): void {
  const block = scratch + <usize>thread * scratchStride, next = (<usize>stored + 1) << 2, listBytes = <usize>capacity << 1;
  for (let tile = begin; tile < end; tile++) {
    const weights = dWeights + (<usize>tile * inputs << ROW), from = g + (<usize>tile * positions * rows * steps << ROW);
    memory.fill(weights, 0, <usize>inputs << ROW);
    for (let n = 0; n < positions; n++) {
      motifGradients(from + (<usize>n * rows * steps << ROW), 0, rows, steps, periods, 64, 0, 0, block);
      for (let i: usize = 0, at = starts + (<usize>(shift + n) << 2), list = lists; i < <usize>inputs; i++, at += next, list += listBytes) {
        const e = list + (<usize>load<i32>(at) << 1), last = list + (<usize>load<i32>(at, 4) << 1);
        if (e < last) sumListed(true, e, last, block, weights + (i << ROW));
      }
    }
    if (dBias) columnSums(from, positions * rows * steps, 64, dBias + (<usize>tile << ROW));
  }
}
