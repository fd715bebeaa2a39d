/** What all kernels share: the width of a tile, and small sums over a tile's rows. */

/** Neurons a tile; a tile's row is 16 floats, one cache line. */
export const LANES: i32 = 16;
/** log2 of a row's bytes. */
export const ROW: usize = 6;

/** Mean and summed squared deviation of each of 16 columns over `rows` rows: out[0..15] and out[16..31]. Two passes, in cache, for accuracy. */
export function chunkMoments(block: usize, rows: i32, out: usize): void {
  const last = block + (<usize>rows << ROW);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let p = block; p < last; p += 64) {
    s0 = f32x4.add(s0, v128.load(p)); s1 = f32x4.add(s1, v128.load(p, 16));
    s2 = f32x4.add(s2, v128.load(p, 32)); s3 = f32x4.add(s3, v128.load(p, 48));
  }
  const n = f32x4.splat(<f32>rows);
  const m0 = f32x4.div(s0, n), m1 = f32x4.div(s1, n), m2 = f32x4.div(s2, n), m3 = f32x4.div(s3, n);
  let q0 = f32x4.splat(0), q1 = q0, q2 = q0, q3 = q0;
  for (let p = block; p < last; p += 64) {
    const d0 = f32x4.sub(v128.load(p), m0), d1 = f32x4.sub(v128.load(p, 16), m1);
    const d2 = f32x4.sub(v128.load(p, 32), m2), d3 = f32x4.sub(v128.load(p, 48), m3);
    q0 = f32x4.add(q0, f32x4.mul(d0, d0)); q1 = f32x4.add(q1, f32x4.mul(d1, d1));
    q2 = f32x4.add(q2, f32x4.mul(d2, d2)); q3 = f32x4.add(q3, f32x4.mul(d3, d3));
  }
  v128.store(out, m0); v128.store(out, m1, 16); v128.store(out, m2, 32); v128.store(out, m3, 48);
  v128.store(out, q0, 64); v128.store(out, q1, 80); v128.store(out, q2, 96); v128.store(out, q3, 112);
}

/** Sum of a vector's four lanes, in a fixed order. */
@inline
export function horizontalSum(v: v128): f32 {
  return (f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1)) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/** Sum of each of 16 columns over `rows` rows that lie `stride` bytes apart, stored at `out`. */
export function columnSums(block: usize, rows: i32, stride: usize, out: usize): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let r = 0, p = block; r < rows; r++, p += stride) {
    s0 = f32x4.add(s0, v128.load(p)); s1 = f32x4.add(s1, v128.load(p, 16));
    s2 = f32x4.add(s2, v128.load(p, 32)); s3 = f32x4.add(s3, v128.load(p, 48));
  }
  v128.store(out, s0); v128.store(out, s1, 16); v128.store(out, s2, 32); v128.store(out, s3, 48);
}

/**
 * Reads `rows` rows of 64 bytes in order, so that the processor's prefetcher brings them into the cache: rows that are then read in the order of
 * events would each wait for memory. Returns a value that depends on them, for the caller to store where it does no harm.
 */
@inline
export function warm(block: usize, rows: i32): v128 {
  let seen = i32x4.splat(0);
  for (let r = 0; r < rows; r++, block += 64) seen = v128.or(seen, v128.load(block));
  return seen;
}

/**
 * Sum of the rows of 16 at `rows` that the u16 entries from e to last name, stored at `out`, or added to what is there (`onto`). An odd entry first, then pairs, added to each other
 * before they meet the sum: no addition waits for the one before, and four sums with the loads beside them are what the registers hold.
 */
@inline
export function sumListed(onto: bool, e: usize, last: usize, rows: usize, out: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  if ((last - e) & 2) {
    const p = rows + (<usize>load<u16>(e) << ROW);
    a0 = v128.load(p); a1 = v128.load(p, 16); a2 = v128.load(p, 32); a3 = v128.load(p, 48);
    e += 2;
  }
  if (onto) {
    a0 = f32x4.add(v128.load(out), a0); a1 = f32x4.add(v128.load(out, 16), a1);
    a2 = f32x4.add(v128.load(out, 32), a2); a3 = f32x4.add(v128.load(out, 48), a3);
  }
  for (; e < last; e += 4) {
    const two = <usize>load<u32>(e), p = rows + ((two & 0xffff) << ROW), q = rows + ((two >> 16) << ROW);
    a0 = f32x4.add(a0, f32x4.add(v128.load(p), v128.load(q)));
    a1 = f32x4.add(a1, f32x4.add(v128.load(p, 16), v128.load(q, 16)));
    a2 = f32x4.add(a2, f32x4.add(v128.load(p, 32), v128.load(q, 32)));
    a3 = f32x4.add(a3, f32x4.add(v128.load(p, 48), v128.load(q, 48)));
  }
  v128.store(out, a0); v128.store(out, a1, 16); v128.store(out, a2, 32); v128.store(out, a3, 48);
}

/** Vector of the norm-ended gradient (see norm.ts): g k0 + z k1 + k2 of the vectors at g and z; g alone where there is no norm. */
@inline
export function ended(g: usize, z: usize, normed: bool, k0: v128, k1: v128, k2: v128): v128 {
  const x = v128.load(g);
  return normed ? f32x4.add(f32x4.add(f32x4.mul(x, k0), f32x4.mul(v128.load(z), k1)), k2) : x;
}

/** The first `count` (1 to 4 or more) floats at `at`, 0 past them. */
@inline
export function loadFirst(at: usize, count: i32): v128 {
  if (count > 3) return v128.load(at);
  let v = f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(at));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(at, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(at, 8));
  return v;
}

/** The first `count` (1 to 4 or more) lanes of v to `at`; what lies past them stays. */
@inline
export function storeFirst(at: usize, v: v128, count: i32): void {
  if (count > 3) {
    v128.store(at, v);
    return;
  }
  store<f32>(at, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(at, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(at, f32x4.extract_lane(v, 2), 8);
}
