/**
 * Weight gradients of 3x3 convolutions.
 *
 *   dL/dW[k, c] = sum over motifs and input pixels that list c of the motif's dL/dz at the output pixel that saw it under tap k
 *
 * where a motif's dL/dz is the sum over the steps it holds. For a group of images: (1) the gradient tile is laid out, a motif, on the input's
 * (upsampled) pixel grid with a border of zeros, so that no tap needs a bounds check: pooled gradients return to the winner of their four,
 * strides leave zeros, and for upsampled inputs the four logical pixels of a source are added up first; (2) the events become, a channel, a list of
 * byte offsets into these planes; (3) each list is walked once a quarter tile with the sums of its nine taps in as many registers, some planes at a
 * time, which all channels' lists then find in the nearest cache. Items are tiles of output channels, so no sum is split over threads.
 */
import { ROW, columnSums, ended } from "./lanes";
import { finishNorm } from "./correlate";

/** log2 of the bytes of a quarter of a row: 4 units. */
const QUARTER: usize = 4;

/** Adds the first `vectors` vectors of a row of gradients to their planes: the lanes whose pooled winner is `q`, all where `winner` is 0. */
@inline
function addRow(plane: usize, quarters: usize, vectors: usize, row: usize, winner: usize, q: i32): void {
  for (let v: usize = 0; v < vectors; v++, plane += quarters) {
    let value = v128.load(row + (v << 4));
    if (winner) value = v128.and(value, won(winner + (v << 2), q));
    v128.store(plane, f32x4.add(v128.load(plane), value));
  }
}

/**
 * The gradient of one image and step on the plane of (planeHeight x planeWidth) quarter rows of 4, the next four units' plane `quarters` bytes further:
 * plane[q + 2] = G at output position q, where positions count input pixels (stride: zeros between). With `up`, a source pixel's four logical pixels
 * see positions q, q+1: summed here.
 */
function layOut(
  plane: usize, quarters: usize, vectors: usize, planeHeight: i32, planeWidth: i32, g: usize, winner: usize,
  outHeight: i32, outWidth: i32, stride: i32, pool: i32, up: i32,
): void {
  for (let v: usize = 0; v < vectors; v++) memory.fill(plane + v * quarters, 0, <usize>planeHeight * planeWidth << QUARTER);
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, inner = pool ? 4 : 1;
  for (let py = 0; py < ph; py++) {
    for (let px = 0; px < pw; px++, g += 64, winner += 16) {
      for (let q = 0; q < inner; q++) {
        const oy = (pool ? 2 * py + (q >> 1) : py) * stride + 2, ox = (pool ? 2 * px + (q & 1) : px) * stride + 2;
        for (let dy = 0; dy <= up; dy++) {
          for (let dx = 0; dx <= up; dx++) {
            const y = oy - dy, x = ox - dx;
            if (y < planeHeight && x < planeWidth) addRow(plane + (<usize>(y * planeWidth + x) << QUARTER), quarters, vectors, g, pool ? winner : 0, q);
          }
        }
      }
    }
  }
}

/**
 * `layOut` of an upsampled input at stride 1, from the planes' side: a position is the sum of the 2x2 gradients that see it, added up in `layOut`'s
 * order. The same positions are written each time; the border stays as it is.
 */
function layOutUpsampled(
  plane: usize, quarters: usize, vectors: usize, planeWidth: i32, g: usize, outHeight: i32, outWidth: i32,
): void {
  const row = <usize>outWidth << ROW;
  for (let y = 1; y <= outHeight + 1; y++) {
    const above = y >= 2, below = y <= outHeight;
    // The gradients at (y - 2, x - 2): the first of the four.
    let from = g + <usize>(y - 2) * row - 64, to = plane + (<usize>(y * planeWidth + 1) << QUARTER);
    for (let x = 1; x <= outWidth + 1; x++, from += 64, to += 16) {
      const left = x >= 2, right = x <= outWidth;
      for (let v: usize = 0; v < vectors; v++) {
        const p = from + (v << 4);
        let sum = f32x4.splat(0);
        if (above && left) sum = f32x4.add(sum, v128.load(p));
        if (above && right) sum = f32x4.add(sum, v128.load(p, 64));
        if (below && left) sum = f32x4.add(sum, v128.load(p + row));
        if (below && right) sum = f32x4.add(sum, v128.load(p + row, 64));
        v128.store(to + v * quarters, sum);
      }
    }
  }
}

/** The winners of four lanes (bytes at `at`). */
@inline
function winners(at: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(at)));
}

/** Lanes of the four whose winner (bytes at `winner`) is q. */
@inline
function won(winner: usize, q: i32): v128 {
  return i32x4.eq(winners(winner), i32x4.splat(q));
}

