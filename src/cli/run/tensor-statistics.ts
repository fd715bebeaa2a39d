/** Range and moments of a tensor's values. */
import type { Tensor } from "../../export/safetensors.ts";

export interface TensorStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  /** Values that are NaN or infinite; the others make the statistics. */
  readonly notFinite: number;
}

/** Element types whose bytes are not numbers of JavaScript: their values are not read. */
const NUMERIC: ReadonlySet<Tensor["dtype"]> = new Set([
  "BOOL",
  "U8",
  "I8",
  "I16",
  "U16",
  "I32",
  "U32",
  "I64",
  "U64",
  "F32",
  "F64",
]);

/** Null for an empty tensor, one without finite values, or an element type that is kept as bytes (half precision and below). */
export function tensorStatistics({ dtype, data }: Tensor): TensorStatistics | null {
  if (!NUMERIC.has(dtype)) return null;
  let [count, sum, min, max, notFinite] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (!Number.isFinite(value)) {
      notFinite++;
      continue;
    }
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return null;
  const mean = sum / count;
  // A second pass: the difference of two large sums would lose a small deviation.
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (Number.isFinite(value)) squares += (value - mean) ** 2;
  }
  return { min, max, mean, std: Math.sqrt(squares / count), notFinite };
}
