/**
 * Between values in rows, [image][stride] floats with a pixel's channels side by side, and errors in tiles, [tile][image][pixel][16]: what rules need whose errors are not
 * backprop's. Items are tile * images + image throughout.
 */
import { activated } from "./activation";
import { loadFirst, ROW, storeFirst } from "./lanes";
import { affine } from "./neuron";

/** xi = max(-errorLimit, min(errorLimit, xi)) in the tiles; rows = factor xi. */
export function clipErrors(
  begin: i32, end: i32, _thread: i32,
  images: i32, pixels: i32, channels: i32, stride: i32, errorLimit: f32, factor: f32, xi: usize, rows: usize,
): void {
  const high = f32x4.splat(errorLimit), low = f32x4.splat(-errorLimit), times = f32x4.splat(factor);
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images, lanes = min(16, channels - (tile << 4));
    let at = xi + (<usize>(item * pixels) << ROW), row = rows + (<usize>(b * stride + (tile << 4)) << 2);
    for (let p = 0; p < pixels; p++, at += 64, row += <usize>channels << 2) {
      for (let i = 0; i < lanes; i += 4) {
        const lane = <usize>i << 2, error = f32x4.max(low, f32x4.min(high, v128.load(at + lane)));
        v128.store(at + lane, error);
        storeFirst(row + lane, f32x4.mul(times, error), lanes - i);
      }
    }
  }
}

/** gap = factor (f(scale z + shift) - x): what a layer's values x miss of their prediction; z and gap in tiles (unused lanes of the gap 0), x in rows. `kind`: see activation.ts. */
export function predictionGap(
  begin: i32, end: i32, _thread: i32,
  kind: i32, images: i32, pixels: i32, channels: i32, stride: i32, factor: f32, scale: usize, shift: usize, z: usize, x: usize, gap: usize,
): void {
  const times = f32x4.splat(factor);
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images, lanes = min(16, channels - (tile << 4)), first = <usize>tile << ROW;
    let at = <usize>(item * pixels) << ROW, row = x + (<usize>(b * stride + (tile << 4)) << 2);
    for (let p = 0; p < pixels; p++, at += 64, row += <usize>channels << 2) {
      for (let i = 0; i < 16; i += 4) {
        const lane = <usize>i << 2, to = gap + at + lane;
        if (i >= lanes) {
          v128.store(to, f32x4.splat(0));
          continue;
        }
        const drive = affine(v128.load(z + at + lane), v128.load(scale + first + lane), v128.load(shift + first + lane));
        const gap = f32x4.mul(times, f32x4.sub(activated(kind, drive), loadFirst(row + lane, lanes - i)));
        v128.store(to, f32x4.splat(0));
        storeFirst(to, gap, lanes - i);
      }
    }
  }
}

/** x = x - inferenceRate (pull - gap): one inference step of values in rows. pull, the gradient of what is above by x, and gap in tiles. */
export function relaxRows(
  begin: i32, end: i32, _thread: i32,
  images: i32, pixels: i32, channels: i32, stride: i32, inferenceRate: f32, pull: usize, gap: usize, x: usize,
): void {
  const factor = f32x4.splat(inferenceRate);
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images, lanes = min(16, channels - (tile << 4));
    let at = <usize>(item * pixels) << ROW, row = x + (<usize>(b * stride + (tile << 4)) << 2);
    for (let p = 0; p < pixels; p++, at += 64, row += <usize>channels << 2) {
      for (let i = 0; i < lanes; i += 4) {
        const lane = <usize>i << 2, slope = f32x4.sub(v128.load(pull + at + lane), v128.load(gap + at + lane));
        storeFirst(row + lane, f32x4.sub(loadFirst(row + lane, lanes - i), f32x4.mul(factor, slope)), lanes - i);
      }
    }
  }
}
