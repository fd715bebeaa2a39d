/**
 * Weight gradients of 3x3 convolutions.
 *
 *   dL/dW[k, c] = sum over motifs and input pixels that list c of the motif's dL/dz at the output pixel that saw it under tap k
 *
 * where a motif's dL/dz is the sum over the steps it holds. For a group of images: (1) the gradient tile is laid out, a motif, on the input's
 * (upsampled) pixel grid with a border of zeros, so that no tap needs a bounds check: pooled gradients return to the winner of their four,
 * strides leave zeros, and for upsampled inputs the four logical pixels of a source are added up first; (2) the events become, a channel, a list of
 * byte offsets into these planes; (3) each list is walked once a kernel row and half tile with the sums of its three taps in six registers. Items
 * are tiles of output channels, so no sum is split over threads.
 */
import { ROW, columnSums, ended } from "./lanes";
import { finishNorm } from "./correlate";

/** log2 of the bytes of half a row: 8 units. */
const HALF: usize = 5;

/** Adds the first `vectors` vectors of a row of gradients to the half planes: the lanes whose pooled winner is `q`, all where `winner` is 0. */
@inline
function addRow(plane: usize, halves: usize, vectors: usize, row: usize, winner: usize, q: i32): void {
  for (let v: usize = 0; v < vectors; v++) {
    let value = v128.load(row + (v << 4));
    if (winner) value = v128.and(value, won(winner + (v << 2), q));
    const at = plane + (v >> 1) * halves + ((v & 1) << 4);
    v128.store(at, f32x4.add(v128.load(at), value));
  }
}

/**
 * The gradient of one image and step on the plane of (planeHeight x planeWidth) half rows of 8, the other half `halves` bytes further:
 * plane[q + 2] = G at output position q, where positions count input pixels (stride: zeros between). With `up`, a source pixel's four logical pixels
 * see positions q, q+1: summed here.
 */
