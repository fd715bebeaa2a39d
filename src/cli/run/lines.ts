/** The wording of a training's lines. */
import type { EpochMetrics, StepMetrics } from "../../training/metrics.ts";
import type { Progress } from "../../training/trainer.ts";
import type { StartInfo } from "./reporter.ts";
import type { Summary } from "./summary.ts";

/** @example percent(0.98765) // "98.77 %" */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** @example duration(125) // "2 min 5 s" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

const list = (values: readonly number[]) => values.map((value) => value.toFixed(3)).join(" ");

export function startLine({
  name,
  seed,
  images,
  heldOut,
  classes,
  epochs,
  threads,
  step,
  totalSteps,
  runFolder,
}: StartInfo): string {
  const from = step > 0 ? `, going on from step ${step} of ${totalSteps}` : "";
  return `${name}, seed ${seed}: ${images} images to train on, ${heldOut} held out, ${classes} classes, ${epochs} epochs, ${threads} threads${from} -> ${runFolder}`;
}

export function stepLine(line: StepMetrics, { step, totalSteps, secondsLeft }: Progress): string {
  const images = Math.round(line.imagesPerSecond);
  return `step ${step}/${totalSteps}  loss ${line.loss.toFixed(3)}  ${images} images/s  ${duration(secondsLeft)} left`;
}

export function epochLine(line: EpochMetrics, epochs: number): string {
  const heldOut = line.heldOutAccuracy === null ? "" : `  held-out ${percent(line.heldOutAccuracy)}`;
  const measured =
    line.rates.length === 0
      ? ""
      : `  rates ${list(line.rates)}  Hamming ${list(line.hamming)} (other class ${list(line.hammingShuffled)})`;
  return `epoch ${line.epoch}/${epochs}${heldOut}  train ${percent(line.trainAccuracy)}  loss ${line.trainLoss.toFixed(3)}${measured}  ${duration(line.seconds)}`;
}

export function resultLines(summary: Summary, before: boolean): string[] {
  const { checkpoint, bestEpoch, heldOutAccuracy, recall } = summary;
  const heldOut = heldOutAccuracy === null ? "" : `, held-out accuracy ${percent(heldOutAccuracy)}`;
  const which = checkpoint === "best" ? `the best epoch, ${bestEpoch} of ${summary.epochs}` : "the end of training";
  return [
    ...(before ? [`${summary.runFolder}: this run is finished already; its results:`] : []),
    `test accuracy ${percent(summary.testAccuracy)}${heldOut} (weights of ${which})`,
    `recall: ${recall.ownIsNearest} of ${recall.classes} classes look most like their own mean image`,
    `${duration(summary.seconds)}, ${Math.round(summary.imagesPerSecond)} images/s -> ${summary.runFolder}`,
  ];
}
