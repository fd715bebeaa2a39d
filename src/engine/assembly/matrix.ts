/**
 * Products of row-major float32 matrices:  C = base + scale A B,  base = C itself, a bias row, or 0.
 *
 * A and B are read by two steps each, one a row and one a column, so A^T and B^T need no copy. A tile of 16 columns of B is packed first
 * ([depth][16], zeros past the last column), at most 256 deep, so that it stays in the nearest cache while all rows of the block pass it.
 * Two rows by 16 columns keep 8 sums in registers (see gemm.ts). Every sum runs over the depth in order, in chunks of 256, whatever the threads.
 */

/** Depth of a packed tile: 16 KiB. */
const DEPTH: i32 = 256;
/** Bytes of a packed tile; zeros (one row) and two rows of results follow. */
const TILE: usize = 256 * 64;

/** Vectors a, b, c, d, the four rows of a 4 x 4 block, stored as its columns, 64 bytes apart. */
@inline
export function storeTransposed(a: v128, b: v128, c: v128, d: v128, out: usize): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7), CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5)); v128.store(out, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7), 64);
  v128.store(out, v128.shuffle<f32>(AB, CD, 0, 1, 4, 5), 128); v128.store(out, v128.shuffle<f32>(AB, CD, 2, 3, 6, 7), 192);
}

/** tile[k][j] = B[k][j] for j < width, else 0. */
function pack(b: usize, depthStep: usize, columnStep: usize, depth: i32, width: i32, tile: usize): void {
  let k = 0;
  if (width == 16 && columnStep == 4) {
    for (; k < depth; k++, b += depthStep, tile += 64) {
      v128.store(tile, v128.load(b)); v128.store(tile, v128.load(b, 16), 16);
      v128.store(tile, v128.load(b, 32), 32); v128.store(tile, v128.load(b, 48), 48);
    }
    return;
  }
  if (width == 16 && depthStep == 4) {
    for (; k + 3 < depth; k += 4, b += 16, tile += 256) {
      for (let j: usize = 0, p = b; j < 64; j += 16, p += columnStep << 2) {
        const q = p + (columnStep << 1);
        storeTransposed(v128.load(p), v128.load(p + columnStep), v128.load(q), v128.load(q + columnStep), tile + j);
      }
    }
  }
  const zero = f32x4.splat(0);
  for (; k < depth; k++, b += depthStep, tile += 64) {
    if (width < 16) { v128.store(tile, zero); v128.store(tile, zero, 16); v128.store(tile, zero, 32); v128.store(tile, zero, 48); }
    for (let j = 0, p = b; j < width; j++, p += columnStep) store<f32>(tile + (<usize>j << 2), load<f32>(p));
  }
}

/** out = base + scale sum: a vector. */
@inline
function end(out: usize, base: usize, scale: v128, sum: v128): void {
  v128.store(out, f32x4.add(v128.load(base), f32x4.mul(scale, sum)));
}

/** Two rows of 16: the products of A's rows at p and q (steps of `step` bytes) with the tile. */
@inline
function rowPair(
  p: usize, q: usize, step: usize, tile: usize, last: usize, scale: v128,
  baseP: usize, baseQ: usize, outP: usize, outQ: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (let i = tile; i < last; i += 64, p += step, q += step) {
    const u = v128.load32_splat(p), v = v128.load32_splat(q);
    const w0 = v128.load(i);
    a0 = f32x4.add(a0, f32x4.mul(u, w0)); b0 = f32x4.add(b0, f32x4.mul(v, w0));
    const w1 = v128.load(i, 16);
    a1 = f32x4.add(a1, f32x4.mul(u, w1)); b1 = f32x4.add(b1, f32x4.mul(v, w1));
    const w2 = v128.load(i, 32);
    a2 = f32x4.add(a2, f32x4.mul(u, w2)); b2 = f32x4.add(b2, f32x4.mul(v, w2));
    const w3 = v128.load(i, 48);
    a3 = f32x4.add(a3, f32x4.mul(u, w3)); b3 = f32x4.add(b3, f32x4.mul(v, w3));
  }
  end(outP, baseP, scale, a0); end(outP + 16, baseP + 16, scale, a1);
  end(outP + 32, baseP + 32, scale, a2); end(outP + 48, baseP + 48, scale, a3);
  end(outQ, baseQ, scale, b0); end(outQ + 16, baseQ + 16, scale, b1);
  end(outQ + 32, baseQ + 32, scale, b2); end(outQ + 48, baseQ + 48, scale, b3);
}

