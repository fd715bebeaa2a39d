/** Which training images are trained on and which are held out to choose between runs. */

import { permutation } from "../engine/random.ts";
import { BispikeError } from "../errors.ts";
import type { Split } from "./dataset.ts";

/** Indices into a training part, each list ascending; together every image once. */
export interface HeldOutSplit {
  readonly train: Int32Array;
  readonly heldOut: Int32Array;
}

/**
 * Holds out a random part of the training images; the same seed and count give the same part.
 *
 * @param heldOut below 1: that fraction of the images, rounded down; from 1: that many images; 0 holds out none
 * @param seed integer from 0 to 2^53 - 1
 * @throws BispikeError "config" for a number that is neither, or when nothing is left to train on
 * @example
 * const { train, heldOut } = splitHeldOut(dataset.train, 0.1, 1);
 */
export function splitHeldOut(train: Split, heldOut: number, seed: number): HeldOutSplit {
  if (!(typeof heldOut === "number" && heldOut >= 0) || (heldOut >= 1 && !Number.isInteger(heldOut))) {
    throw new BispikeError(
      "config",
      `held-out part: expected a fraction from 0 to below 1 or a whole number of images, got ${heldOut}`,
    );
  }
  const size = heldOut < 1 ? Math.floor(train.count * heldOut) : heldOut;
  if (size >= train.count) {
    throw new BispikeError(
      "config",
      `held-out part: expected fewer than the ${train.count} training images, got ${size}; nothing is left to train on`,
    );
  }
  const order = permutation(seed, "held-out", 0, train.count);
  return {
    train: Int32Array.from(order.subarray(size)).sort(),
    heldOut: Int32Array.from(order.subarray(0, size)).sort(),
  };
}
