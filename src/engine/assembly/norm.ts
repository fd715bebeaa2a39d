/**
 * Batch normalisation of the drive, per channel over images, steps and pixels:
 *
 *   X = gamma (z - mean) / sqrt(var + eps) + beta        (biased variance, as in training everywhere)
 *
 * Kernels hand over means and squared deviations of chunks of images; combining them in chunk order keeps results independent of threads.
 * With dX the gradient of X over N rows:  dz = gamma / sqrt(var + eps) (dX - mean(dX) - x^ mean(dX x^)),  x^ = (z - mean) / sqrt(var + eps),
 * written dz = k0 dX + k1 z + k2 so that it costs one pass.
 */
import { ROW, chunkMoments } from "./lanes";

/** Chunk moments of drives in memory; items are tile * chunks + chunk. `rows` per chunk. Out: [tile][chunk][mean 16, deviation 16]. */
export function moments(begin: i32, end: i32, _thread: i32, rows: i32, z: usize, out: usize): void {
  for (let item = begin; item < end; item++) {
    chunkMoments(z + (<usize>item * rows << ROW), rows, out + (<usize>item << 7));
  }
}

/** Mean of a lane over chunks of as many rows each, whose moments lie `stride` bytes apart from `from` on. */
@inline
function meanOfChunks(from: usize, chunks: i32, stride: usize): f64 {
  let sum: f64 = 0;
  for (let c = 0, p = from; c < chunks; c++, p += stride) sum += <f64>load<f32>(p);
  return sum * (1.0 / <f64>chunks);
}

/** Biased variance of a lane over all chunks of `rows` rows (Chan et al. 1983). */
@inline
function varianceOfChunks(from: usize, chunks: i32, stride: usize, rows: i32, mean: f64): f64 {
  let deviation: f64 = 0;
  for (let c = 0, p = from; c < chunks; c++, p += stride) {
    const d = <f64>load<f32>(p) - mean;
    deviation += <f64>load<f32>(p, 64) + <f64>rows * d * d;
  }
  return deviation * (1.0 / <f64>chunks / <f64>rows);
}

/**
 * Moves the running statistics of each neuron by `momentum` towards those of all chunks (variance unbiased); items are tiles.
 * Chunk moments are [chunk][tile][mean 16, deviation 16], of `rows` rows a chunk.
 */
export function normRunning(
  begin: i32, end: i32, _thread: i32,
  chunks: i32, tiles: i32, rows: i32, momentum: f32, moments: usize, runningMean: usize, runningVariance: usize,
): void {
  const stride = <usize>tiles << 7, count = chunks * rows;
  const k = <f64>momentum, unbiased = count > 1 ? <f64>count / <f64>(count - 1) : 1.0;
  for (let tile = begin; tile < end; tile++) {
    const from = moments + (<usize>tile << 7);
    for (let lane: usize = 0; lane < 16; lane++) {
      const at = (<usize>tile << ROW) + (lane << 2), m = meanOfChunks(from + (lane << 2), chunks, stride);
      const variance = varianceOfChunks(from + (lane << 2), chunks, stride, rows, m);
      store<f32>(runningMean + at, <f32>((1 - k) * <f64>load<f32>(runningMean + at) + k * m));
      store<f32>(runningVariance + at, <f32>((1 - k) * <f64>load<f32>(runningVariance + at) + k * unbiased * variance));
    }
  }
}

/**
 * Combines chunk moments (in float64) into each neuron's mean, 1/sqrt(var + eps), and X = z * scale + shift; items are tiles.
 * Running statistics move by `momentum` towards this batch's (variance unbiased over `count` samples).
 */
export function normStatistics(
  begin: i32, end: i32, _thread: i32,
  chunks: i32, rows: i32, count: i32, momentum: f32, eps: f32,
  moments: usize, gamma: usize, beta: usize, runningMean: usize, runningVariance: usize,
  mean: usize, inverse: usize, scale: usize, shift: usize,
): void {
  const unbiased = count > 1 ? <f64>count / <f64>(count - 1) : 1.0;
  const k = <f64>momentum;
  for (let tile = begin; tile < end; tile++) {
    const from = moments + (<usize>tile * chunks << 7);
    for (let lane: usize = 0; lane < 16; lane++) {
      const at = (<usize>tile << ROW) + (lane << 2);
      const m = meanOfChunks(from + (lane << 2), chunks, 128), variance = varianceOfChunks(from + (lane << 2), chunks, 128, rows, m);
      const inv = 1.0 / sqrt<f64>(variance + <f64>eps);
      const g = <f64>load<f32>(gamma + at) * inv;
      store<f32>(mean + at, <f32>m);
      store<f32>(inverse + at, <f32>inv);
      store<f32>(scale + at, <f32>g);
      store<f32>(shift + at, <f32>(<f64>load<f32>(beta + at) - m * g));
      store<f32>(runningMean + at, <f32>((1 - k) * <f64>load<f32>(runningMean + at) + k * m));
      store<f32>(runningVariance + at, <f32>((1 - k) * <f64>load<f32>(runningVariance + at) + k * unbiased * variance));
    }
  }
}

/**
 * From chunk sums of dX and dX * x^ ([tile][chunk][2][16]): gradients of gamma and beta, and k0, k1, k2 ([3][neurons]); items are tiles.
 * `count` is N, the samples a mean is over (rows of the drive).
 */
export function normGradient(
  begin: i32, end: i32, _thread: i32,
  chunks: i32, tiles: i32, count: i32,
  sums: usize, gamma: usize, mean: usize, inverse: usize, dGamma: usize, dBeta: usize, coefficients: usize,
): void {
  const stride = <usize>tiles << ROW;
  for (let tile = begin; tile < end; tile++) {
    const from = sums + (<usize>tile * chunks << 7);
    for (let lane: usize = 0; lane < 16; lane++) {
      const at = (<usize>tile << ROW) + (lane << 2);
      let s: f64 = 0, q: f64 = 0;
      for (let c = 0, p = from + (lane << 2); c < chunks; c++, p += 128) {
        s += <f64>load<f32>(p);
        q += <f64>load<f32>(p, 64);
      }
      store<f32>(dBeta + at, <f32>s);
      store<f32>(dGamma + at, <f32>q);
      const inv = <f64>load<f32>(inverse + at), k0 = <f64>load<f32>(gamma + at) * inv;
      const k1 = -k0 * inv * q / <f64>count;
      store<f32>(coefficients + at, <f32>k0);
      store<f32>(coefficients + stride + at, <f32>k1);
      store<f32>(coefficients + 2 * stride + at, <f32>(-k0 * s / <f64>count - k1 * <f64>load<f32>(mean + at)));
    }
  }
}
