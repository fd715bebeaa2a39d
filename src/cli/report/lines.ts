/** The wording of a training's lines. */
import type { NaiveForecasts, SequenceEvaluation } from "../../measure/sequence.ts";

import type { AutoencoderEpochMetrics, EpochMetrics, SequenceEpochMetrics } from "../../training/metrics.ts";
import type { Progress } from "../../training/trainer.ts";
import type { AnyKind } from "../commands/train-session.ts";
import type { DrawingFigures } from "./reconstruction.ts";
import type { AnySummary, AutoencoderRunSummary, SequenceRunSummary, Summary } from "./summary.ts";
import { counted, duration, figure, percent } from "./tables.ts";
import type { AutoencoderCounts, SequenceCounts, StartInfo } from "./training.ts";

const list = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(" ");

export function startLine(info: StartInfo): string {
  const { name, seed, epochs, threads, step, totalSteps, runFolder } = info;
  const from = step > 0 ? `, going on from step ${step} of ${totalSteps}` : "";
  const data =
    "classes" in info
      ? `${info.images} images to train on, ${info.validation} held out, ${info.classes} classes`
      : "latent" in info
        ? autoencoderCounts(info)
        : sequenceCounts(info);
  return `${name}, seed ${seed}: ${data}, ${counted(epochs, "epoch")}, ${counted(threads, "thread")}${from} -> ${runFolder}`;
}

/** Images or positions a second, in words. */
export function paceOf(line: AnyKind["step"] | AnySummary): string {
  return "imagesPerSecond" in line
    ? `${Math.round(line.imagesPerSecond)} images/s`
    : `${Math.round(line.positionsPerSecond)} positions/s`;
}

export function stepLine(line: AnyKind["step"], { step, totalSteps, secondsLeft }: Progress): string {
  return `step ${step}/${totalSteps}  loss ${line.loss.toFixed(3)}  ${paceOf(line)}  ${duration(secondsLeft)} left`;
}

export function epochLine(line: AnyKind["epoch"], epochs: number): string {
  const figures =
    "hamming" in line ? imageEpoch(line) : "trainPerceptionLoss" in line ? autoencoderEpoch(line) : sequenceEpoch(line);
  return `epoch ${line.epoch}/${epochs}${figures}  ${duration(line.seconds)}`;
}

function imageEpoch(line: EpochMetrics): string {
  const validation = line.validationAccuracy === null ? "" : `  validation ${percent(line.validationAccuracy)}`;
  const measured =
    line.rates.length === 0
      ? ""
      : `  rates ${list(line.rates)}${line.hamming.length === 0 ? "" : `  Hamming ${list(line.hamming)} (other class ${list(line.hammingShuffled)})`}`;
  return `${validation}  train ${percent(line.trainAccuracy)}  loss ${line.trainLoss.toFixed(3)}${measured}`;
}

export function resultLines(summary: AnySummary, before: boolean): string[] {
  const { checkpoint, bestEpoch } = summary;
  const which = checkpoint === "best" ? `the best epoch, ${bestEpoch} of ${summary.epochs}` : "the end of training";
  return [
    ...(before ? [`${summary.runFolder}: this run is finished already; its results:`] : []),
    ...results(summary, which),
    `${duration(summary.seconds)}, ${paceOf(summary)} -> ${summary.runFolder}`,
  ];
}

function results(summary: AnySummary, which: string): string[] {
  if (!("task" in summary)) return imageResult(summary, which);
  return summary.task === "autoencode" ? autoencoderResult(summary, which) : sequenceResult(summary, which);
}

function imageResult({ testAccuracy, validationAccuracy, recall }: Summary, which: string): string[] {
  const accuracies = [
    ...(testAccuracy === null ? [] : [`test accuracy ${percent(testAccuracy)}`]),
    ...(validationAccuracy === null ? [] : [`validation accuracy ${percent(validationAccuracy)}`]),
  ];
  return [
    `${accuracies.join(", ")} (weights of ${which})`,
    ...(recall
      ? [`recall: ${recall.ownIsNearest} of ${recall.classes} classes look most like their own mean image`]
      : []),
  ];
}

