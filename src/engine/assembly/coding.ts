/**
 * Spike codes of real intensities in [0, 1], as bit masks [image][step][pixel][tile] like a stage's own spikes.
 * Random numbers: Philox4x32-10 (Salmon et al., SC 2011), counter-based, so that a spike depends on (seed, purpose, counter, image, position) alone.
 */
import { LANES } from "./lanes";

@inline
function high(a: u32, b: u32): u32 { return <u32>((<u64>a * <u64>b) >> 32); }

/** One Philox block: counter (c0..c3), key (k0, k1); four words to out. */
export function philoxBlock(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32, out: usize): void {
  for (let round = 0; round < 10; round++) {
    const h0 = high(0xd2511f53, c0), l0 = 0xd2511f53 * c0, h1 = high(0xcd9e8d57, c2), l1 = 0xcd9e8d57 * c2;
    c0 = h1 ^ c1 ^ k0; c1 = l1; c2 = h0 ^ c3 ^ k1; c3 = l0;
    k0 += 0x9e3779b9; k1 += 0xbb67ae85;
  }
  store<u32>(out, c0); store<u32>(out, c1, 4); store<u32>(out, c2, 8); store<u32>(out, c3, 12);
}

/**
 * Poisson (Bernoulli) code: a spike at each step with probability x; items are images. Counter: (position / 4, step, image id, batch counter),
 * word position mod 4. `ids` (u32 an image) make the draw independent of where in a batch an image stands. `scratch`: 16 bytes a thread.
 */
export function poissonCode(
  begin: i32, end: i32, thread: i32,
  steps: i32, pixels: i32, channels: i32, tiles: i32, stride: i32, counter: u32, key0: u32, key1: u32,
  x: usize, ids: usize, masks: usize, scratch: usize, scratchStride: i32,
): void {
  const words = scratch + <usize>thread * scratchStride;
  for (let b = begin; b < end; b++) {
    const row = x + (<usize>b * stride << 2);
    const id = load<u32>(ids + (<usize>b << 2));
    for (let t = 0; t < steps; t++) {
      let block = -1;
      for (let p = 0; p < pixels; p++) {
        for (let tile = 0; tile < tiles; tile++) {
          let bits: u32 = 0;
          const lanes = min(LANES, channels - tile * LANES);
          for (let lane = 0; lane < lanes; lane++) {
            const position = p * channels + tile * LANES + lane;
            if (position >> 2 != block) {
              block = position >> 2;
              philoxBlock(<u32>block, <u32>t, id, counter, key0, key1, words);
            }
            const uniform = <f32>(load<u32>(words + (<usize>(position & 3) << 2)) >> 8) * <f32>5.9604644775390625e-8;
            if (uniform < load<f32>(row + (<usize>position << 2))) bits |= 1 << lane;
          }
          store<u16>(masks + ((<usize>((b * steps + t) * pixels + p) * tiles + tile) << 1), <u16>bits);
        }
      }
    }
  }
}

/** Latency code: one spike an input, at step floor((1 - x) T), none where x <= 0; items are images. */
export function latencyCode(
  begin: i32, end: i32, _thread: i32,
  steps: i32, pixels: i32, channels: i32, tiles: i32, stride: i32, x: usize, masks: usize,
): void {
  for (let b = begin; b < end; b++) {
    const row = x + (<usize>b * stride << 2);
    for (let t = 0; t < steps; t++) {
      for (let p = 0; p < pixels; p++) {
        for (let tile = 0; tile < tiles; tile++) {
          let bits: u32 = 0;
          const lanes = min(LANES, channels - tile * LANES);
          for (let lane = 0; lane < lanes; lane++) {
            const value = load<f32>(row + (<usize>(p * channels + tile * LANES + lane) << 2));
            if (value > 0 && min(steps - 1, <i32>floor<f32>((1 - min<f32>(value, 1)) * <f32>steps)) == t) bits |= 1 << lane;
          }
          store<u16>(masks + ((<usize>((b * steps + t) * pixels + p) * tiles + tile) << 1), <u16>bits);
        }
      }
    }
  }
}
