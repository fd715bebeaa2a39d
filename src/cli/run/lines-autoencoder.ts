/** The wording of an autoencoder training's lines. */
import type { AutoencoderEpochMetrics } from "../../training/metrics.ts";
import type { AutoencoderRunSummary } from "./autoencoder-summary.ts";
import { figure } from "./lines-sequence.ts";
import type { DrawingFigures } from "./reconstruction.ts";
import type { AutoencoderCounts } from "./reporter.ts";

export function autoencoderCounts({ task, rule, images, heldOut, latent }: AutoencoderCounts): string {
  return `${task} by ${rule}, ${images} images to train on, ${heldOut} held out, a latent of ${latent}`;
}

export function autoencoderEpoch(line: AutoencoderEpochMetrics): string {
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

export function autoencoderResult({ test, heldOut, validationMse }: AutoencoderRunSummary, which: string): string[] {
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
