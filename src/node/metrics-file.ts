/** Reads a run's `metrics.jsonl`. */
import { BispikeError } from "../errors.ts";
import type { AutoencoderMetricLine } from "../training/autoencoder/metrics.ts";
import type { MetricLine } from "../training/metrics.ts";
import type { SequenceMetricLine } from "../training/sequence/metrics.ts";
import { wholeLines } from "./whole-lines.ts";

/** A line of any kind of experiment. */
export type AnyMetricLine = MetricLine | SequenceMetricLine | AutoencoderMetricLine;

/**
 * All whole lines, in order; a last line without its newline is still being written and left out.
 *
 * @throws BispikeError "checkpoint" when a line is not a step's or an epoch's metrics, "platform" when the file cannot be read
 * @example
 * const lines = readMetrics("runs/mnist-mlp-seed1/metrics.jsonl");
 */
export function readMetrics(file: string): AnyMetricLine[] {
  return wholeLines(file, "metrics").map((text, index) => {
    let line: Partial<AnyMetricLine> | null = null;
    try {
      line = JSON.parse(text);
    } catch {
      // Reported below, with lines that are JSON and something else.
    }
    if ((line?.kind === "step" || line?.kind === "epoch") && Number.isInteger(line.step)) return line as AnyMetricLine;
    throw new BispikeError(
      "checkpoint",
      `${file}: line ${index + 1}: expected the metrics of a step or an epoch as JSON`,
    );
  });
}