/**
 * Pooled gradients by motif to the planes of one image, where every inner position is written once and the border stays zero. The winners differ
 * from step to step, so steps are masked by theirs before a motif adds them up. `k`: coefficients that end the norm's gradient (0: none).
 */
function layOutPooled(
  planes: usize, quarters: usize, vectors: usize, planeBytes: usize, planeWidth: i32, steps: i32, periods: i32, pooledHeight: i32, pooledWidth: i32,
  g: usize, z: usize, k: usize, kStride: usize, winner: usize,
): void {
  const pixels = pooledHeight * pooledWidth, plane = <usize>pixels << ROW, normed = k != 0, zero = f32x4.splat(0);
  for (let v: usize = 0; v < vectors; v++) {
    const lane = v << 4, own = planes + v * quarters, singles = own + <usize>periods * planeBytes;
    let k0 = zero, k1 = zero, k2 = zero;
    if (normed) { k0 = v128.load(k + lane); k1 = v128.load(k + kStride + lane); k2 = v128.load(k + 2 * kStride + lane); }
    for (let p = 0; p < pixels; p++) {
      const y = p / pooledWidth, x = p - y * pooledWidth;
      const at = <usize>((2 * y + 2) * planeWidth + 2 * x + 2) << QUARTER;
      let from = g + (<usize>p << ROW) + lane, drive = z + (<usize>p << ROW) + lane, chosen = winner + (<usize>p << 4) + (v << 2);
      if (steps == 4) {
        const hop = <usize>pixels << 4;
        const x0 = ended(from, drive, normed, k0, k1, k2), x1 = ended(from + plane, drive + plane, normed, k0, k1, k2);
        const x2 = ended(from + 2 * plane, drive + 2 * plane, normed, k0, k1, k2), x3 = ended(from + 3 * plane, drive + 3 * plane, normed, k0, k1, k2);
        const w0 = winners(chosen), w1 = winners(chosen + hop), w2 = winners(chosen + 2 * hop), w3 = winners(chosen + 3 * hop);
        for (let q = 0; q < 4; q++) {
          const o = own + at + (<usize>((q >> 1) * planeWidth + (q & 1)) << QUARTER), which = i32x4.splat(q);
          const y0 = v128.and(x0, i32x4.eq(w0, which)), y1 = v128.and(x1, i32x4.eq(w1, which));
          const y2 = v128.and(x2, i32x4.eq(w2, which)), y3 = v128.and(x3, i32x4.eq(w3, which));
          const odd = f32x4.add(y1, y3);
          v128.store(o, f32x4.add(f32x4.add(y0, y2), odd)); v128.store(o + planeBytes, odd);
          v128.store(o + 2 * planeBytes, y0); v128.store(o + 3 * planeBytes, y1);
          v128.store(o + 4 * planeBytes, y2); v128.store(o + 5 * planeBytes, y3);
        }
        continue;
      }
      for (let t = 0; t < steps; t++, from += plane, drive += plane, chosen += <usize>pixels << 4) {
        const value = ended(from, drive, normed, k0, k1, k2);
        const o = singles + <usize>t * planeBytes + at;
        for (let q = 0; q < 4; q++) v128.store(o + (<usize>((q >> 1) * planeWidth + (q & 1)) << QUARTER), v128.and(value, won(chosen, q)));
      }
      for (let m = 0; m < periods; m++) {
        for (let q = 0; q < 4; q++) {
          const o = at + (<usize>((q >> 1) * planeWidth + (q & 1)) << QUARTER);
          let sum = v128.load(singles + <usize>m * planeBytes + o);
          for (let t = 2 * m + 1; t < steps; t += m + 1) sum = f32x4.add(sum, v128.load(singles + <usize>t * planeBytes + o));
          v128.store(own + <usize>m * planeBytes + o, sum);
        }
      }
    }
  }
}

/** Period motifs' planes from those of the single steps behind them. */
function sumPlanes(planes: usize, planeBytes: usize, steps: i32, periods: i32): void {
  const singles = planes + <usize>periods * planeBytes;
  for (let m = 0; m < periods; m++) {
    const out = planes + <usize>m * planeBytes;
    memory.copy(out, singles + <usize>m * planeBytes, planeBytes);
    for (let t = 2 * m + 1; t < steps; t += m + 1) {
      const from = singles + <usize>t * planeBytes;
      for (let i: usize = 0; i < planeBytes; i += 16) v128.store(out + i, f32x4.add(v128.load(out + i), v128.load(from + i)));
    }
  }
}

/**
 * Adds to the weight gradients of a channel's nine taps, four units each at `o` in the order of the taps, what the plane holds at the listed offsets.
 * `shifted`: the plane, less the offset of the last tap; `row`: bytes of a row of the plane.
 */
