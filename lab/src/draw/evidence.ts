/** How near a decision was, a bar a class. */
import type { Perceived } from "../worker/protocol-draw.ts";

export interface Evidence {
  /** 0 to 1 a class; the decided class has the largest. */
  readonly values: readonly number[];
  /** Cosines decide; where the concept is silent, or the net does not spike, drives do, shown as their softmax. */
  readonly by: "cosine" | "drive";
}

/**
 * @example
 * evidence({ cosines: [0, 0], drives: [1, 1] }); // { values: [0.5, 0.5], by: "drive" }
 */
export function evidence({ cosines, drives }: Pick<Perceived, "cosines" | "drives">): Evidence {
  if (cosines.some((cosine) => cosine > 0)) return { values: cosines, by: "cosine" };
  const most = Math.max(...drives);
  const shares = drives.map((drive) => Math.exp(drive - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return { values: shares.map((share) => share / sum), by: "drive" };
}
