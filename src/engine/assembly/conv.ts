/**
 * 3x3 convolutions of spikes, channels last, optional nearest x2 upsampling before and 2x2 max-pooling after.
 *
 *   z[o] = bias + sum over taps k, fired channels c at the pixel under k of W[k, c]
 *
 * Two passes over blocks of output pixels whose lists fit the cache: (1) the events under each pixel's window, from all its rows, become one list
 * a motif of weight rows (`gather`), and the block's lists are put in order of length (`sortLists`); (2) every tile of output channels adds up the rows they list.
 *
 * Weights: [tile][ky][kx * channels + c][16]. Event entries are x * channels + c within an image row, so the events of the pixels under one
 * kernel row are one run, and a constant turns them into weight rows. An upsampled source pixel lies under two or four taps of a window at once,
 * which ones depends on whether the window begins at an even or odd row and column: their weights are added up first (`collapse`), and the
 * window is 2x2 source pixels: 4 additions an event and window in place of 9.
 */
import { ROW, chunkMoments } from "./lanes";
import { stepsOfMotifs } from "./motif-rows";
import { RECORD, sortLists, sumLists } from "./sorted-lists";

/**
 * Weights of the 2x2 windows over source pixels for each parity of the window's first row and column: [tile][parity][2][2 * channels + c][16]
 * from [tile][3][3 * channels + c][16]. Items are tiles.
 */
export function collapse(begin: i32, end: i32, _thread: i32, channels: i32, weights: usize, out: usize): void {
  const row = <usize>channels << ROW;
  for (let tile = begin; tile < end; tile++) {
    const w = weights + <usize>tile * 9 * row;
    let o = out + <usize>tile * 16 * row;
    for (let parity = 0; parity < 4; parity++) {
      for (let j = 0; j < 4; j++, o += row) {
        memory.fill(o, 0, row);
        // From an even row the first source pixel lies under taps 0 and 1, the second under 2; from an odd one, under 0, and 1 and 2.
        const top = parity >> 1 ? 1 : 2, left = parity & 1 ? 1 : 2;
        const y0 = j >> 1 ? top : 0, y1 = j >> 1 ? 3 : top, x0 = j & 1 ? left : 0, x1 = j & 1 ? 3 : left;
        for (let ky = y0; ky < y1; ky++) {
          for (let kx = x0; kx < x1; kx++) {
            const from = w + <usize>(ky * 3 + kx) * row;
            for (let i: usize = 0; i < row; i += 16) v128.store(o + i, f32x4.add(v128.load(o + i), v128.load(from + i)));
          }
        }
      }
    }
  }
}

/**
 * Lists of one output pixel: weight rows by motif, appended at `e`; where they begin and the last one ends goes to `at` (u16 units from `base`). Returns the end.
 * `offsets` are the image's. Up to 7 entries more are written and void.
 */
@inline
function gather(
  oy: i32, ox: i32, motifs: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  offsets: usize, events: usize, base: usize, at: usize, e: usize,
): usize {
  const size = up ? 2 : 3, y0 = oy * stride - pad, x0 = ox * stride - pad;
  const y = up ? y0 >> 1 : y0, x = up ? x0 >> 1 : x0;
  const first = max(0, -x), last = min(size, width - x);
  const rows0 = max(0, -y), rows1 = min(size, height - y);
  const parity = up ? (((y0 & 1) << 1) | (x0 & 1)) << 2 : 0;
  const plane = <usize>(height * width) << 2, run = <usize>(last - first) << 2;
  const two = rows1 - rows0 > 1, three = rows1 - rows0 > 2, line = <usize>width << 2;
  // What turns entries into weight rows, of the first row under the window and from a row to the next.
  const by = i16x8.splat(<i16>((parity + rows0 * size - x) * channels)), next = i16x8.splat(<i16>(size * channels)), third = i16x8.add(i16x8.add(by, next), next);
  let place = offsets + (<usize>((y + rows0) * width + x + first) << 2);
  for (let m = 0; m < motifs; m++, at += 4, offsets += plane, place += plane) {
    store<i32>(at, <i32>((e - base) >> 1));
    // Else nowhere in this image, or no pixel under the window.
    if (load<i32>(offsets) != load<i32>(offsets + plane) && first < last && rows0 < rows1) {
      e = copyRun(place, run, by, events, e);
      if (two) e = copyRun(place + line, run, i16x8.add(by, next), events, e);
      if (three) e = copyRun(place + 2 * line, run, third, events, e);
    }
  }
  store<i32>(at, <i32>((e - base) >> 1));
  return e;
}

