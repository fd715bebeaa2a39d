/**
 * Drives of all T steps of one output unit tile, from event lists by motif (see events.ts):
 *
 *   z[t] = c + sum over motifs m that hold step t of A_m,   A_m = sum over the inputs listed under m of W[input]
 *
 * An input that fired at every step, or at every second one, is thus added once and not once a spike.
 */
import { ROW, sumListed } from "./lanes";

/**
 * A_m of 16 units for each of `motifs` lists, to rows of 16 at `sums`. `at` points to the lists' motifs + 1 offsets, `events` to what they
 * count (u16 weight rows), `w` to the tile's weights.
 */
@inline
export function motifSums(at: usize, events: usize, motifs: i32, w: usize, sums: usize): void {
  let e = events + (<usize>load<i32>(at) << 1);
  for (let m = 0; m < motifs; m++, at += 4, sums += 64) {
    const last = events + (<usize>load<i32>(at, 4) << 1);
    sumListed(false, e, last, w, sums);
    e = last;
  }
}

/** The rows z[t], at `rows` + t * stride, from the motifs' sums and the constant row `c` (0: none). */
export function stepsOfMotifs(sums: usize, steps: i32, periods: i32, c: usize, rows: usize, stride: usize): void {
  const zero = f32x4.splat(0);
  for (let v: usize = 0; v < 64; v += 16, sums += 16, rows += 16) {
    const constant = c ? v128.load(c + v) : zero;
    if (steps == 4) {
      const all = f32x4.add(constant, v128.load(sums)), odd = f32x4.add(all, v128.load(sums, 64));
      v128.store(rows, f32x4.add(all, v128.load(sums, 128))); v128.store(rows + stride, f32x4.add(odd, v128.load(sums, 192)));
      v128.store(rows + 2 * stride, f32x4.add(all, v128.load(sums, 256))); v128.store(rows + 3 * stride, f32x4.add(odd, v128.load(sums, 320)));
      continue;
    }
    let single = sums + (<usize>periods << ROW);
    for (let t = 0, row = rows; t < steps; t++, row += stride, single += 64) {
      let z = f32x4.add(constant, v128.load(single));
      for (let k = 1; k <= periods; k++) {
        if ((t + 1) % k == 0) z = f32x4.add(z, v128.load(sums + (<usize>(k - 1) << ROW)));
      }
      v128.store(row, z);
    }
  }
}
