/** Reads a run's `metrics.jsonl`. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { BispikeError } from "../errors.ts";
import type { AutoencoderMetricLine } from "../training/autoencoder/metrics.ts";
import type { MetricLine } from "../training/metrics.ts";
import type { SequenceMetricLine } from "../training/sequence/metrics.ts";
import { systemFailure } from "./system-failure.ts";

/** A line of any kind of experiment. */
export type AnyMetricLine = MetricLine | SequenceMetricLine | AutoencoderMetricLine;

/** Far above any run's, below what a string holds. */
const MAX_BYTES = 2 ** 28;

/**
 * All whole lines, in order; a last line without its newline is still being written and left out.
 *
 * @throws BispikeError "checkpoint" when a line is not a step's or an epoch's metrics, "platform" when the file cannot be read
 * @example
 * const lines = readMetrics("runs/mnist-mlp-seed1/metrics.jsonl");
 */
export function readMetrics(file: string): AnyMetricLine[] {
  return readText(file)
    .split("\n")
    .slice(0, -1)
    .map((text, index) => {
      let line: Partial<AnyMetricLine> | null = null;
      try {
        line = JSON.parse(text);
      } catch {
        // Reported below, with lines that are JSON and something else.
      }
      if ((line?.kind === "step" || line?.kind === "epoch") && Number.isInteger(line.step))
        return line as AnyMetricLine;
      throw new BispikeError(
        "checkpoint",
        `${file}: line ${index + 1}: expected the metrics of a step or an epoch as JSON`,
      );
    });
}

function readText(file: string): string {
  try {
    const descriptor = openSync(file, "r");
    try {
      const { size } = fstatSync(descriptor);
      if (size > MAX_BYTES)
        throw new BispikeError("checkpoint", `${file}: expected metrics of at most ${MAX_BYTES} bytes, got ${size}`);
      return readFileSync(descriptor, "utf8");
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw systemFailure(error, "read", file);
  }
}
