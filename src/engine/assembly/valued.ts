/**
 * Real-valued inputs that are mostly one constant (the background of a digit): only the others are worth a multiplication.
 *
 *   z = b + c sum_i W_i + sum over i with x_i != c of (x_i - c) W_i            c the background, sum_i W_i once a tile
 *   dW_i = c sum_b G_b + sum over b with x_bi != c of (x_bi - c) G_b
 *
 * Product: a list an image, used for two tiles at once. Gradient: a list two neighbouring inputs, with an entry where either differs: neighbours
 * mostly agree, so these lists are hardly longer and each row of G that is loaded is used twice. Entries hold the value and the byte offset
 * of its row, and are written whether they count or not, so that no branch depends on the data.
 */
import { ROW, chunkMoments, columnSums } from "./lanes";
import { finishNorm } from "./correlate";

/**
 * Lists images; items are images. Entries {value, offset}, 8 bytes; a list each `blockInputs` inputs (a multiple of 4), which starts where it would if
 * all inputs were listed: image b's first at b * capacity * 8. ends[image][block] is its length in bytes. Rows of x are `stride` floats
 * apart and read up to a multiple of four. `scratch`: 256 bytes a thread.
 */
export function listValues(
  begin: i32, end: i32, thread: i32,
  inputs: i32, stride: i32, capacity: i32, blockInputs: i32, background: f32, x: usize, ends: usize, lists: usize, scratch: usize, scratchStride: i32,
): void {
  const c = f32x4.splat(background);
  // For each set of four lanes, the bytes that move its members to the front.
  const table = scratch + <usize>thread * scratchStride;
  for (let set = 0; set < 16; set++) {
    let to = table + (<usize>set << 4);
    v128.store(to, i32x4.splat(0));
    for (let lane = 0; lane < 4; lane++) {
      if (set >> lane & 1) { store<u32>(to, 0x03020100 + lane * 0x04040404); to += 4; }
    }
  }
  const blocks = (inputs + blockInputs - 1) / blockInputs, step = i32x4.splat(4 << <i32>ROW);
  for (let b = begin; b < end; b++) {
    let p = x + (<usize>b * stride << 2), offset = i32x4(0, 1 << <i32>ROW, 2 << <i32>ROW, 3 << <i32>ROW);
    for (let from = 0, n = ends + (<usize>(b * blocks) << 2); from < inputs; from += blockInputs, n += 4) {
      const to = min(inputs, from + blockInputs), first = lists + (<usize>(b * capacity + from) << 3);
      let e = first;
      for (let k = from; k < to; k += 4, p += 16, offset = i32x4.add(offset, step)) {
        const v = v128.load(p);
        let set = i32x4.bitmask(f32x4.ne(v, c));
        if (k + 4 > to) set &= (1 << (to - k)) - 1;
        const order = v128.load(table + (<usize>set << 4));
        const values = i8x16.swizzle(f32x4.sub(v, c), order), offsets = i8x16.swizzle(offset, order);
        v128.store(e, v128.shuffle<f32>(values, offsets, 0, 4, 1, 5));
        v128.store(e, v128.shuffle<f32>(values, offsets, 2, 6, 3, 7), 16);
        e += <usize>popcnt(set) << 3;
      }
      store<i32>(n, <i32>(e - first));
    }
  }
}

/**
 * Lists pairs of neighbouring inputs; items are blocks of 4 inputs. Entries {value, value, image's offset}, 12 bytes; pair p's list begins at p * capacity
 * * 12, ends[p] is its length in bytes. The last of an odd number of inputs is paired with zeros.
 */
