/** What tasks have in common: batches of an epoch, and the figures of a step. */
import type { StageReport } from "../learning/rule.ts";
import type { StepFigures } from "./metrics.ts";
import type { StepMoment } from "./trainable.ts";

/** The k-th of an epoch's batches, as equal as can be: the norm's statistics of a small rest would be poor, and its samples would have few others to be told from. */
export function evenBatch(k: number, items: number, batches: number): { from: number; count: number } {
  const from = Math.floor((k * items) / batches);
  return { from, count: Math.floor(((k + 1) * items) / batches) - from };
}

/** Figures of a step that any kind of experiment has. */
export function stepFigures(
  report: StageReport,
  { step, epoch, learningRate }: StepMoment,
): Omit<StepFigures, "seconds"> {
  return {
    kind: "step",
    step,
    epoch,
    loss: report.loss,
    stageLosses: report.stageLosses.slice(0, -1),
    topLoss: report.stageLosses.at(-1)!,
    perceptionRates: report.perceptionRates,
    recallRates: report.recallRates,
    learningRate,
  };
}
