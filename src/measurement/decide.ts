/**
 * Decisions: the class whose label spike train has the highest cosine with the concept's spikes; classes that tie (all of them, when the concept
 * is silent) are told apart by the time mean of the concept's drive.
 *
 *   cos(s_L, code_c) = sum over (t, n) of s_L[t, n] code_c[n] / (|s_L| sqrt(T active_c))
 *
 * |s_L| and T are the same for all classes, so the counts over sqrt(active) decide.
 */
import { conceptSpikes } from "../network/inference.ts";
import type { NetworkPair } from "../network/pair.ts";

export interface Decision {
  readonly class: number;
  /** Cosine of the concept's spikes with each class's train; all 0 when silent. */
  readonly cosines: Float64Array;
  /** Projection of the mean drive on each class's code. */
  readonly drives: Float64Array;
}

/** Decisions for the first `images` images, after `perceive`. */
export function decide(pair: NetworkPair, images: number): Decision[] {
  const { classes, width, bits } = pair.target;
  const { steps } = pair.options;
  const spikes = conceptSpikes(pair, images);
  const { features, featureWidth } = pair.conceptDrive;
  const roots = Array.from({ length: classes }, (_, c) =>
    Math.sqrt(bits.subarray(c * width, (c + 1) * width).reduce((sum, bit) => sum + bit, 0)),
  );
  const decisions: Decision[] = [];
  const counts = new Float64Array(width);
  for (let b = 0; b < images; b++) {
    counts.fill(0);
    let total = 0;
    for (let t = 0; t < steps; t++) {
      for (let n = 0; n < width; n++) {
        const fired = spikes[(b * steps + t) * width + n]!;
        counts[n]! += fired;
        total += fired;
      }
    }
    const cosines = new Float64Array(classes);
    const drives = new Float64Array(classes);
    let best = 0;
    for (let c = 0; c < classes; c++) {
      let overlap = 0;
      let drive = 0;
      for (let n = 0; n < width; n++) {
        if (!bits[c * width + n]) continue;
        overlap += counts[n]!;
        drive += features.view[b * featureWidth + n]!;
      }
      cosines[c] = total > 0 ? overlap / roots[c]! / Math.sqrt(total * steps) : 0;
      drives[c] = drive / roots[c]!;
      if (cosines[c]! > cosines[best]! || (cosines[c] === cosines[best] && drives[c]! > drives[best]!)) best = c;
    }
    decisions.push({ class: best, cosines, drives });
  }
  return decisions;
}
