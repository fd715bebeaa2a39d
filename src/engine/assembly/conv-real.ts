/**
 * 3x3 convolutions of real values held over time (the first layer under direct coding), channels last, optional 2x2 max-pooling after.
 *
 *   z[o] = bias + sum over taps k, channels c of x under k times W[k, c]          dW[k, c] = sum over o of x under k times G[o]
 *
 * Both read a picture's planes, one a channel, with a border of zeros, so that no tap needs a bounds check, and first gather what a block of
 * outputs sees, once for all tiles. The inner loops then have two or three addresses and no more loads than registers: V8 moves all loads
 * of a basic block to its front, so one tap a turn is faster than several (measured: 39 against 26 GFLOP/s).
 */
import { ROW, chunkMoments } from "./lanes";

/** Groups of four outputs (forward) and pooled outputs (gradient) whose patches are gathered together: with the weights they fit the first cache. */
export const BLOCK: i32 = 32;

/** Offsets in bytes in a plane of the first tap of each output, the four of a pool together; then the last again up to a multiple of four. */
export function listPlaces(outHeight: i32, outWidth: i32, pool: i32, stride: i32, rowBytes: i32, places: usize): void {
  const rows = pool ? outHeight >> 1 : outHeight, columns = pool ? outWidth >> 1 : outWidth, inner = pool ? 4 : 1;
  let last = 0;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let q = 0; q < inner; q++, places += 4) {
        const oy = pool ? 2 * y + (q >> 1) : y, ox = pool ? 2 * x + (q & 1) : x;
        last = stride * (oy * rowBytes + (ox << 2));
        store<i32>(places, last);
      }
    }
  }
  for (let i = rows * columns * inner; i & 3; i++, places += 4) store<i32>(places, last);
}

/** Writes an image into its bordered planes of `rowBytes` a row and `planeBytes` each; `to` is the first inner pixel. */
export function fillPlanes(image: usize, height: i32, width: i32, channels: i32, rowBytes: usize, planeBytes: usize, to: usize): void {
  const step = <usize>channels << 2;
  for (let y = 0; y < height; y++, to += rowBytes, image += <usize>width * step) {
    for (let c: usize = 0; c < <usize>channels; c++) {
      let from = image + (c << 2), p = to + c * planeBytes;
      const last = p + (<usize>width << 2);
      if (channels == 1) for (; p + 16 <= last; p += 16, from += 16) v128.store(p, v128.load(from));
      for (; p < last; p += 4, from += step) store<f32>(p, load<f32>(from));
    }
  }
}

/** What four outputs see, [ky][kx][channel][4]: the order of the weights. */
function gatherFour(planes: usize, places: usize, channels: i32, rowBytes: usize, planeBytes: usize, patch: usize): void {
  const next = <usize>channels << 4;
  for (let c = 0; c < channels; c++, planes += planeBytes, patch += 16) {
    let p0 = planes + load<u32>(places), p1 = planes + load<u32>(places, 4), p2 = planes + load<u32>(places, 8), p3 = planes + load<u32>(places, 12);
    let to = patch;
    for (let ky = 0; ky < 3; ky++, p0 += rowBytes, p1 += rowBytes, p2 += rowBytes, p3 += rowBytes) {
      for (let x: usize = 0; x < 12; x += 4, to += next) {
        const v = v128.load32_lane(p1 + x, v128.load32_zero(p0 + x), 1);
        v128.store(to, v128.load32_lane(p3 + x, v128.load32_lane(p2 + x, v, 2), 3));
      }
    }
  }
}

