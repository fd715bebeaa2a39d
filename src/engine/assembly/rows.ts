/** Products with one-hot rows, which are look-ups, and sums of rows. Rows are whole tiles of 16 floats, `stride` floats apart. */
import { columnSums } from "./lanes";

/** out[r] = bias + table[symbols[r]]; items are rows. */
export function gatherRows(
  begin: i32, end: i32, _thread: i32, stride: i32, symbols: usize, table: usize, bias: usize, out: usize,
): void {
  const bytes = <usize>stride << 2;
  for (let r = begin; r < end; r++) {
    const from = table + <usize>load<u16>(symbols + (<usize>r << 1)) * bytes, to = out + <usize>r * bytes;
    for (let i: usize = 0; i < bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(bias + i), v128.load(from + i)));
  }
}

/** table[s] = scale * sum over rows r with symbols[r] = s of g[r], 0 for symbols that do not occur; items are tiles of 16 columns. */
export function scatterRows(
  begin: i32, end: i32, _thread: i32,
  rows: i32, symbolCount: i32, stride: i32, scale: f32, symbols: usize, g: usize, table: usize,
): void {
  const bytes = <usize>stride << 2, zero = f32x4.splat(0), factor = f32x4.splat(scale);
  for (let tile = begin; tile < end; tile++) {
    const own = table + (<usize>tile << 6);
    for (let s = 0, at = own; s < symbolCount; s++, at += bytes) {
      v128.store(at, zero); v128.store(at, zero, 16); v128.store(at, zero, 32); v128.store(at, zero, 48);
    }
    for (let r = 0, p = g + (<usize>tile << 6); r < rows; r++, p += bytes) {
      const at = own + <usize>load<u16>(symbols + (<usize>r << 1)) * bytes;
      for (let i: usize = 0; i < 64; i += 16) {
        v128.store(at + i, f32x4.add(v128.load(at + i), f32x4.mul(factor, v128.load(p + i))));
      }
    }
  }
}

/** Floats an item of `addInto`. */
const BLOCK: i32 = 2048;

/** sum += x, `length` floats (a multiple of 4); items are blocks of 2048. */
export function addInto(begin: i32, end: i32, _thread: i32, length: i32, x: usize, sum: usize): void {
  for (let item = begin; item < end; item++) {
    const to = <usize>min(length, (item + 1) * BLOCK) << 2;
    for (let i = <usize>item * BLOCK << 2; i < to; i += 16) {
      v128.store(sum + i, f32x4.add(v128.load(sum + i), v128.load(x + i)));
    }
  }
}

/** out = scale * sum of the rows; items are tiles of 16 columns. */
export function sumRows(
  begin: i32, end: i32, _thread: i32, rows: i32, stride: i32, scale: f32, x: usize, out: usize,
): void {
  const factor = f32x4.splat(scale);
  for (let tile = begin; tile < end; tile++) {
    const to = out + (<usize>tile << 6);
    columnSums(x + (<usize>tile << 6), rows, <usize>stride << 2, to);
    for (let i: usize = 0; i < 64; i += 16) v128.store(to + i, f32x4.mul(factor, v128.load(to + i)));
  }
}
