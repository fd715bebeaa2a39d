/** The wording of a sequence training's lines. */
import type { NaiveForecasts } from "../../measurement/naive-forecast.ts";
import type { SequenceEvaluation } from "../../measurement/sequence.ts";
import type { SequenceEpochMetrics } from "../../training/metrics.ts";
import type { SequenceCounts } from "./reporter.ts";
import type { SequenceRunSummary } from "./sequence-summary.ts";
import { percent } from "./words.ts";

/** @example figure(0.123456) // "0.1235" */
export function figure(value: number): string {
  return Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.001) ? value.toPrecision(4) : value.toFixed(4);
}

export function sequenceCounts(counts: SequenceCounts): string {
  const { task, rule, windows, window, heldOut, characters, inputs, targets } = counts;
  const elements =
    characters === undefined ? `${inputs} values in, ${targets} out` : `${characters} different characters`;
  return `${task} by ${rule}, ${windows} windows of ${window} to train on, ${heldOut} positions held out, ${elements}`;
}

export function sequenceEpoch(line: SequenceEpochMetrics): string {
  const rates = line.rates.length === 0 ? "" : `  rates ${line.rates.map((rate) => rate.toFixed(3)).join(" ")}`;
  const end = `  loss ${line.trainLoss.toFixed(3)}${rates}`;
  if ("trainMse" in line) {
    const heldOut =
      line.validationMse === null
        ? ""
        : `  held-out MSE ${figure(line.validationMse)} MAE ${figure(line.validationMae ?? 0)}`;
    return `${heldOut}  train MSE ${figure(line.trainMse)}${end}`;
  }
  const heldOut =
    line.validationAccuracy === null
      ? ""
      : `  held-out ${percent(line.validationAccuracy)} (${(line.validationBits ?? 0).toFixed(3)} bits)`;
  return `${heldOut}  train ${percent(line.trainAccuracy)}${end}`;
}

/** One part's figures in a phrase. */
function measuredWords(part: string, measured: SequenceEvaluation): string {
  return measured.kind === "characters"
    ? `${part} accuracy ${percent(measured.accuracy)}, ${measured.bits.toFixed(3)} bits a character`
    : `${part} MSE ${figure(measured.mse)}, MAE ${figure(measured.mae)}, RMSE ${figure(measured.rmse)}`;
}

export function sequenceResult({ test, heldOut, naive }: SequenceRunSummary, which: string): string[] {
  const parts = [
    ...(test ? [measuredWords("test", test)] : []),
    ...(heldOut ? [measuredWords("held-out", heldOut)] : []),
  ];
  return [
    parts.length === 0 ? `nothing was tested (weights of ${which})` : `${parts.join("; ")} (weights of ${which})`,
    ...(naive ? [naiveWords(naive)] : []),
  ];
}

function naiveWords({ mean, persistence }: NaiveForecasts): string {
  const words = [`the mean of the training part ${figure(mean.mse)}`];
  if (persistence) words.push(`no change ${figure(persistence.mse)}`);
  return `for comparison, test MSE of naive forecasts: ${words.join(", ")}`;
}