function autoencoderCounts({ task, rule, images, validation, latent }: AutoencoderCounts): string {
  return `${task} by ${rule}, ${images} images to train on, ${validation} held out, a latent of ${latent}`;
}

function autoencoderEpoch(line: AutoencoderEpochMetrics): string {
  const error = (mse: number | null, psnr: number | null) =>
    mse === null ? "" : ` MSE ${figure(mse)}${psnr === null ? "" : ` (${psnr.toFixed(2)} dB)`}`;
  const perception = error(line.validationPerceptionMse, line.validationPerceptionPsnr);
  const recall = error(line.validationRecallMse, line.validationRecallPsnr);
  const validation = perception === "" ? "" : `  validation${perception}${recall === "" ? "" : `, recall${recall}`}`;
  const list = (rates: readonly number[]) => rates.map((rate) => rate.toFixed(2)).join(" ");
  const rates = [line.perceptionRates, line.recallRates].filter((values) => values.length > 0).map(list);
  const shown = rates.length === 0 ? "" : `  rates ${rates.join(" / ")}`;
  return `${validation}  loss ${line.trainLoss.toFixed(3)}${shown}`;
}

function autoencoderResult({ test, validation, validationMse }: AutoencoderRunSummary, which: string): string[] {
  const chosen = test === null || validationMse === null ? "" : `, validation MSE ${figure(validationMse)}`;
  const { perception = null, recall = null } = test ?? validation ?? {};
  return [
    ...(perception
      ? [`${test === null ? "validation" : "test"} ${drawingWords(perception)}${chosen} (weights of ${which})`]
      : []),
    ...(recall ? [`recall's drawings: ${drawingWords(recall)}`] : []),
  ];
}

/** One network's figures in a phrase. */
function drawingWords({ mse, psnr, ssim, frechet }: DrawingFigures): string {
  const ratio = Number.isFinite(psnr) ? `, PSNR ${psnr.toFixed(2)} dB` : "";
  const distance = frechet ? `, ${frechet.name} ${figure(frechet.value)}` : "";
  return `MSE ${figure(mse)}${ratio}, SSIM ${ssim.toFixed(4)}${distance}`;
}

function sequenceCounts(counts: SequenceCounts): string {
  const { task, rule, windows, window, validation, characters, inputs, targets } = counts;
  const elements =
    characters === undefined ? `${inputs} values in, ${targets} out` : `${characters} different characters`;
  return `${task} by ${rule}, ${windows} windows of ${window} to train on, ${validation} positions held out, ${elements}`;
}

function sequenceEpoch(line: SequenceEpochMetrics): string {
  const rates = line.rates.length === 0 ? "" : `  rates ${line.rates.map((rate) => rate.toFixed(3)).join(" ")}`;
  const end = `  loss ${line.trainLoss.toFixed(3)}${rates}`;
  if ("trainMse" in line) {
    const validation =
      line.validationMse === null
        ? ""
        : `  validation MSE ${figure(line.validationMse)} MAE ${figure(line.validationMae ?? 0)}`;
    return `${validation}  train MSE ${figure(line.trainMse)}${end}`;
  }
  const validation =
    line.validationAccuracy === null
      ? ""
      : `  validation ${percent(line.validationAccuracy)} (${(line.validationBits ?? 0).toFixed(3)} bits)`;
  return `${validation}  train ${percent(line.trainAccuracy)}${end}`;
}

/** One part's figures in a phrase. */
function measuredWords(part: string, measured: SequenceEvaluation): string {
  return measured.kind === "characters"
    ? `${part} accuracy ${percent(measured.accuracy)}, ${measured.bits.toFixed(3)} bits a character`
    : `${part} MSE ${figure(measured.mse)}, MAE ${figure(measured.mae)}, RMSE ${figure(measured.rmse)}`;
}

function sequenceResult({ test, validation, naive }: SequenceRunSummary, which: string): string[] {
  const parts = [
    ...(test ? [measuredWords("test", test)] : []),
    ...(validation ? [measuredWords("validation", validation)] : []),
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