/** The same where the four are a pool's at stride 1: they see 4 x 4 pixels, the first at `place`. */
function gatherPool(planes: usize, place: usize, channels: i32, rowBytes: usize, planeBytes: usize, patch: usize): void {
  const next = <usize>channels << 4;
  let p = planes + load<u32>(place);
  for (let c = 0; c < channels; c++, p += planeBytes, patch += 16) {
    let to = patch;
    const r0 = v128.load(p), r1 = v128.load(p + rowBytes), r2 = v128.load(p + 2 * rowBytes), r3 = v128.load(p + 3 * rowBytes);
    v128.store(to, v128.shuffle<f32>(r0, r1, 0, 1, 4, 5)); to += next;
    v128.store(to, v128.shuffle<f32>(r0, r1, 1, 2, 5, 6)); to += next;
    v128.store(to, v128.shuffle<f32>(r0, r1, 2, 3, 6, 7)); to += next;
    v128.store(to, v128.shuffle<f32>(r1, r2, 0, 1, 4, 5)); to += next;
    v128.store(to, v128.shuffle<f32>(r1, r2, 1, 2, 5, 6)); to += next;
    v128.store(to, v128.shuffle<f32>(r1, r2, 2, 3, 6, 7)); to += next;
    v128.store(to, v128.shuffle<f32>(r2, r3, 0, 1, 4, 5)); to += next;
    v128.store(to, v128.shuffle<f32>(r2, r3, 1, 2, 5, 6)); to += next;
    v128.store(to, v128.shuffle<f32>(r2, r3, 2, 3, 6, 7));
  }
}

/** Whether `count` vectors at `p` and at `q` are the same bits. */
function same(p: usize, q: usize, count: i32): bool {
  for (const last = p + (<usize>count << 4); p < last; p += 16, q += 16) {
    if (v128.any_true(v128.xor(v128.load(p), v128.load(q)))) return false;
  }
  return true;
}

/**
 * Forward convolution; items are images. x: [image][height][width][channels], `xStride` floats an image; outHeight and outWidth are those of the
 * convolution, before pooling. z, winner: [tile][image][pooled pixel][16]; the winner (0: not wanted) is which of the four, the first of equal ones; moments a
 * chunk of one image. `scratch`: see `annScratch` in nets/conv.ts.
 */
export function convolveReal(
  begin: i32, end: i32, thread: i32,
  images: i32, height: i32, width: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32, xStride: i32,
  x: usize, weights: usize, bias: usize, z: usize, winner: usize, moments: usize, scratch: usize, scratchStride: i32,
): void {
  const pixels = pool ? (outHeight >> 1) * (outWidth >> 1) : outHeight * outWidth, outputs = pool ? 4 * pixels : pixels;
  const rowBytes = <usize>(width + 2 * pad) << 2, planeBytes = <usize>(height + 2 * pad) * rowBytes;
  const inputs = 9 * channels, patchBytes = <usize>inputs << 4;
  const places = scratch + <usize>thread * scratchStride, repeats = places + (<usize>(outputs + 3 & ~3) << 2);
  const planes = repeats + (BLOCK << 2), patches = planes + (<usize>channels * planeBytes + 31 & ~15);
  listPlaces(outHeight, outWidth, pool, stride, <i32>rowBytes, places);
  memory.fill(planes, 0, <usize>channels * planeBytes);
  for (let b = begin; b < end; b++) {
    fillPlanes(x + (<usize>b * xStride << 2), height, width, channels, rowBytes, planeBytes, planes + <usize>pad * (rowBytes + 4));
    for (let from = 0; from < outputs; from += 4 * BLOCK) {
      const to = min(outputs, from + 4 * BLOCK);
      for (let i = from, p = patches, r = repeats; i < to; i += 4, p += patchBytes, r += 4) {
        const place = places + (<usize>i << 2);
        if (pool && stride == 1) gatherPool(planes, place, channels, rowBytes, planeBytes, p);
        else gatherFour(planes, place, channels, rowBytes, planeBytes, p);
        store<i32>(r, i32(i > from && i + 4 <= to && same(p, p - patchBytes, inputs)));
      }
      for (let tile = 0; tile < tiles; tile++) {
        const block = <usize>(tile * images + b) * pixels + (pool ? from >> 2 : from);
        const w = weights + (<usize>tile * inputs << ROW), c = bias ? bias + (<usize>tile << ROW) : 0;
        productBlock(patches, repeats, from, to, inputs, pool, w, c, z + (block << ROW), winner ? winner + (block << 4) : 0);
      }
    }
    if (moments) {
      for (let tile = 0; tile < tiles; tile++) {
        const chunk = <usize>(tile * images + b);
        chunkMoments(z + (chunk * pixels << ROW), pixels, moments + (chunk << 7));
      }
    }
  }
}

