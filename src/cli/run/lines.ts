/** The wording of a training's lines. */
import type { AutoencoderEpochMetrics, EpochMetrics } from "../../training/metrics.ts";
import type { Progress } from "../../training/trainer.ts";
import type { AutoencoderRunSummary } from "./autoencoder-summary.ts";
import type { AnyKind, AnySummary } from "./job.ts";
import { figure, sequenceCounts, sequenceEpoch, sequenceResult } from "./lines-sequence.ts";
import type { DrawingFigures } from "./reconstruction.ts";
import type { AutoencoderCounts, StartInfo } from "./reporter.ts";
import type { Summary } from "./summary.ts";
import { counted, duration, percent } from "./words.ts";

const list = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(" ");

export function startLine(info: StartInfo): string {
  const { name, seed, epochs, threads, step, totalSteps, runFolder } = info;
  const from = step > 0 ? `, going on from step ${step} of ${totalSteps}` : "";
  const data =
    "classes" in info
      ? `${info.images} images to train on, ${info.heldOut} held out, ${info.classes} classes`
      : "latent" in info
        ? autoencoderCounts(info)
        : sequenceCounts(info);
  return `${name}, seed ${seed}: ${data}, ${counted(epochs, "epoch")}, ${counted(threads, "thread")}${from} -> ${runFolder}`;
}

/** Images or positions a second, in words. */
export function paceOf(line: AnyKind["step"]): string {
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
  const heldOut = line.validationAccuracy === null ? "" : `  held-out ${percent(line.validationAccuracy)}`;
  const measured =
    line.rates.length === 0
      ? ""
      : `  rates ${list(line.rates)}${line.hamming.length === 0 ? "" : `  Hamming ${list(line.hamming)} (other class ${list(line.hammingShuffled)})`}`;
  return `${heldOut}  train ${percent(line.trainAccuracy)}  loss ${line.trainLoss.toFixed(3)}${measured}`;
}

export function resultLines(summary: AnySummary, before: boolean): string[] {
  const { checkpoint, bestEpoch } = summary;
  const which = checkpoint === "best" ? `the best epoch, ${bestEpoch} of ${summary.epochs}` : "the end of training";
  const pace =
    "imagesPerSecond" in summary
      ? `${Math.round(summary.imagesPerSecond)} images/s`
      : `${Math.round(summary.positionsPerSecond)} positions/s`;
  return [
    ...(before ? [`${summary.runFolder}: this run is finished already; its results:`] : []),
    ...results(summary, which),
    `${duration(summary.seconds)}, ${pace} -> ${summary.runFolder}`,
  ];
}

function results(summary: AnySummary, which: string): string[] {
  if (!("task" in summary)) return imageResult(summary, which);
  return summary.task === "autoencode" ? autoencoderResult(summary, which) : sequenceResult(summary, which);
}

function imageResult({ testAccuracy, validationAccuracy, recall }: Summary, which: string): string[] {
  const accuracies = [
    ...(testAccuracy === null ? [] : [`test accuracy ${percent(testAccuracy)}`]),
    ...(validationAccuracy === null ? [] : [`held-out accuracy ${percent(validationAccuracy)}`]),
  ];
  return [
    `${accuracies.join(", ")} (weights of ${which})`,
    ...(recall
      ? [`recall: ${recall.ownIsNearest} of ${recall.classes} classes look most like their own mean image`]
      : []),
  ];
}

function autoencoderCounts({ task, rule, images, heldOut, latent }: AutoencoderCounts): string {
  return `${task} by ${rule}, ${images} images to train on, ${heldOut} held out, a latent of ${latent}`;
}

function autoencoderEpoch(line: AutoencoderEpochMetrics): string {
  const error = (mse: number | null, psnr: number | null) =>
    mse === null ? "" : ` MSE ${figure(mse)}${psnr === null ? "" : ` (${psnr.toFixed(2)} dB)`}`;
  const perception = error(line.validationPerceptionMse, line.validationPerceptionPsnr);
  const recall = error(line.validationRecallMse, line.validationRecallPsnr);
  const heldOut = perception === "" ? "" : `  held-out${perception}${recall === "" ? "" : `, recall${recall}`}`;
  const list = (rates: readonly number[]) => rates.map((rate) => rate.toFixed(2)).join(" ");
  const rates = [line.perceptionRates, line.recallRates].filter((values) => values.length > 0).map(list);
  const shown = rates.length === 0 ? "" : `  rates ${rates.join(" / ")}`;
  return `${heldOut}  loss ${line.trainLoss.toFixed(3)}${shown}`;
}

function autoencoderResult({ test, heldOut, validationMse }: AutoencoderRunSummary, which: string): string[] {
  const chosen = test === null || validationMse === null ? "" : `, held-out MSE ${figure(validationMse)}`;
  const { perception = null, recall = null } = test ?? heldOut ?? {};
  return [
    ...(perception
      ? [`${test === null ? "held-out" : "test"} ${drawingWords(perception)}${chosen} (weights of ${which})`]
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
