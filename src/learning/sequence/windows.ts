/** Copies windows of a sequence into a net's rows: image n * rows + b is position n of window b. */
import type { SequenceInputs } from "../../data/sequence/task.ts";

/** Symbols of `count` windows of `window` elements that start at starts[from ..]. */
export function gatherSymbols(
  symbols: Uint16Array,
  starts: Int32Array,
  from: number,
  count: number,
  window: number,
): Uint16Array {
  const out = new Uint16Array(window * count);
  for (let n = 0; n < window; n++) for (let b = 0; b < count; b++) out[n * count + b] = symbols[starts[from + b]! + n]!;
  return out;
}

/** Rows of values of such windows, `stride` floats apart, into `out`. */
export function gatherValues(
  { values, width }: Extract<SequenceInputs, { kind: "values" }>,
  starts: Int32Array,
  from: number,
  count: number,
  window: number,
  out: Float32Array,
  stride: number,
): void {
  for (let n = 0; n < window; n++) {
    for (let b = 0; b < count; b++) {
      const at = (starts[from + b]! + n) * width;
      out.set(values.subarray(at, at + width), (n * count + b) * stride);
    }
  }
}
