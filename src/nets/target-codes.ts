/** Fixed random binary codes, a different one a class, each with the same number of ones; they follow from the seed and a name. */
import { permutation } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";

export interface CodeShape {
  readonly classes: number;
  readonly width: number;
  /** Ones in each code. */
  readonly active: number;
}

/**
 * Codes of all classes: bits[class * width + place] is 0 or 1. Undefined where so many different ones do not come up.
 *
 * @param name keys the random draws, such as "target code"
 * @example
 * distinctCodes({ classes: 10, width: 40, active: 20 }, "target code", 1);
 */
export function distinctCodes(
  { classes, width, active }: CodeShape,
  name: string,
  seed: number,
): Uint8Array | undefined {
  const bits = new Uint8Array(classes * width);
  const seen = new Set<string>();
  for (let c = 0, attempt = 0; c < classes; attempt++) {
    if (attempt > 100 * classes) return undefined;
    const chosen = permutation(seed, name, attempt, width).subarray(0, active);
    const key = [...chosen].sort((a, b) => a - b).join();
    if (seen.has(key)) continue;
    seen.add(key);
    for (const place of chosen) bits[c * width + place] = 1;
    c++;
  }
  return bits;
}

// Target codes: the spike train of a concept, which recall starts from and decisions are compared with. Held over all T steps.
//
// one-hot: neuron c fires for class c. random: a fixed binary code, half of its neurons firing, a different half for each class.

/** How a label is coded in spikes: one neuron a class, or a random binary code. */
export type TargetCoding = "one-hot" | "random";

/** Codes of all classes, held over all T steps: bits[class * width + neuron] is 0 or 1. */
export interface TargetCode {
  readonly classes: number;
  /** Neurons of a code. */
  readonly width: number;
  /** [class][neuron], 0 or 1. */
  readonly bits: Uint8Array;
}

/**
 * Makes the codes: one-hot, neuron c for class c; or random, half of the neurons, a different half for each class.
 *
 * @param size neurons of a random code (default 4 x classes); a one-hot code has one a class.
 * @param seed draws random codes; an integer from 0 to 2^53 - 1
 * @throws BispikeError "config" where so many neurons cannot hold a different code a class
 * @example
 * targetCode("one-hot", 10, 0, 1).width; // 10
 */
export function targetCode(coding: TargetCoding, classes: number, size: number, seed: number): TargetCode {
  const width = coding === "one-hot" ? classes : size || 4 * classes;
  if (coding === "one-hot") {
    const bits = new Uint8Array(classes * width);
    for (let c = 0; c < classes; c++) bits[c * width + c] = 1;
    return { classes, width, bits };
  }
  const random = distinctCodes({ classes, width, active: Math.max(1, width >> 1) }, "target code", seed);
  if (!random) {
    throw new BispikeError(
      "config",
      `network.targetSize: ${width} neurons cannot hold ${classes} different codes; use ${4 * classes} or more`,
    );
  }
  return { classes, width, bits: random };
}