function layOut(
  plane: usize, halves: usize, vectors: usize, planeHeight: i32, planeWidth: i32, g: usize, winner: usize,
  outHeight: i32, outWidth: i32, stride: i32, pool: i32, up: i32,
): void {
  memory.fill(plane, 0, <usize>planeHeight * planeWidth << HALF);
  if (vectors > 2) memory.fill(plane + halves, 0, <usize>planeHeight * planeWidth << HALF);
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, inner = pool ? 4 : 1;
  for (let py = 0; py < ph; py++) {
    for (let px = 0; px < pw; px++, g += 64, winner += 16) {
      for (let q = 0; q < inner; q++) {
        const oy = (pool ? 2 * py + (q >> 1) : py) * stride + 2, ox = (pool ? 2 * px + (q & 1) : px) * stride + 2;
        for (let dy = 0; dy <= up; dy++) {
          for (let dx = 0; dx <= up; dx++) {
            const y = oy - dy, x = ox - dx;
            if (y < planeHeight && x < planeWidth) addRow(plane + (<usize>(y * planeWidth + x) << HALF), halves, vectors, g, pool ? winner : 0, q);
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
  plane: usize, halves: usize, vectors: usize, planeWidth: i32, g: usize, outHeight: i32, outWidth: i32,
): void {
  const row = <usize>outWidth << ROW;
  for (let y = 1; y <= outHeight + 1; y++) {
    const above = y >= 2, below = y <= outHeight;
    // The gradients at (y - 2, x - 2): the first of the four.
    let from = g + <usize>(y - 2) * row - 64, to = plane + (<usize>(y * planeWidth + 1) << HALF);
    for (let x = 1; x <= outWidth + 1; x++, from += 64, to += 32) {
      const left = x >= 2, right = x <= outWidth;
      for (let v: usize = 0; v < vectors; v++) {
        const p = from + (v << 4);
        let sum = f32x4.splat(0);
        if (above && left) sum = f32x4.add(sum, v128.load(p));
        if (above && right) sum = f32x4.add(sum, v128.load(p, 64));
        if (below && left) sum = f32x4.add(sum, v128.load(p + row));
        if (below && right) sum = f32x4.add(sum, v128.load(p + row, 64));
        v128.store(to + (v >> 1) * halves + ((v & 1) << 4), sum);
      }
    }
  }
}

/** Lanes of the four whose winner (bytes at `winner`) is q. */
@inline
function won(winner: usize, q: i32): v128 {
  return i32x4.eq(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(winner))), i32x4.splat(q));
}

/**
 * Pooled gradients by motif to the planes of one image, where every inner position is written once and the border stays zero. The winners differ
 * from step to step, so steps are masked by theirs before a motif adds them up. `k`: coefficients that end the norm's gradient (0: none).
 */
function layOutPooled(
  planes: usize, halves: usize, vectors: usize, planeBytes: usize, planeWidth: i32, steps: i32, periods: i32, pooledHeight: i32, pooledWidth: i32,
  g: usize, z: usize, k: usize, kStride: usize, winner: usize,
): void {
  const pixels = pooledHeight * pooledWidth, plane = <usize>pixels << ROW, normed = k != 0, zero = f32x4.splat(0);
  for (let v: usize = 0; v < vectors; v++) {
    const lane = v << 4, own = planes + (v >> 1) * halves + ((v & 1) << 4), singles = own + <usize>periods * planeBytes;
    let k0 = zero, k1 = zero, k2 = zero;
    if (normed) { k0 = v128.load(k + lane); k1 = v128.load(k + kStride + lane); k2 = v128.load(k + 2 * kStride + lane); }
    for (let p = 0; p < pixels; p++) {
      const y = p / pooledWidth, x = p - y * pooledWidth;
      const at = <usize>((2 * y + 2) * planeWidth + 2 * x + 2) << HALF;
      let from = g + (<usize>p << ROW) + lane, drive = z + (<usize>p << ROW) + lane, chosen = winner + (<usize>p << 4) + (v << 2);
      if (steps == 4) {
        const hop = <usize>pixels << 4;
        const x0 = ended(from, drive, normed, k0, k1, k2), x1 = ended(from + plane, drive + plane, normed, k0, k1, k2);
        const x2 = ended(from + 2 * plane, drive + 2 * plane, normed, k0, k1, k2), x3 = ended(from + 3 * plane, drive + 3 * plane, normed, k0, k1, k2);
        for (let q = 0; q < 4; q++) {
          const o = own + at + (<usize>((q >> 1) * planeWidth + (q & 1)) << HALF);
          const y0 = v128.and(x0, won(chosen, q)), y1 = v128.and(x1, won(chosen + hop, q));
          const y2 = v128.and(x2, won(chosen + 2 * hop, q)), y3 = v128.and(x3, won(chosen + 3 * hop, q));
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
        for (let q = 0; q < 4; q++) v128.store(o + (<usize>((q >> 1) * planeWidth + (q & 1)) << HALF), v128.and(value, won(chosen, q)));
      }
      for (let m = 0; m < periods; m++) {
        for (let q = 0; q < 4; q++) {
          const o = at + (<usize>((q >> 1) * planeWidth + (q & 1)) << HALF);
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

/** Adds to the weight gradients of three taps, 8 units each, `step` bytes apart at `o`, what the plane holds at the listed offsets. */
@inline
function addTaps(e: usize, last: usize, shifted: usize, o: usize, step: usize): void {
  // Tap 0 is the furthest in the plane. Six sums: with twelve, for 16 units at once, the compiler keeps half of them in memory.
  let a0 = v128.load(o + 2 * step), a1 = v128.load(o + 2 * step, 16), b0 = v128.load(o + step), b1 = v128.load(o + step, 16);
  let c0 = v128.load(o), c1 = v128.load(o, 16);
  for (; e < last; e += 4) {
    const p = shifted + load<u32>(e);
    a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
    b0 = f32x4.add(b0, v128.load(p, 32)); b1 = f32x4.add(b1, v128.load(p, 48));
    c0 = f32x4.add(c0, v128.load(p, 64)); c1 = f32x4.add(c1, v128.load(p, 80));
  }
  v128.store(o + 2 * step, a0); v128.store(o + 2 * step, a1, 16);
  v128.store(o + step, b0); v128.store(o + step, b1, 16);
  v128.store(o, c0); v128.store(o, c1, 16);
}

/** Event-driven weight and bias gradient; arguments as `convolve`. Scratch a thread: counts, lists and planes, see ConvSynapses. */
export function convolveGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, group: i32, steps: i32, periods: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32, outChannels: i32,
  offsets: usize, events: usize, g: usize, z: usize, winner: usize, coefficients: usize, dWeights: usize, dBias: usize,
  scratch: usize, scratchStride: i32,
): void {
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, pixels = ph * pw;
  const planeHeight = (height << up) + pad + 2, planeWidth = (width << up) + pad + 2, planeBytes = <usize>planeHeight * planeWidth << HALF;
  const motifs = periods + steps;
  const perImage = motifs * height * width, capacity = group * steps * height * width;
  const counts = scratch + <usize>thread * scratchStride;
  const lists = counts + ((<usize>channels + 15 & ~15) << 2);
  const planes = lists + (<usize>channels * capacity << 2) + 63 & ~63, halves = <usize>(group * motifs) * planeBytes;
  // Every inner position is written anew for each image; the border stays as it is here.
  const direct = pool && stride == 1 && !up;
  memory.fill(planes, 0, 2 * halves);
  memory.fill(dWeights + (<usize>begin * 9 * channels << ROW), 0, <usize>(end - begin) * 9 * channels << ROW);
  const onTheWay = direct && !dBias;
  for (let tile = begin; tile < end; tile++) {
    const start = <usize>tile * images * steps * pixels << ROW;
    if (coefficients && !onTheWay) finishNorm(g + start, z + start, images * steps * pixels, 64, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    if (dBias) columnSums(g + start, images * steps * pixels, 64, dBias + (<usize>tile << ROW));
  }
  for (let from = 0; from < images; from += group) {
    const to = min(images, from + group);
    memory.fill(counts, 0, <usize>channels << 2);
    for (let b = from; b < to; b++) {
      let at = offsets + (<usize>b * (perImage + 1) << 2);
      for (let m = 0; m < motifs; m++) {
        const plane = <usize>((b - from) * motifs + m) * planeBytes;
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++, at += 4) {
            const offset = <u32>(plane + (<usize>(((y << up) + pad + 2) * planeWidth + (x << up) + pad + 2) << HALF));
            let e = events + (<usize>load<i32>(at) << 1);
            const last = events + (<usize>load<i32>(at, 4) << 1);
            for (; e < last; e += 2) {
              const c = <i32>load<u16>(e) - x * channels;
              const count = counts + (<usize>c << 2), n = load<i32>(count);
              store<u32>(lists + (<usize>(c * capacity + n) << 2), offset);
              store<i32>(count, n + 1);
            }
          }
        }
      }
    }
    for (let tile = begin; tile < end; tile++) {
      // Vectors of four units: none for half a tile of padding, as where three channels are redrawn.
      const vectors: usize = outChannels - (tile << 4) > 8 ? 4 : 2;
      const k = coefficients && onTheWay ? coefficients + (<usize>tile << ROW) : 0;
      for (let b = from; b < to; b++) {
        const own = planes + <usize>(b - from) * motifs * planeBytes;
        const block = <usize>(tile * images + b) * steps * pixels;
        if (direct) {
          layOutPooled(own, halves, vectors, planeBytes, planeWidth, steps, periods, ph, pw, g + (block << ROW), z + (block << ROW), k, <usize>tiles << ROW, winner + (block << 4));
          continue;
        }
        for (let t = 0; t < steps; t++) {
          const start = block + <usize>t * pixels, single = own + <usize>(periods + t) * planeBytes;
          if (up && stride == 1 && !pool) {
            layOutUpsampled(single, halves, vectors, planeWidth, g + (start << ROW), outHeight, outWidth);
          } else layOut(
            single, halves, vectors, planeHeight, planeWidth, g + (start << ROW), winner + (start << 4),
            outHeight, outWidth, stride, pool, up,
          );
        }
        sumPlanes(own, planeBytes, steps, periods);
        if (vectors > 2) sumPlanes(own + halves, planeBytes, steps, periods);
      }
      for (let half: usize = 0; half < vectors >> 1; half++) {
        for (let ky = 0; ky < 3; ky++) {
          // Tap (ky, kx) of an event sees the plane at its offset minus (ky, kx); kx = 2, 1, 0 are neighbours in memory.
          const shifted = planes + half * halves - (<usize>(ky * planeWidth + 2) << HALF), step = <usize>channels << ROW;
          let o = dWeights + (<usize>((tile * 3 + ky) * 3 * channels) << ROW) + (half << HALF);
          for (let c = 0; c < channels; c++, o += 64) {
            let e = lists + (<usize>c * capacity << 2);
            const last = e + (<usize>load<i32>(counts + (<usize>c << 2)) << 2);
            if (e != last) addTaps(e, last, shifted, o, step);
          }
        }
      }
    }
  }
}