export function transposeValues(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, stride: i32, capacity: i32, background: f32, x: usize, ends: usize, lists: usize,
): void {
  const c = f32x4.splat(background), bytes = <usize>capacity * 12;
  for (let item = begin; item < end; item++) {
    const k = item << 2, inside = i32x4.gt_s(i32x4.splat(inputs - k), i32x4(0, 1, 2, 3));
    const left = lists + <usize>(2 * item) * bytes, right = left + bytes;
    let p = x + (<usize>k << 2), l = left, r = right;
    for (let b = 0; b < images; b++, p += <usize>stride << 2) {
      const d = v128.and(f32x4.sub(v128.load(p), c), inside);
      const set = i64x2.bitmask(i64x2.ne(d, i64x2.splat(0)));
      v128.store64_lane(l, d, 0); store<u32>(l, b << <i32>ROW, 8);
      v128.store64_lane(r, d, 1); store<u32>(r, b << <i32>ROW, 8);
      l += set & 1 ? 12 : 0;
      r += set & 2 ? 12 : 0;
    }
    store<i32>(ends + (<usize>item << 3), <i32>(l - left)); store<i32>(ends + (<usize>item << 3), <i32>(r - right), 4);
  }
}

/** Product with listed values; items are weight row tiles (one pixel). Blocks of inputs, so that two tiles' weights stay in the first cache for all images. */
export function linearValued(
  begin: i32, end: i32, _thread: i32,
  images: i32, inputs: i32, capacity: i32, blockInputs: i32, background: f32,
  ends: usize, lists: usize, weights: usize, bias: usize, z: usize, moments: usize,
): void {
  const blocks = (inputs + blockInputs - 1) / blockInputs;
  const wTile = <usize>inputs << ROW, zTile = <usize>images << ROW;
  for (let tile = begin; tile < end; tile += 2) {
    const two = tile + 1 < end;
    const w = weights + <usize>tile * wTile, c = bias ? bias + (<usize>tile << ROW) : 0, block = z + <usize>tile * zTile;
    fillBackground(w, inputs, c, background, block, images);
    if (two) fillBackground(w + wTile, inputs, c ? c + 64 : 0, background, block + zTile, images);
    for (let k = 0; k < blocks; k++) {
      for (let b = 0; b < images; b++) {
        const e = lists + (<usize>(b * capacity + k * blockInputs) << 3), last = e + load<u32>(ends + (<usize>(b * blocks + k) << 2));
        if (two) addTwo(e, last, w, wTile, block + (<usize>b << ROW), zTile);
        else addOne(e, last, w, block + (<usize>b << ROW));
      }
    }
    if (moments) {
      chunkMoments(block, images, moments + (<usize>tile << 7));
      if (two) chunkMoments(block + zTile, images, moments + (<usize>(tile + 1) << 7));
    }
  }
}

/** What a tile's drives would be if all inputs were background, in every image's row. */
function fillBackground(w: usize, inputs: i32, bias: usize, background: f32, rows: usize, images: i32): void {
  const c = f32x4.splat(background);
  columnSums(w, inputs, 64, rows);
  let c0 = f32x4.mul(c, v128.load(rows)), c1 = f32x4.mul(c, v128.load(rows, 16)), c2 = f32x4.mul(c, v128.load(rows, 32)), c3 = f32x4.mul(c, v128.load(rows, 48));
  if (bias) {
    c0 = f32x4.add(c0, v128.load(bias)); c1 = f32x4.add(c1, v128.load(bias, 16));
    c2 = f32x4.add(c2, v128.load(bias, 32)); c3 = f32x4.add(c3, v128.load(bias, 48));
  }
  for (const last = rows + (<usize>images << ROW); rows < last; rows += 64) {
    v128.store(rows, c0); v128.store(rows, c1, 16); v128.store(rows, c2, 32); v128.store(rows, c3, 48);
  }
}

/** Adds a list's products to the row at `o` and to the next tile's, `zTile` bytes on. */
@inline
function addTwo(list: usize, last: usize, w: usize, wTile: usize, o: usize, zTile: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), a3 = v128.load(o, 48);
  const n = o + zTile;
  let b0 = v128.load(n), b1 = v128.load(n, 16), b2 = v128.load(n, 32), b3 = v128.load(n, 48);
  const next = w + wTile;
  for (let e = list; e < last; e += 8) {
    const s = v128.load32_splat(e), row = load<u32>(e, 4), p = w + row;
    a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
    a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
    const q = next + row;
    // Never so. V8 moves a basic block's loads to its front: eight more do not fit the registers, so the block must end here.
    if (q == 0) break;
    b0 = f32x4.add(b0, f32x4.mul(s, v128.load(q))); b1 = f32x4.add(b1, f32x4.mul(s, v128.load(q, 16)));
    b2 = f32x4.add(b2, f32x4.mul(s, v128.load(q, 32))); b3 = f32x4.add(b3, f32x4.mul(s, v128.load(q, 48)));
  }
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
  v128.store(n, b0); v128.store(n, b1, 16); v128.store(n, b2, 32); v128.store(n, b3, 48);
}

