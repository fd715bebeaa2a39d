/**
 * Weight gradients of 3x3 convolutions.
 *
 *   dL/dW[k, c] = sum over the input pixels where c fired of dL/dz at the output pixel that saw it under tap k
 *
 * For a group of images: (1) the gradient tile is laid out on the input's (upsampled) pixel grid with a border of zeros, so that no tap needs a
 * bounds check: pooled gradients return to the winner of their four, strides leave zeros, and for upsampled inputs the four logical pixels
 * of a source are added up first; (2) the events become, a channel, a list of byte offsets into that plane; (3) each list is walked once
 * a kernel row with the sums of its three taps in 12 registers. Items are tiles of output channels, so no sum is split over threads.
 */
import { ROW, columnSums } from "./lanes";
import { finishNorm } from "./correlate";

/** Adds a row of 16 gradients to the plane; `only` picks the lanes whose pooled winner is `q`, all where winner is 0. */
@inline
function addRow(plane: usize, row: usize, winner: usize, q: i32): void {
  for (let v: usize = 0; v < 4; v++) {
    let value = v128.load(row + (v << 4));
    if (winner) {
      // Four winner bytes widened to lanes.
      const which = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(winner + (v << 2))));
      value = v128.and(value, i32x4.eq(which, i32x4.splat(q)));
    }
    const at = plane + (v << 4);
    v128.store(at, f32x4.add(v128.load(at), value));
  }
}

/**
 * The gradient of one image and step on the plane of (planeHeight x planeWidth) rows of 16: plane[q + 2] = G at output position q, where
 * positions count input pixels (stride: zeros between). With `up`, a source pixel's four logical pixels see positions q, q+1: summed here.
 */
function layOut(
  plane: usize, planeHeight: i32, planeWidth: i32, g: usize, winner: usize,
  outHeight: i32, outWidth: i32, stride: i32, pool: i32, up: i32,
): void {
  memory.fill(plane, 0, <usize>planeHeight * planeWidth << ROW);
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, inner = pool ? 4 : 1;
  for (let py = 0; py < ph; py++) {
    for (let px = 0; px < pw; px++, g += 64, winner += 16) {
      for (let q = 0; q < inner; q++) {
        const oy = (pool ? 2 * py + (q >> 1) : py) * stride + 2, ox = (pool ? 2 * px + (q & 1) : px) * stride + 2;
        for (let dy = 0; dy <= up; dy++) {
          for (let dx = 0; dx <= up; dx++) {
            const y = oy - dy, x = ox - dx;
            if (y < planeHeight && x < planeWidth) addRow(plane + (<usize>(y * planeWidth + x) << ROW), g, pool ? winner : 0, q);
          }
        }
      }
    }
  }
}