function addTaps(e: usize, last: usize, shifted: usize, row: usize, o: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), b0 = v128.load(o, 48), b1 = v128.load(o, 64), b2 = v128.load(o, 80);
  let c0 = v128.load(o, 96), c1 = v128.load(o, 112), c2 = v128.load(o, 128);
  for (; e < last; e += 4) {
    // Tap (0, 0) is the furthest in the plane.
    let p = shifted + load<u32>(e);
    c2 = f32x4.add(c2, v128.load(p)); c1 = f32x4.add(c1, v128.load(p, 16)); c0 = f32x4.add(c0, v128.load(p, 32));
    p += row;
    // Never so, here and below. V8 moves a basic block's loads to its front: nine beside nine sums do not fit its registers.
    if (p == 0) break;
    b2 = f32x4.add(b2, v128.load(p)); b1 = f32x4.add(b1, v128.load(p, 16)); b0 = f32x4.add(b0, v128.load(p, 32));
    p += row;
    if (p == 0) break;
    a2 = f32x4.add(a2, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16)); a0 = f32x4.add(a0, v128.load(p, 32));
  }
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, b0, 48); v128.store(o, b1, 64); v128.store(o, b2, 80);
  v128.store(o, c0, 96); v128.store(o, c1, 112); v128.store(o, c2, 128);
}

/** For each entry of an image row's events, its pixel and its channel: x << 16 | channel. */
function tabulate(width: i32, channels: i32, table: usize): void {
  for (let x = 0; x < width; x++) {
    for (let c = 0; c < channels; c++, table += 4) store<u32>(table, x << 16 | c);
  }
}

/**
 * Lists the events of planes `first` to `end` (image by image, motif by motif) a channel: byte offsets into the planes, from `list` on, one channel's
 * after the other's, so that a walk over all of them reads on and on. Leaves the addresses where the channels' lists begin at `starts`, and returns where
 * the last ends. `at`: offsets of plane 0; `corner`: where a plane has the first pixel; `shift`: log2 of the bytes from pixel to pixel. `next`: scratch.
 */
function listChannels(
  first: i32, end: i32, motifs: i32, height: i32, width: i32, channels: i32, at: usize, events: usize, table: usize,
  planeBytes: usize, corner: usize, shift: i32, rowBytes: usize, starts: usize, next: usize, list: usize,
): usize {
  memory.fill(next, 0, <usize>channels << 2);
  const pixels = height * width;
  for (let p = first; p < end; p++) {
    // An image has one offset more than rows.
    const own = at + (<usize>(p * pixels + p / motifs) << 2), last = events + (<usize>load<i32>(own + (<usize>pixels << 2)) << 1);
    for (let e = events + (<usize>load<i32>(own) << 1); e < last; e += 2) {
      const count = next + (<usize>load<u16>(table + (<usize>load<u16>(e) << 2)) << 2);
      store<i32>(count, load<i32>(count) + 4);
    }
  }
  for (let c: usize = 0; c < <usize>channels << 2; c += 4) {
    const bytes = load<i32>(next + c);
    store<u32>(starts + c, <u32>list); store<u32>(next + c, <u32>list);
    list += bytes;
  }
  for (let p = first; p < end; p++) {
    let own = at + (<usize>(p * pixels + p / motifs) << 2), row = <usize>p * planeBytes + corner;
    let e = events + (<usize>load<i32>(own) << 1);
    for (let y = 0; y < height; y++, row += rowBytes) {
      own += <usize>width << 2;
      for (const last = events + (<usize>load<i32>(own) << 1); e < last; e += 2) {
        const pixel = load<u32>(table + (<usize>load<u16>(e) << 2)), to = next + (<usize>(pixel & 0xffff) << 2), n = load<u32>(to);
        store<u32>(n, <u32>row + (pixel >> 16 << shift));
        store<u32>(to, n + 4);
      }
    }
  }
  return list;
}

/** A tile's weight gradients from the order in which they are added up, [quarter][channel][tap][4], to that of the weights, [tap][channel][16]. */
function reorder(dWeights: usize, channels: i32, scratch: usize): void {
  memory.copy(scratch, dWeights, <usize>(9 * channels) << ROW);
  for (let from = scratch, out = dWeights; out < dWeights + 64; out += 16) {
    for (let c = 0, o = out; c < channels; c++, o += 64) {
      for (let k = 0, to = o; k < 9; k++, from += 16, to += <usize>channels << ROW) v128.store(to, v128.load(from));
    }
  }
}

