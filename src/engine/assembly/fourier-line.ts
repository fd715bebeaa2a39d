/**
 * The transform of `fourier.ts` over the neurons of flat rows, [row][stride] floats of which the plan's width counts; bands are [row][width] floats.
 * Eight rows go side by side, as real parts; imaginary parts are 0. So no row hears of its neighbours: a silent one stays silent to the last bit.
 */
import { POINT, transformAxis } from "./fourier-axis";

const ENTRY: usize = 20;
/** Rows an item. */
const GROUP: i32 = 8;

/** The place in bytes of coefficient `at` of an entry and a row. */
@inline
function placeOf(entry: usize, rows: i32, row: i32): usize {
  return (<usize>load<i32>(entry, 8) * rows + <usize>row * load<i32>(entry, 12) + load<i32>(entry, 16)) << 2;
}

/** Rows of x to bands at `out`; items are groups of 8 of the `rows` rows. `scratch` takes 128 bytes a neuron, a thread. */
export function lineSpectrum(
  begin: i32, end: i32, thread: i32, stride: i32, rows: i32, plan: usize, x: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const length = load<i32>(plan, 4), entries = load<usize>(plan, 28), lastEntry = entries + ENTRY * <usize>load<i32>(plan, 8);
  const bytes = <usize>length << POINT, a = scratch + <usize>thread * scratchStride, b = a + bytes;
  const self = <f32>(1 / Math.sqrt(<f64>length)), pair = <f32>(Math.SQRT2 / Math.sqrt(<f64>length));
  for (let item = begin; item < end; item++) {
    const first = item * GROUP, count = min(GROUP, rows - first);
    memory.fill(a, 0, bytes);
    for (let r = 0; r < count; r++) {
      let p = x + (<usize>(first + r) * stride << 2);
      for (let to = a + (<usize>r << 2); to < b; to += 64, p += 4) store<f32>(to, load<f32>(p));
    }
    const z = transformAxis(1, length, 1, load<usize>(plan, 20), load<usize>(plan, 24), a, b);
    for (let entry = entries; entry < lastEntry; entry += ENTRY) {
      const i = load<i32>(entry), j = load<i32>(entry, 4);
      for (let r = 0; r < count; r++) {
        const to = out + placeOf(entry, rows, first + r), from = z + (<usize>i << POINT) + (<usize>r << 2);
        if (j < 0) store<f32>(to, 0);
        else if (i == j) store<f32>(to, self * load<f32>(from));
        else {
          store<f32>(to, pair * load<f32>(from));
          store<f32>(to, pair * load<f32>(from, 32), 4);
        }
      }
    }
  }
}

/** The transpose of `lineSpectrum`: bands at x to rows at `out`, their floats past the width 0. */
export function lineFromSpectrum(
  begin: i32, end: i32, thread: i32, stride: i32, rows: i32, plan: usize, x: usize, out: usize, scratch: usize, scratchStride: i32,
): void {
  const length = load<i32>(plan, 4), entries = load<usize>(plan, 28), lastEntry = entries + ENTRY * <usize>load<i32>(plan, 8);
  const bytes = <usize>length << POINT, a = scratch + <usize>thread * scratchStride, b = a + bytes;
  const self = <f32>(1 / Math.sqrt(<f64>length)), pair = <f32>Math.SQRT1_2 * self;
  for (let item = begin; item < end; item++) {
    const first = item * GROUP, count = min(GROUP, rows - first);
    memory.fill(a, 0, bytes);
    for (let entry = entries; entry < lastEntry; entry += ENTRY) {
      const i = load<i32>(entry), j = load<i32>(entry, 4);
      if (j < 0) continue;
      for (let r = 0; r < count; r++) {
        // As (im, re), for the inverse: see planeFromSpectrum.
        const from = x + placeOf(entry, rows, first + r), lane = <usize>r << 2, to = a + (<usize>i << POINT) + lane;
        if (i == j) {
          store<f32>(to, self * load<f32>(from), 32);
          continue;
        }
        const re = pair * load<f32>(from), im = pair * load<f32>(from, 4), other = a + (<usize>j << POINT) + lane;
        store<f32>(to, re, 32); store<f32>(to, im);
        store<f32>(other, re, 32); store<f32>(other, -im);
      }
    }
    const z = transformAxis(1, length, 1, load<usize>(plan, 20), load<usize>(plan, 24), a, b);
    for (let r = 0; r < count; r++) {
      let p = out + (<usize>(first + r) * stride << 2);
      for (let i = z + (<usize>r << 2) + 32, to = i + bytes; i < to; i += 64, p += 4) store<f32>(p, load<f32>(i));
      for (let k = length; k < stride; k++, p += 4) store<f32>(p, 0);
    }
  }
}