/** Adds a list's products to the row at `o`. */
@inline
function addOne(list: usize, last: usize, w: usize, o: usize): void {
  let a0 = v128.load(o), a1 = v128.load(o, 16), a2 = v128.load(o, 32), a3 = v128.load(o, 48);
  for (let e = list; e < last; e += 8) {
    const s = v128.load32_splat(e), p = w + load<u32>(e, 4);
    a0 = f32x4.add(a0, f32x4.mul(s, v128.load(p))); a1 = f32x4.add(a1, f32x4.mul(s, v128.load(p, 16)));
    a2 = f32x4.add(a2, f32x4.mul(s, v128.load(p, 32))); a3 = f32x4.add(a3, f32x4.mul(s, v128.load(p, 48)));
  }
  v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
}

/** Weight and bias gradient with listed values; items are weight row tiles. `scratch`: 64 bytes a thread. */
export function linearValuedGradient(
  begin: i32, end: i32, thread: i32,
  images: i32, inputs: i32, tiles: i32, capacity: i32, background: f32,
  ends: usize, lists: usize, g: usize, z: usize, coefficients: usize, dWeights: usize, dBias: usize, scratch: usize, scratchStride: i32,
): void {
  const c = f32x4.splat(background);
  const sums = scratch + <usize>thread * scratchStride;
  for (let tile = begin; tile < end; tile++) {
    const start = <usize>tile * images << ROW, block = g + start;
    if (coefficients) finishNorm(block, z + start, images, 64, coefficients + (<usize>tile << ROW), <usize>tiles << ROW);
    columnSums(block, images, 64, sums);
    const s0 = v128.load(sums), s1 = v128.load(sums, 16), s2 = v128.load(sums, 32), s3 = v128.load(sums, 48);
    if (dBias) {
      const o = dBias + (<usize>tile << ROW);
      v128.store(o, s0); v128.store(o, s1, 16); v128.store(o, s2, 32); v128.store(o, s3, 48);
    }
    const c0 = f32x4.mul(c, s0), c1 = f32x4.mul(c, s1), c2 = f32x4.mul(c, s2), c3 = f32x4.mul(c, s3);
    let o = dWeights + (<usize>tile * inputs << ROW), list = lists, length = ends;
    for (let k = 0; k < inputs; k += 2, o += 128, list += <usize>capacity * 12, length += 4) {
      let a0 = c0, a1 = c1, a2 = c2, a3 = c3, b0 = c0, b1 = c1, b2 = c2, b3 = c3;
      for (let e = list, last = e + load<u32>(length); e < last; e += 12) {
        const s = v128.load32_splat(e), t = v128.load32_splat(e, 4), p = block + load<u32>(e, 8);
        const g0 = v128.load(p); a0 = f32x4.add(a0, f32x4.mul(s, g0)); b0 = f32x4.add(b0, f32x4.mul(t, g0));
        const g1 = v128.load(p, 16); a1 = f32x4.add(a1, f32x4.mul(s, g1)); b1 = f32x4.add(b1, f32x4.mul(t, g1));
        const g2 = v128.load(p, 32); a2 = f32x4.add(a2, f32x4.mul(s, g2)); b2 = f32x4.add(b2, f32x4.mul(t, g2));
        const g3 = v128.load(p, 48); a3 = f32x4.add(a3, f32x4.mul(s, g3)); b3 = f32x4.add(b3, f32x4.mul(t, g3));
      }
      v128.store(o, a0); v128.store(o, a1, 16); v128.store(o, a2, 32); v128.store(o, a3, 48);
      if (k + 1 < inputs) { v128.store(o, b0, 64); v128.store(o, b1, 80); v128.store(o, b2, 96); v128.store(o, b3, 112); }
    }
  }
}
