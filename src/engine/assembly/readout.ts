/**
 * Drives that are read out as they are, without neurons: the concept's (top of perception) and the reconstructed stimulus (end of recall).
 * Their feature is the time mean of z, in compact rows [image][pixel * channels + channel].
 */
import { ROW } from "./lanes";

/** features[b] = mean over time of z; items are tile * images + image. `width`: floats a feature row. */
export function readout(
  begin: i32, end: i32, _thread: i32,
  images: i32, zSteps: i32, pixels: i32, channels: i32, width: i32, z: usize, features: usize,
): void {
  const n = <f32>zSteps, divisor = f32x4.splat(n), plane = <usize>pixels << ROW;
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images;
    const lanes = min(16, channels - (tile << 4));
    const block = z + <usize>item * zSteps * plane;
    for (let p = 0; p < pixels; p++) {
      const from = block + (<usize>p << ROW), row = features + ((<usize>b * width + p * channels + (tile << 4)) << 2);
      let lane = 0;
      for (; lane + 3 < lanes; lane += 4) {
        let sum = f32x4.splat(0);
        for (let t = 0, at = from + (<usize>lane << 2); t < zSteps; t++, at += plane) sum = f32x4.add(sum, v128.load(at));
        v128.store(row + (<usize>lane << 2), f32x4.div(sum, divisor));
      }
      for (; lane < lanes; lane++) {
        let sum: f32 = 0;
        for (let t = 0, at = from + (<usize>lane << 2); t < zSteps; t++, at += plane) sum += load<f32>(at);
        store<f32>(row + (<usize>lane << 2), sum / n);
      }
    }
  }
}

/** g = gradient of the features spread over time (unused lanes 0); items are tile * images + image. */
export function readoutBackward(
  begin: i32, end: i32, _thread: i32,
  images: i32, zSteps: i32, pixels: i32, channels: i32, width: i32, gradients: usize, g: usize,
): void {
  const n = <f32>zSteps, divisor = f32x4.splat(n), plane = <usize>pixels << ROW;
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images;
    const lanes = min(16, channels - (tile << 4));
    const block = g + <usize>item * zSteps * plane;
    for (let p = 0; p < pixels; p++) {
      const row = gradients + ((<usize>b * width + p * channels + (tile << 4)) << 2), to = block + (<usize>p << ROW);
      for (let lane = 0; lane < 16; lane += 4) {
        const from = row + (<usize>lane << 2), at = to + (<usize>lane << 2);
        if (lane + 3 < lanes) v128.store(at, f32x4.div(v128.load(from), divisor));
        else {
          v128.store(at, f32x4.splat(0));
          for (let rest = lane; rest < lanes; rest++) store<f32>(to + (<usize>rest << 2), load<f32>(row + (<usize>rest << 2)) / n);
        }
      }
      const v0 = v128.load(to), v1 = v128.load(to, 16), v2 = v128.load(to, 32), v3 = v128.load(to, 48);
      for (let t = 1, at = to + plane; t < zSteps; t++, at += plane) {
        v128.store(at, v0); v128.store(at, v1, 16); v128.store(at, v2, 32); v128.store(at, v3, 48);
      }
    }
  }
}
