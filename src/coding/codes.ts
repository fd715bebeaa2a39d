/** Fixed random binary codes, a different one a class, each with the same number of ones; they follow from the seed and a name. */
import { permutation } from "../engine/random.ts";

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
