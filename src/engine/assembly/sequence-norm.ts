/**
 * The norm of a recurrent population (see norm.ts for the equations): each position of a window has statistics of its own, over its rows and steps, for a position's drive must be
 * normalised before the next one's is known. What the positions share are gamma and beta.
 *
 * Rows of z and g are [tile][position][row of the position][16]; statistics [position][neurons]; moments and sums [position][tile][2][16].
 */
import { finishNorm } from "./correlate";
import { ROW, chunkMoments } from "./lanes";

/** Moments of drives in memory; items are position * tiles + tile. `rows` a position. */
export function positionMoments(begin: i32, end: i32, _thread: i32, positions: i32, rows: i32, tiles: i32, z: usize, out: usize): void {
  for (let item = begin; item < end; item++) {
    const position = item / tiles, tile = item - position * tiles;
    chunkMoments(z + (<usize>(tile * positions + position) * rows << ROW), rows, out + (<usize>item << 7));
  }
}

/**
 * From the sums of dX and dX x^ of each position: gradients of gamma and beta, added up over the positions, and each position's k0, k1, k2 ([position][3][neurons]); items are tiles.
 * `constant`: mean and variance do not depend on the drives (running statistics).
 */
export function positionNormGradient(
  begin: i32, end: i32, _thread: i32,
  positions: i32, rows: i32, tiles: i32, constant: i32,
  sums: usize, gamma: usize, mean: usize, inverse: usize, dGamma: usize, dBeta: usize, coefficients: usize,
): void {
  const neurons = <usize>tiles << ROW, n = <f64>rows;
  for (let tile = begin; tile < end; tile++) {
    for (let lane: usize = 0; lane < 16; lane++) {
      const at = (<usize>tile << ROW) + (lane << 2), g = <f64>load<f32>(gamma + at);
      let allS: f64 = 0, allQ: f64 = 0;
      for (let p: usize = 0; p < <usize>positions; p++) {
        const from = sums + ((p * tiles + tile) << 7) + (lane << 2), own = p * neurons + at, k = coefficients + 3 * p * neurons + at;
        const s = <f64>load<f32>(from), q = <f64>load<f32>(from, 64);
        allS += s; allQ += q;
        const inv = <f64>load<f32>(inverse + own), k0 = g * inv;
        const k1 = constant ? 0.0 : -k0 * inv * q / n;
        store<f32>(k, <f32>k0);
        store<f32>(k + neurons, <f32>k1);
        store<f32>(k + 2 * neurons, <f32>(constant ? 0.0 : -k0 * s / n - k1 * <f64>load<f32>(mean + own)));
      }
      store<f32>(dGamma + at, <f32>allQ);
      store<f32>(dBeta + at, <f32>allS);
    }
  }
}

/** g = g k0 + z k1 + k2 with each position's own coefficients; items are position * tiles + tile. */
export function finishPositions(
  begin: i32, end: i32, _thread: i32, positions: i32, rows: i32, tiles: i32, coefficients: usize, g: usize, z: usize,
): void {
  const neurons = <usize>tiles << ROW;
  for (let item = begin; item < end; item++) {
    const position = item / tiles, tile = item - position * tiles, block = <usize>(tile * positions + position) * rows << ROW;
    finishNorm(g + block, z + block, rows, 64, coefficients + 3 * <usize>position * neurons + (<usize>tile << ROW), neurons);
  }
}
