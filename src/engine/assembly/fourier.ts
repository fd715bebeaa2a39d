/**
 * Real orthonormal Fourier transforms of feature rows, coefficients sorted by band, and their transposes (which are their inverses). With N points and the
 * complex transform X_k = 1 / sqrt(N) sum_n x_n e^(-2 pi i k . n), frequencies k and -k of a real x are conjugates, so one of the two is kept:
 *
 *   c = X_k where k = -k;   otherwise two coefficients, c = sqrt(2) Re X_k and d = sqrt(2) Im X_k
 *
 * A plan (`Fourier` in engine/fourier.ts makes it) is a row of i32: height, width, number of entries, then the addresses of the radices and twiddles of
 * height, those of width, and of the entries. An entry of five i32 says where the coefficients of a pair of frequencies lie:
 *
 *   i, j    the points k and -k; alike where they are the same; j = -1 where there is none and the coefficient is padding, 0
 *   start   coefficients of a row in the bands before this one
 *   width   coefficients of a row in this band
 *   at      the place of c in the band's row; d follows
 *
 * Bands are [row][width], one after the other: coefficient `at` of row r lies start * rows + r * width + at from the beginning.
 */
import { POINT, transformAxis } from "./fourier-axis";
import { LANES } from "./lanes";

const ENTRY: usize = 20;

/** Two-dimensional transform of points at `a`, by way of `b`; returns where it ended. */
@inline
function transformPlane(plan: usize, a: usize, b: usize): usize {
  const height = load<i32>(plan), width = load<i32>(plan, 4);
  const rows = transformAxis(height, width, 1, load<usize>(plan, 20), load<usize>(plan, 24), a, b);
  return transformAxis(1, height, width, load<usize>(plan, 12), load<usize>(plan, 16), rows, rows == a ? b : a);
}

/** All ones in the lanes of a tile, from `first` on, that are below `count`; 0 in the others. */
@inline
function below(count: i32, first: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(first)), i32x4.splat(count));
}

/**
 * Rows [row][height][width][tiles * 16] of x to bands at `out`, [row][coefficient][tiles * 16] each. Items are row * tiles + tile; `scratch` takes two planes of 64
 * bytes a point, a thread. Channels 0..7 of a tile are the real part of one complex transform and 8..15 the imaginary part, Z = A + i B, from which
 *
 *   A_k = (Z_k + conj Z_-k) / 2,   B_k = (Z_k - conj Z_-k) / 2i
 *
 * Channels past `channels` come out as 0, whatever rounding of their neighbours reached them.
 */
export function planeSpectrum(
  begin: i32, end: i32, thread: i32,
  tiles: i32, channels: i32, rows: i32, plan: usize, x: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const points = load<i32>(plan) * load<i32>(plan, 4), entries = load<usize>(plan, 28), lastEntry = entries + ENTRY * <usize>load<i32>(plan, 8);
  const a = scratch + <usize>thread * scratchStride, b = a + (<usize>points << POINT), apart = <usize>tiles << POINT;
  const scale = <f32>(1 / Math.sqrt(<f64>points)), self = f32x4.splat(scale), pair = f32x4.splat(<f32>Math.SQRT1_2 * scale);
  for (let item = begin; item < end; item++) {
    const row = item / tiles, tile = item - row * tiles, left = channels - tile * LANES;
    const m0 = below(left, 0), m1 = below(left, 4), m2 = below(left, 8), m3 = below(left, 12);
    let p = x + (<usize>(row * points) * tiles + tile << POINT);
    for (let i = a; i < b; i += 64, p += apart) {
      v128.store(i, v128.load(p)); v128.store(i, v128.load(p, 16), 16);
      v128.store(i, v128.load(p, 32), 32); v128.store(i, v128.load(p, 48), 48);
    }
    const z = transformPlane(plan, a, b);
    for (let entry = entries; entry < lastEntry; entry += ENTRY) {
      const i = load<i32>(entry), j = load<i32>(entry, 4);
      const at = <usize>load<i32>(entry, 8) * rows + <usize>row * load<i32>(entry, 12) + load<i32>(entry, 16);
      let to = out + (at * tiles + tile << POINT);
      p = z + (<usize>i << POINT);
      const r0 = v128.load(p), r1 = v128.load(p, 16), i0 = v128.load(p, 32), i1 = v128.load(p, 48);
      if (i == j) {
        v128.store(to, v128.and(m0, f32x4.mul(self, r0))); v128.store(to, v128.and(m1, f32x4.mul(self, r1)), 16);
        v128.store(to, v128.and(m2, f32x4.mul(self, i0)), 32); v128.store(to, v128.and(m3, f32x4.mul(self, i1)), 48);
        continue;
      }
      p = z + (<usize>j << POINT);
      const s0 = v128.load(p), s1 = v128.load(p, 16), j0 = v128.load(p, 32), j1 = v128.load(p, 48);
      v128.store(to, v128.and(m0, f32x4.mul(pair, f32x4.add(r0, s0)))); v128.store(to, v128.and(m1, f32x4.mul(pair, f32x4.add(r1, s1))), 16);
      v128.store(to, v128.and(m2, f32x4.mul(pair, f32x4.add(i0, j0))), 32); v128.store(to, v128.and(m3, f32x4.mul(pair, f32x4.add(i1, j1))), 48);
      to += apart;
      v128.store(to, v128.and(m0, f32x4.mul(pair, f32x4.sub(i0, j0)))); v128.store(to, v128.and(m1, f32x4.mul(pair, f32x4.sub(i1, j1))), 16);
      v128.store(to, v128.and(m2, f32x4.mul(pair, f32x4.sub(s0, r0))), 32); v128.store(to, v128.and(m3, f32x4.mul(pair, f32x4.sub(s1, r1))), 48);
    }
  }
}

