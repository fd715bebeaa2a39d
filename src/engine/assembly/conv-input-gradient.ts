/**
 * Gradients of what 3x3 convolutions read, for backprop:
 *
 *   dL/dx[p, c] = sum over taps k and units u of W[u, k, c] G[o, u],   o: the output that sees p under tap k
 *
 * Along a side, input pixel x is seen under tap j by the output at (x + pad - j) / stride, where that is a whole number. The four logical pixels of an upsampled source
 * pixel x are seen at (2 x + pad + 1 - j) / stride under the added-up taps j = 0 .. 3: w0, w0 + w1, w1 + w2, w2. Both are one loop over taps here.
 *
 * An image's G of a step is laid out first, all units of a pixel together, with a border of zeros, so that no tap needs a bounds check along a row. Pixels that the same
 * taps see take them two at a time, with 16 channels each in registers (see gemm.ts). Max-pooled convolutions have kernels of their own: conv-winners.ts.
 */
import { ROW } from "./lanes";

/** Pixels of zeros around a laid-out plane. */
const BORDER: i32 = 2;

/**
 * Weights [tile][ky][kx][channel][16 units] to [tile of channels][jy][jx][unit][16 channels], 3 x 3 taps, or the 4 x 4 added-up ones where `up` is 1; unused channels are
 * 0. Items are tiles of channels.
 */
export function transposeTaps(begin: i32, end: i32, _thread: i32, channels: i32, units: i32, up: i32, weights: usize, out: usize): void {
  const taps = 3 + up;
  for (let tile = begin; tile < end; tile++) {
    let to = out + (<usize>(tile * taps * taps * units) << ROW);
    for (let jy = 0; jy < taps; jy++) {
      for (let jx = 0; jx < taps; jx++) {
        const y0 = max(0, jy - up), y1 = min(2, jy), x0 = max(0, jx - up), x1 = min(2, jx);
        for (let u = 0; u < units; u++) {
          for (let i = 0; i < 16; i++, to += 4) {
            const c = (tile << 4) + i;
            let sum: f32 = 0;
            for (let ky = y0; ky <= y1 && c < channels; ky++) {
              for (let kx = x0; kx <= x1; kx++) {
                sum += load<f32>(weights + (<usize>(((u >> 4) * 9 + ky * 3 + kx) * channels + c) << ROW) + (<usize>(u & 15) << 2));
              }
            }
            store<f32>(to, sum);
          }
        }
      }
    }
  }
}

/** A tile's gradients of one image and step to their outputs in the plane, whose pixels are `unitBytes` apart; `to` is the tile's part of the first output. */
function layOutTile(g: usize, outHeight: i32, outWidth: i32, vectors: usize, to: usize, unitBytes: usize, rowBytes: usize): void {
  for (let y = 0; y < outHeight; y++, to += rowBytes) {
    for (let x = 0, p = to; x < outWidth; x++, p += unitBytes, g += 64) {
      for (let v: usize = 0; v < vectors; v += 16) v128.store(p + v, v128.load(g + v));
    }
  }
}

/**
 * The gradient of 16 channels in one row of input pixels. `taps` a side; pixel x is seen under tap j at (hop x + origin - j) / stride, `top` is that of the row under tap 0,
 * times stride. `plane`: the first output; `w`: the tile's weights; `out`: the row's first pixel.
 */
