/** The course of the learning rate: linear warm-up from 0, then constant, or a cosine down to 0 at the last step. */
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
  const { learningRate: peak, schedule, warmup } = config;
  if (step < warmup) return (peak * (step + 1)) / warmup;
  if (schedule === "constant") return peak;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return (peak * (1 + cosineOfPi(progress))) / 2;
}
