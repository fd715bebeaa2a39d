/**
 * Lists of spikes. Neuron kernels leave spikes as bit masks, one u16 a tile of 16 neurons: [image][step][pixel][tile].
 *
 * A spike train of T steps is listed by motif. A neuron with hard reset under a constant drive fires with a constant period, and under a nearly
 * constant one nearly so: of all active neurons of trained nets, nine in ten fire at every step, at every second one, or once. So trains of
 * period 1, 2, ... `periods` are motifs (motif k - 1: steps k - 1, 2k - 1, ...), and each single step is one (motif periods + t); a train is cut
 * greedily into disjoint motifs, long ones first, and a product costs one addition a motif in place of one a spike.
 *
 * `emit` makes the motifs' masks and sorted lists a row (CSR) for the forward product, `transpose` lists a neuron for the weight gradient.
 */

/** Motif masks of one image: `words` u16 a step at `masks` to `words` u16 a motif at `out`. */
@inline
function cut(steps: i32, periods: i32, words: i32, masks: usize, out: usize): void {
  const plane = <usize>words << 1, singles = out + <usize>periods * plane;
  memory.copy(singles, masks, <usize>steps * plane);
  for (let k = 1; k <= periods; k++) {
    const first = singles + <usize>(k - 1) * plane, hop = <usize>k * plane, end = singles + <usize>steps * plane;
    const motif = out + <usize>(k - 1) * plane;
    let i: usize = 0;
    for (; i + 16 <= plane; i += 16) {
      let all = v128.load(first + i);
      for (let p = first + hop; p < end; p += hop) all = v128.and(all, v128.load(p + i));
      v128.store(motif + i, all);
      for (let p = first; p < end; p += hop) v128.store(p + i, v128.andnot(v128.load(p + i), all));
    }
    for (; i < plane; i += 2) {
      let all = load<u16>(first + i);
      for (let p = first + hop; p < end; p += hop) all &= load<u16>(p + i);
      store<u16>(motif + i, all);
      for (let p = first; p < end; p += hop) store<u16>(p + i, load<u16>(p + i) & ~all);
    }
  }
}

/**
 * Motif masks (where `periods` is not 0; else motifs are the steps and `motifMasks` is `masks`) and CSR lists; items are images.
 * Image b writes its events from b * capacity on, so images need not wait for each other; up to 8 more are written and void.
 * An entry is (pixel mod wrap) * channels + channel: with wrap = width, three neighbouring pixels of an image row are one run of events whose
 * entries also index the weights [kx][channel] of a 3-wide window. Offsets (absolute, u16 units) come a pixel where `everyPixel`, else a motif;
 * each image has one more than it has rows. `bits`: for each byte its set bits' places, 8 u16.
 */
export function emit(
  begin: i32, end: i32, _thread: i32,
  steps: i32, periods: i32, pixels: i32, tiles: i32, channels: i32, wrap: i32, everyPixel: i32, capacity: i32,
  bits: usize, masks: usize, motifMasks: usize, offsets: usize, events: usize,
): void {
  const motifs = periods + steps, words = pixels * tiles;
  const rows = everyPixel ? motifs * pixels : motifs;
  for (let b = begin; b < end; b++) {
    let mask = motifMasks + (<usize>b * motifs * words << 1);
    if (periods) cut(steps, periods, words, masks + (<usize>b * steps * words << 1), mask);
    let offset = offsets + (<usize>b * (rows + 1) << 2);
    const first = events + (<usize>b * capacity << 1), base = b * capacity;
    let e = first;
    for (let m = 0; m < motifs; m++) {
      for (let p = 0, x = 0; p < pixels; p++, x++) {
        if (x == wrap) x = 0;
        if (everyPixel || p == 0) {
          store<i32>(offset, base + <i32>((e - first) >> 1));
          offset += 4;
        }
        let index = x * channels;
        for (let k = 0; k < tiles; k++, mask += 2, index += 16) {
          // Half the words have no spike, in no order: to ask is guessed wrong so often that it costs more than two stores of nothing.
          const fired = <u32>load<u16>(mask);
          const low = fired & 255, high = fired >> 8;
          v128.store(e, i16x8.add(v128.load(bits + (<usize>low << 4)), i16x8.splat(<i16>index)));
          e += <usize>popcnt(low) << 1;
          v128.store(e, i16x8.add(v128.load(bits + (<usize>high << 4)), i16x8.splat(<i16>(index + 8))));
          e += <usize>popcnt(high) << 1;
        }
      }
    }
    store<i32>(offset, base + <i32>((e - first) >> 1));
  }
}

/**
 * For each neuron the sorted rows (image, motif) that hold it; items are (pixel, tile) pairs. Neuron (p, c) is list p * channels + c,
 * of `capacity` entries at most, its length in `counts`.
 */
export function transpose(
  begin: i32, end: i32, _thread: i32,
  rows: i32, pixels: i32, tiles: i32, channels: i32, capacity: i32,
  motifMasks: usize, counts: usize, lists: usize,
): void {
  const stride = <usize>pixels * tiles << 1;
  for (let item = begin; item < end; item++) {
    const pixel = item / tiles, tile = item - pixel * tiles;
    const first = pixel * channels + (tile << 4);
    const width = min(16, channels - (tile << 4));
    const count = counts + (<usize>first << 2);
    const list = lists + (<usize>first * capacity << 1);
    for (let j = 0; j < width; j++) store<i32>(count + (<usize>j << 2), 0);
    let mask = motifMasks + (<usize>item << 1);
    for (let r = 0; r < rows; r++, mask += stride) {
      let bits = <u32>load<u16>(mask);
      while (bits) {
        const j = ctz(bits);
        const at = count + (<usize>j << 2);
        const n = load<i32>(at);
        store<u16>(list + ((<usize>j * capacity + n) << 1), <u16>r);
        store<i32>(at, n + 1);
        bits &= bits - 1;
      }
    }
  }
}
