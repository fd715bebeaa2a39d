/**
 * 3x3 convolutions of spikes, channels last, optional nearest x2 upsampling before and 2x2 max-pooling after.
 *
 *   z[o] = bias + sum over taps k, fired channels c at the pixel under k of W[k, c]
 *
 * Weights: [tile][ky][kx * channels + c][16]. Event entries are x * channels + c within an image row, so the pixels under one kernel row
 * are one run of events, and entry - x0 * channels is the weight row: three runs an output pixel. Upsampled pixels share their source's
 * events, one run a tap. Items are groups of images: a weight tile is used for a whole group while it lies in the cache.
 */
import { ROW, chunkMoments } from "./lanes";

/** Sum under one output pixel (oy, ox), stored at `out`. `offsets` and the entries are those of one image and step. */
@inline
function pixelSum(
  oy: i32, ox: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  offsets: usize, events: usize, w: usize, c: usize, out: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  let b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  if (c) { a0 = v128.load(c); a1 = v128.load(c, 16); a2 = v128.load(c, 32); a3 = v128.load(c, 48); }
  const x0 = ox * stride - pad;
  const first = max(0, -x0), end = min(3, (width << up) - x0);
  for (let ky = 0; ky < 3; ky++) {
    const ly = oy * stride - pad + ky;
    if (ly < 0 || ly >= height << up) continue;
    const line = (ly >> up) * width;
    // Without upsampling the taps first..end are one run; with it each tap is a run of its own.
    for (let kx = first; kx < end; kx = up ? kx + 1 : end) {
      const sx = (x0 + kx) >> up;
      const at = offsets + (<usize>(line + sx) << 2);
      let e = events + (<usize>load<i32>(at) << 1);
      const last = events + (<usize>load<i32>(at + (<usize>(up ? 1 : end - kx) << 2)) << 1);
      const base = w + ((<usize>(ky * 3 + kx - sx) * channels) << ROW);
      for (; e + 2 < last; e += 4) {
        const p = base + (<usize>load<u16>(e) << ROW), q = base + (<usize>load<u16>(e, 2) << ROW);
        a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
        a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
        b0 = f32x4.add(b0, v128.load(q)); b1 = f32x4.add(b1, v128.load(q, 16));
        b2 = f32x4.add(b2, v128.load(q, 32)); b3 = f32x4.add(b3, v128.load(q, 48));
      }
      if (e < last) {
        const p = base + (<usize>load<u16>(e) << ROW);
        a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
        a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
      }
    }
  }
  v128.store(out, f32x4.add(a0, b0)); v128.store(out, f32x4.add(a1, b1), 16);
  v128.store(out, f32x4.add(a2, b2), 32); v128.store(out, f32x4.add(a3, b3), 48);
}

/** Sum under one output pixel of a real-valued input; `x` is one image, rows of width * channels floats. */
@inline
function pixelProduct(
  oy: i32, ox: i32, height: i32, width: i32, stride: i32, pad: i32, channels: i32,
  x: usize, w: usize, c: usize, out: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  if (c) { a0 = v128.load(c); a1 = v128.load(c, 16); a2 = v128.load(c, 32); a3 = v128.load(c, 48); }
  const x0 = ox * stride - pad;
  const first = max(0, -x0), end = min(3, width - x0);
  for (let ky = 0; ky < 3; ky++) {
    const ly = oy * stride - pad + ky;
    if (ly < 0 || ly >= height) continue;
    let p = x + (<usize>(ly * width + x0 + first) * channels << 2);
    const last = x + (<usize>(ly * width + x0 + end) * channels << 2);
    let q = w + (<usize>(ky * 3 + first) * channels << ROW);
    for (; p < last; p += 4, q += 64) {
      const u = v128.load32_splat(p);
      a0 = f32x4.add(a0, f32x4.mul(u, v128.load(q))); a1 = f32x4.add(a1, f32x4.mul(u, v128.load(q, 16)));
      a2 = f32x4.add(a2, f32x4.mul(u, v128.load(q, 32))); a3 = f32x4.add(a3, f32x4.mul(u, v128.load(q, 48)));
    }
  }
  v128.store(out, a0); v128.store(out, a1, 16); v128.store(out, a2, 32); v128.store(out, a3, 48);
}

