/** Reads a run's `metrics.jsonl`. */
import { type AnyMetricLine, parseMetricLine } from "../training/metric-lines.ts";
import { wholeLines } from "./whole-lines.ts";

export type { AnyMetricLine } from "../training/metric-lines.ts";

/**
 * All whole lines, in order; a last line without its newline is still being written and left out.
 *
 * @throws BispikeError "checkpoint" when a line is not a step's or an epoch's metrics, "platform" when the file cannot be read
 * @example
 * const lines = readMetrics("runs/mnist-mlp-seed1/metrics.jsonl");
 */
export function readMetrics(file: string): AnyMetricLine[] {
  return wholeLines(file, "metrics").map((text, index) => parseMetricLine(text, `${file}: line ${index + 1}`));
}
