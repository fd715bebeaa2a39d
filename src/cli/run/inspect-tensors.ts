/** Tensors of a safetensors file, ours or not. */
import type { SafetensorsFile, Tensor } from "../../export/safetensors.ts";
import { alignTable, printable } from "../table.ts";
import type { Findings } from "./inspect.ts";
import { tensorStatistics } from "./tensor-statistics.ts";

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