/** Event-driven weight and bias gradient; arguments as `convolve`. `lists` and `plane` are scratch a thread, see `convolutionScratch` in TypeScript. */
export function convolveGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, group: i32, steps: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32,
  offsets: usize, events: usize, g: usize, z: usize, winner: usize, coefficients: usize, dWeights: usize, dBias: usize,
  scratch: usize, scratchStride: i32,
): void {
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, pixels = ph * pw;
  const planeHeight = (height << up) + pad + 2, planeWidth = (width << up) + pad + 2, planeBytes = <usize>planeHeight * planeWidth << ROW;
  const perImage = steps * height * width, capacity = group * perImage;
  const counts = scratch + <usize>thread * scratchStride;
  const lists = counts + ((<usize>channels + 15 & ~15) << 2);
  const planes = lists + (<usize>channels * capacity << 2);
  memory.fill(dWeights + (<usize>begin * 9 * channels << ROW), 0, <usize>(end - begin) * 9 * channels << ROW);
  for (let tile = begin; tile < end; tile++) {
    const start = <usize>tile * images * steps * pixels << ROW;
    if (coefficients) finishNorm(g + start, z + start, images * steps * pixels, 64, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    if (dBias) columnSums(g + start, images * steps * pixels, 64, dBias + (<usize>tile << ROW));
  }
  for (let from = 0; from < images; from += group) {
    const to = min(images, from + group);
    memory.fill(counts, 0, <usize>channels << 2);
    for (let b = from; b < to; b++) {
      let at = offsets + (<usize>b * (perImage + 1) << 2);
      for (let t = 0; t < steps; t++) {
        const plane = <usize>((b - from) * steps + t) * planeBytes;
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++, at += 4) {
            const offset = <u32>(plane + (<usize>(((y << up) + pad + 2) * planeWidth + (x << up) + pad + 2) << ROW));
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
      for (let b = from; b < to; b++) {
        for (let t = 0; t < steps; t++) {
          const block = <usize>((tile * images + b) * steps + t) * pixels;
          layOut(
            planes + <usize>((b - from) * steps + t) * planeBytes, planeHeight, planeWidth, g + (block << ROW), winner + (block << 4),
            outHeight, outWidth, stride, pool, up,
          );
        }
      }
      for (let ky = 0; ky < 3; ky++) {
        // Tap (ky, kx) of an event sees the plane at its offset minus (ky, kx); kx = 2, 1, 0 are neighbours in memory.
        const shifted = planes - (<usize>(ky * planeWidth + 2) << ROW);
        for (let c = 0; c < channels; c++) {
          const n = load<i32>(counts + (<usize>c << 2));
          if (n == 0) continue;
          let e = lists + (<usize>c * capacity << 2);
          const last = e + (<usize>n << 2);
          let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
          for (; e < last; e += 4) {
            const p = shifted + load<u32>(e);
            a0 = f32x4.add(a0, v128.load(p)); a1 = f32x4.add(a1, v128.load(p, 16));
            a2 = f32x4.add(a2, v128.load(p, 32)); a3 = f32x4.add(a3, v128.load(p, 48));
            b0 = f32x4.add(b0, v128.load(p, 64)); b1 = f32x4.add(b1, v128.load(p, 80));
            b2 = f32x4.add(b2, v128.load(p, 96)); b3 = f32x4.add(b3, v128.load(p, 112));
            c0 = f32x4.add(c0, v128.load(p, 128)); c1 = f32x4.add(c1, v128.load(p, 144));
            c2 = f32x4.add(c2, v128.load(p, 160)); c3 = f32x4.add(c3, v128.load(p, 176));
          }
          const step = <usize>channels << ROW;
          let o = dWeights + (<usize>((tile * 3 + ky) * 3 * channels + c) << ROW);
          v128.store(o, f32x4.add(v128.load(o), c0)); v128.store(o, f32x4.add(v128.load(o, 16), c1), 16);
          v128.store(o, f32x4.add(v128.load(o, 32), c2), 32); v128.store(o, f32x4.add(v128.load(o, 48), c3), 48);
          o += step;
          v128.store(o, f32x4.add(v128.load(o), b0)); v128.store(o, f32x4.add(v128.load(o, 16), b1), 16);
          v128.store(o, f32x4.add(v128.load(o, 32), b2), 32); v128.store(o, f32x4.add(v128.load(o, 48), b3), 48);
          o += step;
          v128.store(o, f32x4.add(v128.load(o), a0)); v128.store(o, f32x4.add(v128.load(o, 16), a1), 16);
          v128.store(o, f32x4.add(v128.load(o, 32), a2), 32); v128.store(o, f32x4.add(v128.load(o, 48), a3), 48);
        }
      }
    }
  }
}

/**
 * Weight and bias gradient for a real-valued input, held over time (one step): dW[k, c] = sum over output pixels of x under tap k times G.
 * The sum of one input stays in registers over an output row; x and G are both small planes here.
 */
export function convolveDenseGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, height: i32, width: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32, xStride: i32,
  x: usize, g: usize, z: usize, winner: usize, coefficients: usize, dWeights: usize, dBias: usize, scratch: usize, scratchStride: i32,
): void {
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, pixels = ph * pw;
  const plane = scratch + <usize>thread * scratchStride;
  memory.fill(dWeights + (<usize>begin * 9 * channels << ROW), 0, <usize>(end - begin) * 9 * channels << ROW);
  for (let tile = begin; tile < end; tile++) {
    const start = <usize>tile * images * pixels << ROW;
    if (coefficients) finishNorm(g + start, z + start, images * pixels, 64, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    if (dBias) columnSums(g + start, images * pixels, 64, dBias + (<usize>tile << ROW));
    for (let b = 0; b < images; b++) {
      const block = <usize>(tile * images + b) * pixels;
      // Positions are output pixels here (stride 1 on the output grid, no border used): rows start at plane + 2 * (outWidth + 2) + 2.
      layOut(plane, outHeight + 2, outWidth + 2, g + (block << ROW), winner + (block << 4), outHeight, outWidth, 1, pool, 0);
      const picture = x + (<usize>b * xStride << 2);
      for (let ky = 0; ky < 3; ky++) {
        for (let kx = 0; kx < 3; kx++) {
          // Output columns whose tap kx lies inside the picture.
          const x0 = pad - kx;
          const left = x0 > 0 ? (x0 + stride - 1) / stride : 0, right = min(outWidth, (width - 1 + x0) / stride + 1);
          if (width - 1 + x0 < 0) continue;
          for (let c = 0; c < channels; c++) {
            const o = dWeights + (<usize>(((tile * 3 + ky) * 3 + kx) * channels + c) << ROW);
            let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), a3 = v128.load(o, 48);
            for (let oy = 0; oy < outHeight; oy++) {
              const ly = oy * stride - pad + ky;
              if (ly < 0 || ly >= height) continue;
              let p = picture + (<usize>((ly * width + left * stride - x0) * channels + c) << 2);
              let q = plane + (<usize>((oy + 2) * (outWidth + 2) + left + 2) << ROW);
              for (let ox = left; ox < right; ox++, p += <usize>(stride * channels) << 2, q += 64) {
                const u = v128.load32_splat(p);
                a0 = f32x4.add(a0, f32x4.mul(u, v128.load(q))); a1 = f32x4.add(a1, f32x4.mul(u, v128.load(q, 16)));
                a2 = f32x4.add(a2, f32x4.mul(u, v128.load(q, 32))); a3 = f32x4.add(a3, f32x4.mul(u, v128.load(q, 48)));
              }
            }
            v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
          }
        }
      }
    }
  }
}
