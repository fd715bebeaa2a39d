/**
 * The course of the learning rate over N steps, step n from 0, w of them warm-up:
 *
 *   n < w       peak (n + 1) / w
 *   constant    peak
 *   cosine      peak (1 + cos(pi (n - w) / (N - w))) / 2,   which would be 0 at step N, one after the last
 */
import { requireUnless } from "../arguments.ts";
import { cosineOfPi } from "../engine/elementary.ts";
import type { TrainConfig } from "./config.ts";

/**
 * Learning rate of perception at a step.
 *
 * @param step from 0
 * @param steps of the whole training
 * @example
 * learningRate({ ...defaults.train, schedule: "cosine" }, 0, 1000); // 0.003
 */
export function learningRate(
  config: Pick<TrainConfig, "learningRate" | "schedule" | "warmup">,
  step: number,
  steps: number,
): number {
  const fits = () =>
    config?.learningRate >= 0 && config.warmup >= 0 && Number.isFinite(step) && typeof steps === "number";
  requireUnless(fits, "learningRate", { train: config, step, count: steps });
  const { learningRate: peak, schedule, warmup } = config;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (schedule === "constant") return peak;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return (peak * (1 + cosineOfPi(progress))) / 2;
}
