/**
 * The course of the learning rate over N steps, step n from 0, w of them warm-up:
 *
 *   n < w       peak (n + 1) / w
 *   constant    peak
 *   cosine      peak (1 + cos(pi (n - w) / (N - w))) / 2,   which would be 0 at step N, one after the last
 */
import { cosineOfPi } from "../engine/elementary.ts";
import type { TrainConfig } from "./config.ts";

/**
 * Learning rate of perception at a step n of N, w of them warm-up, from peak = `train.learningRate`:
 *
 *     n < w       peak (n + 1) / w
 *     constant    peak
 *     cosine      peak (1 + cos(pi (n - w) / (N - w))) / 2
 *
 * @param step from 0
 * @param steps of the whole training
 * @example
 * learningRate({ ...defaults.train, schedule: "cosine" }, 0, 1000); // 0.003
 */
export function learningRate(
  train: Pick<TrainConfig, "learningRate" | "schedule" | "warmup">,
  step: number,
  steps: number,
): number {
  const { learningRate: peak, schedule, warmup } = train;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (schedule === "constant") return peak;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return (peak * (1 + cosineOfPi(progress))) / 2;
}