/** A tile's product with gathered patches, four outputs by 8 units a time. */
@inline
function productBlock(patches: usize, repeats: usize, from: i32, to: i32, inputs: i32, pool: i32, weights: usize, bias: usize, out: usize, winner: usize): void {
  const outBytes: usize = pool ? 64 : 256;
  let patch = patches;
  for (let i = from; i < to; i += 4, out += outBytes, winner += winner ? 16 : 0, repeats += 4) {
    const last = patch + (<usize>inputs << 4);
    if (load<i32>(repeats)) {
      // A picture's background: the four before saw the same.
      for (let v: usize = 0; v < outBytes; v += 16) v128.store(out + v, v128.load(out + v - outBytes));
      if (winner) v128.store(winner, v128.load(winner - 16));
      patch = last;
      continue;
    }
    for (let half: usize = 0; half < 64; half += 32) {
      let a0 = f32x4.splat(0), b0 = a0;
      if (bias) { a0 = v128.load(bias + half); b0 = v128.load(bias + half, 16); }
      let a1 = a0, a2 = a0, a3 = a0, b1 = b0, b2 = b0, b3 = b0;
      for (let p = patch, w = weights + half; p < last; p += 16, w += 64) {
        const u = v128.load(w), v = v128.load(w, 16);
        let s = v128.load32_splat(p); a0 = f32x4.add(a0, f32x4.mul(u, s)); b0 = f32x4.add(b0, f32x4.mul(v, s));
        s = v128.load32_splat(p, 4); a1 = f32x4.add(a1, f32x4.mul(u, s)); b1 = f32x4.add(b1, f32x4.mul(v, s));
        s = v128.load32_splat(p, 8); a2 = f32x4.add(a2, f32x4.mul(u, s)); b2 = f32x4.add(b2, f32x4.mul(v, s));
        s = v128.load32_splat(p, 12); a3 = f32x4.add(a3, f32x4.mul(u, s)); b3 = f32x4.add(b3, f32x4.mul(v, s));
      }
      const o = out + half;
      if (pool) {
        const m0 = f32x4.pmax(a0, a1), m1 = f32x4.pmax(a2, a3), n0 = f32x4.pmax(b0, b1), n1 = f32x4.pmax(b2, b3);
        v128.store(o, f32x4.pmax(m0, m1)); v128.store(o, f32x4.pmax(n0, n1), 16);
        if (!winner) continue;
        // Comparisons give -1, so these count down from 0.
        const two = i32x4.splat(-2);
        const m = v128.bitselect(i32x4.add(f32x4.gt(a3, a2), two), f32x4.gt(a1, a0), f32x4.gt(m1, m0));
        const n = v128.bitselect(i32x4.add(f32x4.gt(b3, b2), two), f32x4.gt(b1, b0), f32x4.gt(n1, n0));
        v128.store64_lane(winner + (half >> 2), i8x16.neg(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(m, n), two)), 0);
      } else {
        v128.store(o, a0); v128.store(o, b0, 16);
        if (i + 1 < to) { v128.store(o, a1, 64); v128.store(o, b1, 80); }
        if (i + 2 < to) { v128.store(o, a2, 128); v128.store(o, b2, 144); }
        if (i + 3 < to) { v128.store(o, a3, 192); v128.store(o, b3, 208); }
      }
    }
    patch = last;
  }
}
