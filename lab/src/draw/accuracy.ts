/** What the accuracy chart shows, as uPlot takes it. */
import uPlot from "uplot";
import type { Run } from "../state/run.ts";

/** Weight of the newest batch in the running mean. */
const SMOOTHING = 0.1;

/** Steps; then of each run the batches' running mean and the accuracy on images held out, which has a step of its own where the batch's was dropped. */
export function accuracies(runs: readonly Pick<Run, "lines" | "epochs">[]): uPlot.AlignedData {
  return uPlot.join(
    runs.flatMap(({ lines, epochs }): uPlot.AlignedData[] => {
      let mean: number | undefined;
      const batches = lines.map(({ accuracy }) => {
        mean = mean === undefined ? accuracy : mean + SMOOTHING * (accuracy - mean);
        return mean;
      });
      const ends = epochs.peek();
      return [
        [lines.map(({ step }) => step), batches],
        [ends.map(({ step }) => step), ends.map(({ validationAccuracy }) => validationAccuracy)],
      ];
    }),
  );
}
