/** 3x3 convolutions of real values held over time, channels last, optional 2x2 max-pooling after. */
import { ROW, columnSums, chunkMoments } from "./lanes";
import { finishNorm } from "./correlate";
import { maxOfFour } from "./conv";

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


/** Forward convolution; items are images. */
export function convolveReal(
  begin: i32, end: i32, thread: i32,
  images: i32, height: i32, width: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, pool: i32, tiles: i32, xStride: i32,
  x: usize, weights: usize, bias: usize, z: usize, winner: usize, moments: usize, scratch: usize, scratchStride: i32,
): void {
  const ph = pool ? outHeight >> 1 : outHeight, pw = pool ? outWidth >> 1 : outWidth, pixels = ph * pw;
  const four = scratch + <usize>thread * scratchStride;
  for (let b = begin; b < end; b++) {
    const picture = x + (<usize>b * xStride << 2);
    for (let tile = 0; tile < tiles; tile++) {
      const w = weights + (<usize>tile * 9 * channels << ROW);
      const c = bias ? bias + (<usize>tile << ROW) : 0;
      const block = <usize>(tile * images + b) * pixels;
      let out = z + (block << ROW), chosen = winner + (block << 4);
      for (let py = 0; py < ph; py++) {
        for (let px = 0; px < pw; px++, out += 64, chosen += 16) {
          if (pool) {
            for (let q = 0; q < 4; q++) pixelProduct(2 * py + (q >> 1), 2 * px + (q & 1), height, width, stride, pad, channels, picture, w, c, four + (<usize>q << ROW));
            maxOfFour(four, 64, out, chosen);
          } else pixelProduct(py, px, height, width, stride, pad, channels, picture, w, c, out);
        }
      }
      if (moments) chunkMoments(z + (block << ROW), pixels, moments + (<usize>(tile * images + b) << 7));
    }
  }
}

/**
 * Weight and bias gradient for a real-valued input, held over time (one step): dW[k, c] = sum over output pixels of x under tap k times G.
 * The sum of one input stays in registers over an output row; x and G are both small planes here.
 */
export function convolveRealGradient(
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
