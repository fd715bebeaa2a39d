/**
 * Bands of radii in a plane, with the lambda and the share of each, by their definition:
 *
 *   two      f <= split (low) and f > split (high)
 *   smooth   rings of equal width up to the largest radius; lambda and weight low + (high - low) s, s = 1 / (1 + exp(-(f - split) / softness)) at a ring's middle
 *   share    a band's weight over the sum of those in which the plane has frequencies
 */

import { fourierMatrix } from "./fourier.ts";
import type { ReferenceSplit } from "./frequency-alignment.ts";

export interface BandChoice {
  readonly bands: "two" | "smooth";
  readonly split: number;
  readonly lowLambda: number;
  readonly highLambda: number;
  readonly lowWeight: number;
  readonly highWeight: number;
  readonly softness: number;
  readonly rings: number;
}

/** @param plane in points; of a flat population one line of its neurons */
export function referenceSplit(
  { height, width }: { readonly height: number; readonly width: number },
  choice: BandChoice,
): Pick<ReferenceSplit, "edges" | "bands"> {
  const { split, softness, rings } = choice;
  const largest = height > 1 && width > 1 ? Math.hypot(0.5, 0.5) : 0.5;
  const ringed = Array.from(
    { length: rings },
    (_, ring) => 1 / (1 + Math.exp((split - ((ring + 0.5) / rings) * largest) / softness)),
  );
  const places = choice.bands === "two" ? [0, 1] : ringed;
  const edges = choice.bands === "two" ? [split] : ringed.slice(1).map((_, ring) => ((ring + 1) / rings) * largest);
  const held = fourierMatrix(height, width, edges).map(({ band }) => band);
  const weights = places.map((s, band) =>
    held.includes(band) ? choice.lowWeight + (choice.highWeight - choice.lowWeight) * s : 0,
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  const lambda = (s: number) => choice.lowLambda + (choice.highLambda - choice.lowLambda) * s;
  return { edges, bands: places.map((s, band) => ({ lambda: lambda(s), share: weights[band]! / sum })) };
}