/** One row of 16. */
@inline
function rowAlone(p: usize, step: usize, tile: usize, last: usize, scale: v128, base: usize, out: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  for (let i = tile; i < last; i += 64, p += step) {
    const u = v128.load32_splat(p);
    a0 = f32x4.add(a0, f32x4.mul(u, v128.load(i))); a1 = f32x4.add(a1, f32x4.mul(u, v128.load(i, 16)));
    a2 = f32x4.add(a2, f32x4.mul(u, v128.load(i, 32))); a3 = f32x4.add(a3, f32x4.mul(u, v128.load(i, 48)));
  }
  end(out, base, scale, a0); end(out + 16, base + 16, scale, a1);
  end(out + 32, base + 32, scale, a2); end(out + 48, base + 48, scale, a3);
}

/** Copies `width` floats. */
@inline
function copy(from: usize, to: usize, width: i32): void {
  for (let j: usize = 0, last = <usize>width << 2; j < last; j += 4) store<f32>(to + j, load<f32>(from + j));
}

/**
 * C[rows][columns] = base + scale A[rows][depth] B[depth][columns]; items are (block of `blockRows` rows) * (tiles of columns) + tile.
 * Steps are floats from one element to the next along rows, depth and columns. Base: `accumulate` C itself, else the row at `bias`, else (bias 0) 0.
 * Only columns < `columns` of C are written. `scratch`: 16576 bytes a thread.
 */
export function matrixProduct(
  begin: i32, end: i32, thread: i32,
  rows: i32, columns: i32, depth: i32, blockRows: i32, scale: f32, accumulate: i32,
  a: usize, aRowStep: i32, aDepthStep: i32, b: usize, bDepthStep: i32, bColumnStep: i32, c: usize, cRowStep: i32, bias: usize,
  scratch: usize, scratchStride: i32,
): void {
  const tile = scratch + <usize>thread * scratchStride, zeros = tile + TILE, narrow = zeros + 64;
  const factor = f32x4.splat(scale), zero = f32x4.splat(0);
  v128.store(zeros, zero); v128.store(zeros, zero, 16); v128.store(zeros, zero, 32); v128.store(zeros, zero, 48);
  const tiles = (columns + 15) >> 4;
  const rowStep = <usize>aRowStep << 2, step = <usize>aDepthStep << 2, bStep = <usize>bDepthStep << 2, out = <usize>cRowStep << 2;
  for (let item = begin; item < end; item++) {
    const block = item / tiles, column = (item - block * tiles) << 4, width = min(16, columns - column);
    const from = block * blockRows, to = min(rows, from + blockRows);
    for (let k = 0; k < depth; k += DEPTH) {
      const deep = min(DEPTH, depth - k);
      pack(b + <usize>k * bStep + (<usize>column * bColumnStep << 2), bStep, <usize>bColumnStep << 2, deep, width, tile);
      const last = tile + (<usize>deep << 6), own = accumulate != 0 || k > 0;
      const shared = bias ? bias + (<usize>column << 2) : zeros;
      let p = a + <usize>from * rowStep + <usize>k * step, o = c + <usize>from * out + (<usize>column << 2);
      let r = from;
      for (; r + 1 < to; r += 2, p += rowStep << 1, o += out << 1) {
        const baseP = own ? o : shared, baseQ = own ? o + out : shared;
        if (width == 16) { rowPair(p, p + rowStep, step, tile, last, factor, baseP, baseQ, o, o + out); continue; }
        copy(baseP, narrow, width); copy(baseQ, narrow + 64, width);
        rowPair(p, p + rowStep, step, tile, last, factor, narrow, narrow + 64, narrow, narrow + 64);
        copy(narrow, o, width); copy(narrow + 64, o + out, width);
      }
      if (r < to) {
        copy(own ? o : shared, narrow, width);
        rowAlone(p, step, tile, last, factor, narrow, narrow);
        copy(narrow, o, width);
      }
    }
  }
}