function inputRow(
  width: i32, taps: i32, hop: i32, origin: i32, top: i32, stride: i32, outHeight: i32, units: i32,
  plane: usize, unitBytes: usize, rowBytes: usize, w: usize, out: usize,
): void {
  const zero = f32x4.splat(0), odd = stride - 1, tapBytes = <usize>units << ROW;
  // Pixels `apart` from each other are seen by the same taps, `across` outputs from each other.
  const apart = hop == 2 ? 1 : stride, across = <usize>(hop * apart / stride) * unitBytes;
  for (let first = 0; first < apart; first++) {
    for (let x = first; x < width; x += 2 * apart) {
      const other = x + apart < width, next: usize = other ? across : 0;
      let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
      for (let jy = 0; jy < taps; jy++) {
        const y = top - jy, oy = y >> odd;
        if ((y & odd) != 0 || oy < 0 || oy >= outHeight) continue;
        for (let jx = 0; jx < taps; jx++) {
          const place = hop * x + origin - jx;
          if (place & odd) continue;
          let p = plane + <usize>oy * rowBytes + <usize>(place >> odd) * unitBytes, q = p + next;
          let at = w + <usize>(jy * taps + jx) * tapBytes;
          for (const last = at + tapBytes; at < last; at += 64, p += 4, q += 4) {
            const s = v128.load32_splat(p), t = v128.load32_splat(q);
            const w0 = v128.load(at), w1 = v128.load(at, 16), w2 = v128.load(at, 32), w3 = v128.load(at, 48);
            a0 = f32x4.add(a0, f32x4.mul(s, w0)); a1 = f32x4.add(a1, f32x4.mul(s, w1)); a2 = f32x4.add(a2, f32x4.mul(s, w2)); a3 = f32x4.add(a3, f32x4.mul(s, w3));
            b0 = f32x4.add(b0, f32x4.mul(t, w0)); b1 = f32x4.add(b1, f32x4.mul(t, w1)); b2 = f32x4.add(b2, f32x4.mul(t, w2)); b3 = f32x4.add(b3, f32x4.mul(t, w3));
          }
        }
      }
      const o = out + (<usize>x << ROW);
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
      if (!other) continue;
      const n = o + (<usize>apart << ROW);
      v128.store(n, b0); v128.store(n, b1, 16); v128.store(n, b2, 32); v128.store(n, b3, 48);
    }
  }
}

/**
 * dL/dx of all inputs, [tile of channels][image][step][input pixel][16]; items are image * steps + step. g: [tile][image][gSteps][output pixel][16], of which the first
 * `steps` are read (1 for a gradient that is the same at all steps). `weights`: as `transposeTaps` leaves them. `scratch`: a plane of (outHeight + 4) * (outWidth + 4) pixels
 * of as many floats as there are units, up to a multiple of 4, a thread.
 */
export function convolveInputGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, steps: i32, gSteps: i32, height: i32, width: i32, up: i32, stride: i32, pad: i32, channels: i32,
  outHeight: i32, outWidth: i32, units: i32, g: usize, weights: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const taps = 3 + up, hop = 1 + up, origin = pad + up, inputTiles = (channels + 15) >> 4, tiles = (units + 15) >> 4;
  const pixels = outHeight * outWidth;
  const unitBytes = <usize>(units + 3 & ~3) << 2, rowBytes = <usize>(outWidth + 2 * BORDER) * unitBytes;
  const area = scratch + <usize>thread * scratchStride, plane = area + <usize>BORDER * (rowBytes + unitBytes);
  memory.fill(area, 0, <usize>(outHeight + 2 * BORDER) * rowBytes);
  for (let item = begin; item < end; item++) {
    const b = item / steps, t = item - b * steps;
    for (let tile = 0; tile < tiles; tile++) {
      const from = <usize>((tile * images + b) * gSteps + t) * pixels, vectors = <usize>(min(16, units - (tile << 4)) + 3 >> 2) << 4;
      layOutTile(g + (from << ROW), outHeight, outWidth, vectors, plane + (<usize>tile << ROW), unitBytes, rowBytes);
    }
    for (let tile = 0; tile < inputTiles; tile++) {
      const w = weights + (<usize>(tile * taps * taps * units) << ROW);
      let to = out + (<usize>((tile * images + b) * steps + t) * (height * width) << ROW);
      for (let y = 0; y < height; y++, to += <usize>width << ROW) {
        inputRow(width, taps, hop, origin, hop * y + origin, stride, outHeight, units, plane, unitBytes, rowBytes, w, to);
      }
    }
  }
}