/** Elementwise maximum of four rows of 16 at `rows`, to `out`, and which of the four it was (the first, on ties) as 16 bytes to `winner`. */
function maxOfFour(rows: usize, out: usize, winner: usize): void {
  let packedLow = i32x4.splat(0), packedHigh = packedLow;
  for (let v: usize = 0; v < 64; v += 16) {
    let best = v128.load(rows + v), which = i32x4.splat(0);
    for (let q = 1; q < 4; q++) {
      const other = v128.load(rows + v + (<usize>q << ROW));
      const better = f32x4.gt(other, best);
      best = v128.bitselect(other, best, better);
      which = v128.bitselect(i32x4.splat(q), which, better);
    }
    v128.store(out + v, best);
    if (v == 0) packedLow = which;
    else if (v == 16) packedLow = i16x8.narrow_i32x4_s(packedLow, which);
    else if (v == 32) packedHigh = which;
    else packedHigh = i16x8.narrow_i32x4_s(packedHigh, which);
  }
  v128.store(winner, i8x16.narrow_i16x8_u(packedLow, packedHigh));
}

/**
 * Forward convolution. `steps` distinct time steps; `offsets` and `events` as `emit` leaves them with wrap = width and offsets a pixel, or,
 * where `x` is not 0, a real-valued input [image][height][width][channels] of `xStride` floats an image (one step, no upsampling).
 * outHeight and outWidth are those of the convolution, before pooling. z, winner: [tile][image][step][pooled pixel][16]; moments a chunk of one image.
 */
export function convolve(
  begin: i32, end: i32, thread: i32,
  images: i32, group: i32, steps: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32, xStride: i32,
  x: usize, offsets: usize, events: usize, weights: usize, bias: usize, z: usize, winner: usize, moments: usize, scratch: usize, scratchStride: i32,
): void {
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, pixels = ph * pw;
  const four = scratch + <usize>thread * scratchStride;
  const rows = steps * height * width;
  for (let item = begin; item < end; item++) {
    const from = item * group, to = min(images, from + group);
    for (let tile = 0; tile < tiles; tile++) {
      const w = weights + (<usize>tile * 9 * channels << ROW);
      const c = bias ? bias + (<usize>tile << ROW) : 0;
      for (let b = from; b < to; b++) {
        const block = <usize>(tile * images + b) * steps * pixels;
        let out = z + (block << ROW), chosen = winner + (block << 4);
        const picture = x + (<usize>b * xStride << 2);
        for (let t = 0; t < steps; t++) {
          const lists = offsets + (<usize>(b * (rows + 1) + t * height * width) << 2);
          for (let py = 0; py < ph; py++) {
            for (let px = 0; px < pw; px++, out += 64, chosen += 16) {
              if (pool) {
                for (let q = 0; q < 4; q++) {
                  const oy = 2 * py + (q >> 1), ox = 2 * px + (q & 1), at = four + (<usize>q << ROW);
                  if (x) pixelProduct(oy, ox, height, width, stride, pad, channels, picture, w, c, at);
                  else pixelSum(oy, ox, height, width, up, stride, pad, channels, lists, events, w, c, at);
                }
                maxOfFour(four, out, chosen);
              } else if (x) pixelProduct(py, px, height, width, stride, pad, channels, picture, w, c, out);
              else pixelSum(py, px, height, width, up, stride, pad, channels, lists, events, w, c, out);
            }
          }
        }
        if (moments) chunkMoments(z + (block << ROW), steps * pixels, moments + (<usize>(tile * images + b) << 7));
      }
    }
  }
}
