/**
 * Drives that are read out as they are, without neurons: the concept's (top of perception) and the redrawn stimulus (end of recall).
 * Their feature is the time mean of z, in compact rows [image][pixel * channels + channel].
 */
import { ROW } from "./lanes";

/** features[b] = mean over time of z; items are tile * images + image. `width`: floats a feature row. */
export function readout(
  begin: i32, end: i32, _thread: i32,
  images: i32, zSteps: i32, pixels: i32, channels: i32, width: i32, z: usize, features: usize,
): void {
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images;
    const lanes = min(16, channels - (tile << 4));
    const block = z + (<usize>item * zSteps * pixels << ROW);
    const n = <f32>zSteps;
    for (let p = 0; p < pixels; p++) {
      const row = features + ((<usize>b * width + p * channels + (tile << 4)) << 2);
      for (let lane = 0; lane < lanes; lane++) {
        let sum: f32 = 0;
        for (let t = 0; t < zSteps; t++) sum += load<f32>(block + (<usize>(t * pixels + p) << ROW) + (<usize>lane << 2));
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
  for (let item = begin; item < end; item++) {
    const tile = item / images, b = item - tile * images;
    const lanes = min(16, channels - (tile << 4));
    const block = g + (<usize>item * zSteps * pixels << ROW);
    const n = <f32>zSteps;
    for (let p = 0; p < pixels; p++) {
      const row = gradients + ((<usize>b * width + p * channels + (tile << 4)) << 2);
      for (let lane = 0; lane < 16; lane++) {
        const value: f32 = lane < lanes ? load<f32>(row + (<usize>lane << 2)) / n : 0;
        for (let t = 0; t < zSteps; t++) store<f32>(block + (<usize>(t * pixels + p) << ROW) + (<usize>lane << 2), value);
      }
    }
  }
}
