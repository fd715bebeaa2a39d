/** The metrics of parts put together: the lines a training in one process writes, but for what is measured on held-out images. */
import {
  type EpochMetrics,
  healthWarnings,
  type MetricLine,
  type Remedies,
  type StepMetrics,
} from "../../training/metrics.ts";

/** A line of a part's `metrics.jsonl`: of its stages `first` to `last` alone. */
export type PartLine =
  | (Pick<
      StepMetrics,
      "kind" | "step" | "epoch" | "perceptionRates" | "recallRates" | "learningRate" | "imagesPerSecond" | "seconds"
    > & {
      readonly first: number;
      readonly last: number;
      readonly losses: readonly number[];
    })
  | (Pick<EpochMetrics, "kind" | "step" | "epoch" | "seconds"> & {
      readonly losses: readonly number[];
      readonly correct: number;
      readonly silent: readonly number[];
    });

type Joined = { lines: MetricLine[]; seconds: number };

/**
 * @param parts lines of each part, from the stimulus up
 * @param step last step to keep
 */
export function joinMetrics(parts: readonly (readonly PartLine[])[], step: number, remedies: Remedies): Joined {
  const lines: MetricLine[] = [];
  let seconds = 0;
  for (const own of parts[0] ?? []) {
    const same = parts.map((part) => part.find((line) => line.kind === own.kind && line.step === own.step));
    if (own.step > step || same.some((line) => line === undefined)) continue;
    const all = same as PartLine[];
    const losses = all.flatMap((line) => line.losses);
    const loss = losses.reduce((sum, value) => sum + value, 0);
    // Parts work side by side: the slowest tells the time.
    seconds = Math.max(...all.map((line) => line.seconds));
    if (own.kind === "step") lines.push(stepOf(own, all, losses, loss, seconds));
    else lines.push(epochOf(own, all, { trainLoss: loss, seconds, remedies }, lines));
  }
  return { lines, seconds };
}

function stepOf(
  { step, epoch, learningRate }: PartLine & { kind: "step" },
  all: readonly PartLine[],
  losses: readonly number[],
  loss: number,
  seconds: number,
): StepMetrics {
  const rates = (of: "perceptionRates" | "recallRates") =>
    all.flatMap((line) => (line.kind === "step" ? line[of] : []));
  return {
    ...{ kind: "step", step, epoch, loss, learningRate, seconds },
    imagesPerSecond: Math.min(
      ...all.map((line) => (line.kind === "step" ? line.imagesPerSecond : Number.POSITIVE_INFINITY)),
    ),
    ...{ stageLosses: losses.slice(0, -1), topLoss: losses.at(-1)! },
    ...{ perceptionRates: rates("perceptionRates"), recallRates: rates("recallRates") },
  };
}

function epochOf(
  { step, epoch }: PartLine & { kind: "epoch" },
  all: readonly PartLine[],
  { trainLoss, seconds, remedies }: { trainLoss: number; seconds: number; remedies: Remedies },
  before: readonly MetricLine[],
): EpochMetrics {
  const shares = all.filter((line) => line.kind === "epoch");
  const silent = shares.flatMap((line) => line.silent);
  const newest = before.findLast((line) => line.kind === "step");
  const warnings = newest
    ? [
        ...healthWarnings("perception", newest.perceptionRates, remedies, silent),
        ...healthWarnings("recall", newest.recallRates, remedies),
      ]
    : [];
  const trainAccuracy = Math.max(...shares.map((line) => line.correct));
  const nothing = { validationAccuracy: null, hamming: [], hammingShuffled: [], rates: [] };
  return { kind: "epoch", epoch, step, trainLoss, trainAccuracy, ...nothing, warnings, seconds };
}