/**
 * The transpose of `planeSpectrum`: bands at x to rows at `out`. The inverse complex transform is the forward one with real and imaginary parts
 * exchanged before and after: points are written as (im, re) and read back so.
 */
export function planeFromSpectrum(
  begin: i32, end: i32, thread: i32,
  tiles: i32, channels: i32, rows: i32, plan: usize, x: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const points = load<i32>(plan) * load<i32>(plan, 4), entries = load<usize>(plan, 28), lastEntry = entries + ENTRY * <usize>load<i32>(plan, 8);
  const bytes = <usize>points << POINT, a = scratch + <usize>thread * scratchStride, b = a + bytes, apart = <usize>tiles << POINT;
  const scale = <f32>(1 / Math.sqrt(<f64>points)), self = f32x4.splat(scale), pair = f32x4.splat(<f32>Math.SQRT1_2 * scale);
  for (let item = begin; item < end; item++) {
    const row = item / tiles, tile = item - row * tiles, left = channels - tile * LANES;
    const m0 = below(left, 0), m1 = below(left, 4), m2 = below(left, 8), m3 = below(left, 12);
    for (let entry = entries; entry < lastEntry; entry += ENTRY) {
      const i = load<i32>(entry), j = load<i32>(entry, 4);
      const at = <usize>load<i32>(entry, 8) * rows + <usize>row * load<i32>(entry, 12) + load<i32>(entry, 16);
      let p = x + (at * tiles + tile << POINT), to = a + (<usize>i << POINT);
      const c0 = v128.load(p), c1 = v128.load(p, 16), c2 = v128.load(p, 32), c3 = v128.load(p, 48);
      if (i == j) {
        v128.store(to, f32x4.mul(self, c0), 32); v128.store(to, f32x4.mul(self, c1), 48);
        v128.store(to, f32x4.mul(self, c2)); v128.store(to, f32x4.mul(self, c3), 16);
        continue;
      }
      p += apart;
      const d0 = v128.load(p), d1 = v128.load(p, 16), d2 = v128.load(p, 32), d3 = v128.load(p, 48);
      v128.store(to, f32x4.mul(pair, f32x4.sub(c0, d2)), 32); v128.store(to, f32x4.mul(pair, f32x4.sub(c1, d3)), 48);
      v128.store(to, f32x4.mul(pair, f32x4.add(c2, d0))); v128.store(to, f32x4.mul(pair, f32x4.add(c3, d1)), 16);
      to = a + (<usize>j << POINT);
      v128.store(to, f32x4.mul(pair, f32x4.add(c0, d2)), 32); v128.store(to, f32x4.mul(pair, f32x4.add(c1, d3)), 48);
      v128.store(to, f32x4.mul(pair, f32x4.sub(c2, d0))); v128.store(to, f32x4.mul(pair, f32x4.sub(c3, d1)), 16);
    }
    const z = transformPlane(plan, a, b);
    let p = out + (<usize>(row * points) * tiles + tile << POINT);
    for (let i = z; i < z + bytes; i += 64, p += apart) {
      v128.store(p, v128.and(m0, v128.load(i, 32))); v128.store(p, v128.and(m1, v128.load(i, 48)), 16);
      v128.store(p, v128.and(m2, v128.load(i)), 32); v128.store(p, v128.and(m3, v128.load(i, 16)), 48);
    }
  }
}
