/**
 * Target codes: the spike train of a concept, which recall starts from and decisions are compared with. Held over all T steps.
 *
 * one-hot: neuron c fires for class c. random: a fixed binary code, half of its neurons firing, a different half for each class.
 */

import { permutation } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";

export type TargetCoding = "one-hot" | "random";

/** Codes of all classes: bits[class * width + neuron] is 0 or 1. */
export interface TargetCode {
  readonly classes: number;
  readonly width: number;
  readonly bits: Uint8Array;
}

/**
 * Makes the codes.
 *
 * @param size neurons of a random code (default 4 x classes); a one-hot code has one a class.
 * @example
 * targetCode("one-hot", 10, 0, 1).width; // 10
 */
export function targetCode(coding: TargetCoding, classes: number, size: number, seed: number): TargetCode {
  const width = coding === "one-hot" ? classes : size || 4 * classes;
  const bits = new Uint8Array(classes * width);
  if (coding === "one-hot") {
    for (let c = 0; c < classes; c++) bits[c * width + c] = 1;
    return { classes, width, bits };
  }
  const seen = new Set<string>();
  for (let c = 0, attempt = 0; c < classes; attempt++) {
    if (attempt > 100 * classes) {
      throw new BispikeError(
        "config",
        `network.targetSize: ${width} neurons cannot hold ${classes} different codes; use ${4 * classes} or more`,
      );
    }
    const chosen = permutation(seed, "target code", attempt, width).subarray(0, Math.max(1, width >> 1));
    const key = [...chosen].sort((a, b) => a - b).join();
    if (seen.has(key)) continue;
    seen.add(key);
    for (const neuron of chosen) bits[c * width + neuron] = 1;
    c++;
  }
  return { classes, width, bits };
}
