/** Copies windows of a sequence into a net's rows, position-major: row index = position * rows + row. */
import { BispikeError } from "../../errors.ts";
import type { ElementKind, Range, SequenceInputs, SequenceSet } from "./task.ts";

/** Windows of `window` positions that begin at starts[from .. from + count). */
export interface WindowRun {
  readonly starts: Int32Array;
  readonly from: number;
  readonly count: number;
  readonly window: number;
}

/** What a net takes: its elements, and how many windows at once. */
export interface WindowLimits {
  readonly inputs: ElementKind;
  readonly targets: ElementKind;
  readonly maxRows: number;
}

/**
 * Refuses windows a net has no place for.
 *
 * @throws BispikeError "shape" for a sequence of another kind or width, "usage" for windows that are not there
 */
export function checkWindows(set: SequenceSet, run: WindowRun, limits: WindowLimits): void {
  const { starts, from, count, window } = run;
  checkSide(set.inputs, limits.inputs, "inputs", set.name);
  checkSide(set.targets, limits.targets, "targets", set.name);
  if (!Number.isInteger(count) || count < 1 || count > limits.maxRows || from < 0 || from + count > starts.length) {
    throw new BispikeError(
      "usage",
      `${set.name}: expected 1 to ${limits.maxRows} of ${starts.length} windows, got ${count} from window ${from} on`,
    );
  }
  const known: Range = { from: 0, to: Math.min(lengthOf(set.inputs), lengthOf(set.targets)) };
  for (let row = 0; row < count; row++) {
    const start = starts[from + row]!;
    if (start >= known.from && start + window <= known.to) continue;
    throw new BispikeError(
      "usage",
      `${set.name}: a window of ${window} at position ${start} leaves the ${known.to} positions there are`,
    );
  }
}

function checkSide(given: SequenceInputs, { kind, width }: ElementKind, name: string, set: string): void {
  if (given.kind === kind && given.width === width) return;
  throw new BispikeError(
    "shape",
    `${set}: the net's ${name} are ${kind} of width ${width}, the sequence's are ${given.kind} of width ${given.width}`,
  );
}

/** Positions a side of a sequence has. */
function lengthOf(side: SequenceInputs): number {
  return side.kind === "symbols" ? side.symbols.length : Math.floor(side.values.length / side.width);
}

/**
 * Symbols of the windows, into `out`.
 *
 * @param name of the side and its set, for the message
 * @throws BispikeError "data" for a symbol that is none of the alphabet's
 */
export function gatherSymbols(
  { symbols, width }: Extract<SequenceInputs, { kind: "symbols" }>,
  { starts, from, count, window }: WindowRun,
  out: Uint16Array,
  name: { readonly set: string; readonly side: "inputs" | "targets" },
): Uint16Array {
  for (let n = 0; n < window; n++) {
    for (let row = 0; row < count; row++) {
      const position = starts[from + row]! + n;
      const symbol = symbols[position]!;
      if (symbol >= width) {
        throw new BispikeError(
          "data",
          `${name.set}: expected symbols below ${width}, got ${symbol} in the ${name.side} at position ${position}`,
        );
      }
      out[n * count + row] = symbol;
    }
  }
  return out;
}

/** Rows of values of the windows, `stride` floats apart, into `out`. */
export function gatherValues(
  { values, width }: Extract<SequenceInputs, { kind: "values" }>,
  { starts, from, count, window }: WindowRun,
  out: Float32Array,
  stride: number,
): Float32Array {
  for (let n = 0; n < window; n++) {
    for (let row = 0; row < count; row++) {
      const at = (starts[from + row]! + n) * width;
      out.set(values.subarray(at, at + width), (n * count + row) * stride);
    }
  }
  return out;
}
