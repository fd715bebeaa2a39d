/** What tasks have in common: batches of an epoch, and the figures of a step. */
import type { StageReport } from "../learning/rule.ts";
import type { StepFigures } from "./metrics.ts";
import type { StepMoment } from "./trainable.ts";

/** The k-th of an epoch's batches, as equal as can be: the norm's statistics of a small rest would be poor, and its samples would have few others to be told from. */
export function evenBatch(k: number, items: number, batches: number): { from: number; count: number } {
  const from = Math.floor((k * items) / batches);
  return { from, count: Math.floor(((k + 1) * items) / batches) - from };
}

/**
 * The k-th of an epoch's batches of `size`, all full but the last. A last one of a single image would have no others to be told from, and no spread for the norm to see: it takes half of
 * the batch before.
 */
export function fullBatch(k: number, items: number, size: number): { from: number; count: number } {
  const last = Math.ceil(items / size) - 1;
  const moved = last > 0 && items - last * size === 1 ? Math.floor(size / 2) : 0;
  const ends = (batch: number) => (batch >= last ? items : (batch + 1) * size - (batch === last - 1 ? moved : 0));
  const from = k === 0 ? 0 : ends(k - 1);
  return { from, count: ends(k) - from };
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
