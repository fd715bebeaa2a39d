/** How parts of a pair keep time: the same for all parts, and for a training as long as it lives. */
import { BispikeError } from "../errors.ts";
import type { ExperimentConfig } from "../training/config.ts";

/** How parts of a training keep step. */
export interface PartTiming {
  /** Steps a part may be ahead of the one above it. Default 0: the same bytes as one process. */
  readonly depth?: number;
  /** Steps from save to save, beside the end of each epoch. Default 200. */
  readonly saveEvery?: number;
}

export const timingDefaults = { depth: 0, saveEvery: 200 } as const satisfies Required<PartTiming>;

const MOST_STEPS = 65536;

/**
 * Fills in the defaults.
 *
 * @throws BispikeError "usage" for numbers out of range, "config" for a depth that the experiment does not allow
 */
export function checkTiming({ network, rule }: ExperimentConfig, given: PartTiming): Required<PartTiming> {
  const { depth = timingDefaults.depth, saveEvery = timingDefaults.saveEvery } = given;
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least && value <= MOST_STEPS;
  if (!whole(depth, 0)) throw new BispikeError("usage", `depth: expected a whole number from 0, got ${depth}`);
  // Then two parts' newest saves are never more than one apart, and two are kept.
  const least = depth + network.hidden.length + 2;
  if (!whole(saveEvery, least)) {
    throw new BispikeError(
      "usage",
      `saveEvery: expected at least depth + stages = ${least} steps, so that all parts keep a common one, got ${saveEvery}`,
    );
  }
  if (depth > 0 && rule.rivals !== "prototypes") {
    throw new BispikeError(
      "config",
      `rule.rivals: expected prototypes with a depth over 0 (their recall is the same for every batch), got ${rule.rivals}`,
    );
  }
  return { depth, saveEvery };
}