/** Copies to `e` the events between the offset at `place` and the one `run` bytes further, `by` added to each; returns the end. */
@inline
function copyRun(place: usize, run: usize, by: v128, events: usize, e: usize): usize {
  const from = load<i32>(place), entries = events + (<usize>from << 1), bytes = <usize>(load<i32>(place + run) - from) << 1;
  // Most runs are of eight at most: the first copy is made without asking.
  v128.store(e, i16x8.add(v128.load(entries), by));
  for (let i: usize = 16; i < bytes; i += 16) v128.store(e + i, i16x8.add(v128.load(entries + i), by));
  return e + bytes;
}

/**
 * Elementwise maximum of four rows of 16, `apart` bytes from each other, to `out`, and which of the four it was (the first, on ties) as 16 bytes to
 * `winner` (0: not wanted).
 */
function maxOfFour(rows: usize, apart: usize, out: usize, winner: usize): void {
  let packedLow = i32x4.splat(0), packedHigh = packedLow;
  for (let v: usize = 0; v < 64; v += 16) {
    let best = v128.load(rows + v), which = i32x4.splat(0);
    for (let q = 1; q < 4; q++) {
      const other = v128.load(rows + v + <usize>q * apart);
      which = later(which, q, other, best);
      best = f32x4.pmax(best, other);
    }
    v128.store(out + v, best);
    if (v == 0) packedLow = which;
    else if (v == 16) packedLow = i16x8.narrow_i32x4_s(packedLow, which);
    else if (v == 32) packedHigh = which;
    else packedHigh = i16x8.narrow_i32x4_s(packedHigh, which);
  }
  if (winner) v128.store(winner, i8x16.narrow_i16x8_u(packedLow, packedHigh));
}

/** Numbers of the winners so far, where q is higher than all before: q where `other` is greater than `best`. */
@inline
function later(which: v128, q: i32, other: v128, best: v128): v128 {
  return i32x4.max_s(which, v128.and(i32x4.splat(q), f32x4.gt(other, best)));
}

/**
 * Max-pools the drives of four pixels, whose motifs' sums lie `apart` bytes from each other: z[t] and winner[t] (where `winner` is not 0) of one pooled
 * pixel, for planes of `pixels` rows. `rows`: scratch for 4 * steps rows.
 */
function pooledSteps(
  sums: usize, apart: usize, steps: i32, periods: i32, c: usize, z: usize, winner: usize, pixels: i32, rows: usize,
): void {
  if (steps != 4) {
    for (let q = 0; q < 4; q++) stepsOfMotifs(sums + <usize>q * apart, steps, periods, c, rows + (<usize>(q * steps) << ROW), 64);
    for (let t = 0; t < steps; t++, z += <usize>pixels << ROW, winner += winner ? <usize>pixels << 4 : 0) {
      maxOfFour(rows + (<usize>t << ROW), <usize>steps << ROW, z, winner);
    }
    return;
  }
  const plane = <usize>pixels << ROW, hop = <usize>pixels << 4;
  for (let v: usize = 0; v < 4; v++) {
    let s = sums + (v << 4), o = z + (v << 4);
    const all = v128.load(s), odd = f32x4.add(all, v128.load(s, 64));
    let z0 = f32x4.add(all, v128.load(s, 128)), z1 = f32x4.add(odd, v128.load(s, 192));
    let z2 = f32x4.add(all, v128.load(s, 256)), z3 = f32x4.add(odd, v128.load(s, 320));
    if (winner) {
      const chosen = winner + (v << 2);
      let q0 = i32x4.splat(0), q1 = q0, q2 = q0, q3 = q0;
      for (let q = 1; q < 4; q++) {
        s += apart;
        const every = v128.load(s), second = f32x4.add(every, v128.load(s, 64));
        const y0 = f32x4.add(every, v128.load(s, 128)), y1 = f32x4.add(second, v128.load(s, 192));
        q0 = later(q0, q, y0, z0); z0 = f32x4.pmax(z0, y0);
        q1 = later(q1, q, y1, z1); z1 = f32x4.pmax(z1, y1);
        const y2 = f32x4.add(every, v128.load(s, 256)), y3 = f32x4.add(second, v128.load(s, 320));
        q2 = later(q2, q, y2, z2); z2 = f32x4.pmax(z2, y2);
        q3 = later(q3, q, y3, z3); z3 = f32x4.pmax(z3, y3);
      }
      const bytes = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(q0, q1), i16x8.narrow_i32x4_s(q2, q3));
      v128.store32_lane(chosen, bytes, 0); v128.store32_lane(chosen + hop, bytes, 1);
      v128.store32_lane(chosen + 2 * hop, bytes, 2); v128.store32_lane(chosen + 3 * hop, bytes, 3);
    } else {
      for (let q = 1; q < 4; q++) {
        s += apart;
        const every = v128.load(s), second = f32x4.add(every, v128.load(s, 64));
        z0 = f32x4.pmax(z0, f32x4.add(every, v128.load(s, 128))); z1 = f32x4.pmax(z1, f32x4.add(second, v128.load(s, 192)));
        z2 = f32x4.pmax(z2, f32x4.add(every, v128.load(s, 256))); z3 = f32x4.pmax(z3, f32x4.add(second, v128.load(s, 320)));
      }
    }
    const constant = c ? v128.load(c + (v << 4)) : f32x4.splat(0);
    v128.store(o, f32x4.add(z0, constant)); v128.store(o + plane, f32x4.add(z1, constant));
    v128.store(o + 2 * plane, f32x4.add(z2, constant)); v128.store(o + 3 * plane, f32x4.add(z3, constant));
  }
}

