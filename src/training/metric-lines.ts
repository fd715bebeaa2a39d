/** Lines of any run's `metrics.jsonl`, read anywhere: from files on Node, as they come in a page. */
import { BispikeError } from "../errors.ts";
import type { AutoencoderMetricLine, MetricLine, SequenceMetricLine } from "./metrics.ts";

/** A line of any kind of experiment. */
export type AnyMetricLine = MetricLine | SequenceMetricLine | AutoencoderMetricLine;

/**
 * @param where file and line, for error messages
 * @throws BispikeError "checkpoint" when the line is not a step's or an epoch's metrics
 * @example
 * parseMetricLine('{"kind": "step", "step": 1, "epoch": 1, "loss": 0.5}', "metrics.jsonl: line 1").step; // 1
 */
export function parseMetricLine(text: string, where: string): AnyMetricLine {
  let line: Partial<AnyMetricLine> | null = null;
  try {
    line = JSON.parse(text);
  } catch {
    // Reported below, with lines that are JSON and something else.
  }
  if (line?.kind === "step" && Number.isInteger(line.step)) return line as AnyMetricLine;
  if (line?.kind === "epoch" && Number.isInteger(line.step)) return renamed(line) as AnyMetricLine;
  throw new BispikeError("checkpoint", `${where}: expected the metrics of a step or an epoch as JSON`);
}

/** A run of version 1 called the validation part held out: its figures under today's names. Also for summaries. */
export function renamed<T extends object>(figures: T): T {
  const names = Object.entries(figures).map(([name, value]) => [
    name.replace(/^heldOut(?=[A-Z]|$)/, "validation"),
    value,
  ]);
  return Object.fromEntries(names);
}