/**
 * Event-driven weight and bias gradient; arguments as `convolve`. `group`: images whose planes are laid out together; `planesTogether`: planes that are walked at a time.
 * Scratch a thread: a table of a row's entries, counts a channel, where lists begin, lists, and planes or a tile's weights, see ConvSynapses.
 */
export function convolveGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, group: i32, steps: i32, periods: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32, outChannels: i32,
  offsets: usize, events: usize, g: usize, z: usize, winner: usize, coefficients: usize, dWeights: usize, dBias: usize,
  scratch: usize, scratchStride: i32, planesTogether: i32,
): void {
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, pixels = ph * pw;
  const planeHeight = (height << up) + pad + 2, planeWidth = (width << up) + pad + 2, planeBytes = <usize>planeHeight * planeWidth << QUARTER;
  const motifs = periods + steps;
  const chunks = (group * motifs + planesTogether - 1) / planesTogether, row = <usize>channels << 2;
  const table = scratch + <usize>thread * scratchStride;
  const next = table + <usize>width * row, starts = next + row;
  const lists = starts + <usize>chunks * row + 4;
  const planes = lists + <usize>(group * steps * height * width) * row + 63 & ~63, quarters = <usize>(group * motifs) * planeBytes;
  // Every inner position is written anew for each image; the border stays as it is here.
  const direct = pool && stride == 1 && !up;
  const perImage = motifs * height * width, planeRow = <usize>planeWidth << QUARTER, corner = <usize>(pad + 2) * (planeRow + 16);
  tabulate(width, channels, table);
  memory.fill(planes, 0, 4 * quarters);
  memory.fill(dWeights + (<usize>begin * 9 * channels << ROW), 0, <usize>(end - begin) * 9 * channels << ROW);
  const onTheWay = direct && !dBias;
  for (let tile = begin; tile < end; tile++) {
    const start = <usize>tile * images * steps * pixels << ROW;
    if (coefficients && !onTheWay) finishNorm(g + start, z + start, images * steps * pixels, 64, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    if (dBias) columnSums(g + start, images * steps * pixels, 64, dBias + (<usize>tile << ROW));
  }
  for (let from = 0; from < images; from += group) {
    const to = min(images, from + group), groupPlanes = (to - from) * motifs;
    let list = lists;
    for (let first = 0, s = starts; first < groupPlanes; first += planesTogether, s += row) {
      list = listChannels(
        first, min(groupPlanes, first + planesTogether), motifs, height, width, channels, offsets + (<usize>from * (perImage + 1) << 2), events, table,
        planeBytes, corner, 4 + up, planeRow << up, s, next, list,
      );
      store<u32>(s + row, <u32>list);
    }
    for (let tile = begin; tile < end; tile++) {
      // Vectors of four units: none for padding, as where three channels are reconstructed.
      const vectors = <usize>min(4, outChannels - (tile << 4) + 3 >> 2);
      const k = coefficients && onTheWay ? coefficients + (<usize>tile << ROW) : 0;
      for (let b = from; b < to; b++) {
        const own = planes + <usize>(b - from) * motifs * planeBytes;
        const block = <usize>(tile * images + b) * steps * pixels;
        if (direct) {
          layOutPooled(own, quarters, vectors, planeBytes, planeWidth, steps, periods, ph, pw, g + (block << ROW), z + (block << ROW), k, <usize>tiles << ROW, winner + (block << 4));
          continue;
        }
        for (let t = 0; t < steps; t++) {
          const start = block + <usize>t * pixels, single = own + <usize>(periods + t) * planeBytes;
          if (up && stride == 1 && !pool) {
            layOutUpsampled(single, quarters, vectors, planeWidth, g + (start << ROW), outHeight, outWidth);
          } else layOut(
            single, quarters, vectors, planeHeight, planeWidth, g + (start << ROW), winner + (start << 4),
            outHeight, outWidth, stride, pool, up,
          );
        }
        for (let v: usize = 0; v < vectors; v++) sumPlanes(own + v * quarters, planeBytes, steps, periods);
      }
      // Tap (ky, kx) of an event sees the plane at its offset minus (ky, kx).
      const shifted = planes - 2 * planeRow - 32, sums = dWeights + (<usize>tile * 9 * channels << ROW);
      for (let first = 0, own = starts; first < groupPlanes; first += planesTogether, own += row) {
        for (let v: usize = 0, o = sums; v < vectors; v++) {
          for (let s = own; s < own + row; s += 4, o += 144) {
            const e = <usize>load<u32>(s), last = <usize>load<u32>(s, 4);
            if (e != last) addTaps(e, last, shifted + v * quarters, planeRow, o);
          }
        }
      }
    }
  }
  for (let tile = begin; tile < end; tile++) reorder(dWeights + (<usize>tile * 9 * channels << ROW), channels, planes);
}