/**
 * Forward convolution; items are groups of images. `steps` distinct time steps under periods + steps motifs; `offsets` and `events` as `emit` leaves
 * them with wrap = width and offsets a pixel. With `up` the weights are `collapse`d ones. outHeight and outWidth are those of the
 * convolution, before pooling. z, winner (0: not wanted): [tile][image][step][pooled pixel][16]; moments a chunk of one image.
 * Scratch a thread: `listCapacity` u16; where the lists of `blockPixels` output pixels begin; their records; counts of lengths; sums of these lists, and one
 * tile's rows of the pixels under one pooled pixel (see ConvSynapses); both limits leave room for one pooled pixel's lists at their longest.
 */
export function convolve(
  begin: i32, end: i32, thread: i32,
  images: i32, group: i32, steps: i32, periods: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32,
  offsets: usize, events: usize, weights: usize, bias: usize, z: usize, winner: usize, moments: usize,
  scratch: usize, scratchStride: i32, blockPixels: i32, listCapacity: i32,
): void {
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, pixels = ph * pw, inner = pool ? 4 : 1;
  const motifs = periods + steps, offsetsAnImage = <usize>(motifs * height * width + 1) << 2;
  const taps = up ? 4 : 9, lists = scratch + <usize>thread * scratchStride;
  const starts = lists + (<usize>listCapacity << 1), startsAPixel = <usize>(motifs + 1) << 2;
  const records = starts + <usize>blockPixels * startsAPixel, lengths = records + <usize>(blockPixels * motifs) * RECORD;
  const sums = lengths + (<usize>(taps * channels + 1) << 2) + 63 & ~63, sumsAPixel = <usize>motifs << ROW;
  const rows = sums + <usize>blockPixels * sumsAPixel;
  // The longest lists one pooled pixel can have: each neuron under its windows listed at every step.
  const longest = <usize>(inner * steps * taps * channels + 8) << 1;
  const limit = lists + (<usize>listCapacity << 1) - longest;
  const tileBytes = <usize>((up ? 16 : 9) * channels) << ROW, plane = <usize>pixels << ROW;
  memory.fill(lengths, 0, <usize>(taps * channels + 1) << 2);
  for (let item = begin; item < end; item++) {
    const from = item * group, to = min(images, from + group), units = (to - from) * pixels;
    let unit = 0;
    while (unit < units) {
      // A block of pooled pixels, over image borders, until its lists fill the scratch.
      const blockBegin = unit;
      let e = lists, at = starts, used = 0;
      for (; unit < units && used + inner <= blockPixels && e <= limit; unit++, used += inner) {
        const b = unit / pixels, p = unit - b * pixels, py = p / pw, px = p - py * pw;
        const own = offsets + <usize>(from + b) * offsetsAnImage;
        for (let q = 0; q < inner; q++, at += startsAPixel) {
          const oy = pool ? 2 * py + (q >> 1) : py, ox = pool ? 2 * px + (q & 1) : px;
          e = gather(oy, ox, motifs, height, width, up, stride, pad, channels, own, events, lists, at, e);
        }
      }
      const last = sortLists(used, motifs, starts, lists, lengths, records);
      for (let tile = 0; tile < tiles; tile++) {
        const w = weights + <usize>tile * tileBytes, c = bias ? bias + (<usize>tile << ROW) : 0;
        sumLists(records, last, w, sums);
        let b = blockBegin / pixels, p = blockBegin - b * pixels, own = sums;
        for (let u = blockBegin; u < unit; u++, p++, own += <usize>inner * sumsAPixel) {
          if (p == pixels) { p = 0; b++; }
          const place = (<usize>(tile * images + from + b) * steps) * pixels + p;
          if (pool) pooledSteps(own, sumsAPixel, steps, periods, c, z + (place << ROW), winner ? winner + (place << 4) : 0, pixels, rows);
          else stepsOfMotifs(own, steps, periods, c, z + (place << ROW), plane);
        }
      }
    }
    if (!moments) continue;
    for (let tile = 0; tile < tiles; tile++) {
      for (let b = from; b < to; b++) {
        const chunk = <usize>(tile * images + b);
        chunkMoments(z + (chunk * steps * pixels << ROW), steps * pixels, moments + (chunk << 7));
      }
    }
  }
}
