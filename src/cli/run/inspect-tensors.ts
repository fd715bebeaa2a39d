/** Tensors of a safetensors file, ours or not. */
import type { SafetensorsFile, Tensor } from "../../export/safetensors.ts";
import { alignTable, printable } from "../table.ts";
import type { Findings } from "./inspect.ts";

/** Longest piece of a metadata value that is shown to people. */
const SHOWN_METADATA = 200;

/** One line a tensor, for programs. */
export function describeTensors(tensors: ReadonlyMap<string, Tensor>): object[] {
  return [...tensors].map(([name, tensor]) => ({
    name,
    dtype: tensor.dtype,
    shape: tensor.shape,
    ...tensorStatistics(tensor),
  }));
}

/** The same as a table. */
export function tensorTable(tensors: ReadonlyMap<string, Tensor>): string {
  const rows = [...tensors].map(([name, tensor]) => {
    const statistics = tensorStatistics(tensor);
    const numbers = statistics
      ? [statistics.min, statistics.max, statistics.mean, statistics.std].map(short)
      : ["-", "-", "-", "-"];
    const remark = statistics && statistics.notFinite > 0 ? `${statistics.notFinite} not finite` : "";
    return [name, tensor.dtype, `[${tensor.shape.join(", ")}]`, ...numbers, remark];
  });
  return alignTable([["tensor", "type", "shape", "min", "max", "mean", "std"], ...rows], "lllrrrrl");
}

function short(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9 ? value.toString() : value.toPrecision(4);
}

/** A safetensors file that is not a checkpoint. */
export function inspectTensors(file: string, { tensors, metadata }: SafetensorsFile): Findings {
  const elements = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const rows = [...metadata].map(([key, value]) => [
    key,
    value.length > SHOWN_METADATA ? `${value.slice(0, SHOWN_METADATA)}...` : value,
  ]);
  return {
    json: {
      kind: "safetensors",
      file,
      elements,
      metadata: Object.fromEntries(metadata),
      tensors: describeTensors(tensors),
    },
    text: [
      `${printable(file)}: a safetensors file, not a bispike checkpoint: ${tensors.size} tensors, ${elements} elements`,
      ...(rows.length > 0 ? [alignTable([["metadata", ""], ...rows], "ll")] : []),
      ...(tensors.size > 0 ? [tensorTable(tensors)] : []),
    ].join("\n\n"),
  };
}

interface TensorStatistics {
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
function tensorStatistics({ dtype, data }: Tensor): TensorStatistics | null {
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
