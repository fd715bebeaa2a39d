/**
 * Concepts between two concepts. A spike is there or not, so a concept cannot be shown at half strength; what can be mixed is who fires. A mixture of share s is
 * `ROWS` recalls: in each of them every concept neuron sends the spike train of B, or that of A, and
 *
 *   neuron n of recall r takes B's train where  (p_n(r) + 1/2) / ROWS < s,   p_n a permutation of the recalls, drawn once from a seed.
 *
 * So over the recalls each neuron fires as often as (1 - s) A + s B says, to the nearest of `ROWS`; as s grows, each neuron changes over once in every recall; and s = 0
 * and 1 are A and B themselves. What is shown is the mean of what the recalls draw.
 */

import { BispikeError } from "../../../src/errors.ts";
import { permutation } from "../../../src/index.ts";
import type { TargetCode } from "../../../src/nets/target-codes.ts";

/** Recalls that a mixture is spread over. */
export const ROWS = 32;
const SEED = 1;

/** Spikes of one concept layer, held over all time steps, and in how many of the recalls they are sent. */
export interface MixedTrain {
  /** A 0 or 1 a concept neuron. */
  readonly bits: Uint8Array;
  readonly count: number;
}

export interface Mixture {
  readonly a: number;
  readonly b: number;
  /** s, 0 to 1: 0 is class `a` alone. */
  readonly share: number;
}

/**
 * The different trains of a mixture; their counts sum to `ROWS`. One for a class by itself.
 *
 * @throws BispikeError "usage" for classes that there are not, or a share out of range
 * @example
 * mixedTrains(targetCode("one-hot", 10, 0, 1), { a: 3, b: 8, share: 0 }); // [{ bits: code of 3, count: 32 }]
 */
export function mixedTrains({ classes, width, bits }: TargetCode, { a, b, share }: Mixture): MixedTrain[] {
  for (const label of [a, b]) {
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new BispikeError("usage", `mixture: expected classes from 0 to ${classes - 1}, got ${label}`);
  }
  if (!(share >= 0 && share <= 1))
    throw new BispikeError("usage", `mixture: expected a share from 0 to 1, got ${share}`);
  const rows = Array.from({ length: ROWS }, () => bits.slice(a * width, (a + 1) * width));
  for (let neuron = 0; neuron < width; neuron++) {
    const order = permutation(SEED, "mixture", neuron, ROWS);
    for (const [r, row] of rows.entries())
      if ((order[r]! + 0.5) / ROWS < share) row[neuron] = bits[b * width + neuron]!;
  }
  const trains = new Map<string, { bits: Uint8Array; count: number }>();
  for (const row of rows) {
    const known = trains.get(row.join(""));
    if (known) known.count++;
    else trains.set(row.join(""), { bits: row, count: 1 });
  }
  return [...trains.values()];
}
