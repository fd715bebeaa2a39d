/**
 * InfoNCE (van den Oord et al. 2018): the sample's own recall must be told from the negatives by its cosine,
 *
 *   L = -weight / K sum_k ln ( exp(C_k,k+ / temperature) / sum_{j in {k+, negatives}} exp(C_kj / temperature) )
 *
 *   dL/dC_kj = weight / (K temperature) (p_kj - [j = k+]),  p the softmax over k+ and the negatives
 */

import { exponential, logarithm } from "../engine/elementary.ts";
import { type AlignmentLoss, lossOfCosines } from "./affinity.ts";

export interface InfoNceOptions {
  readonly temperature: number;
  readonly weight: number;
}

export function infonce({ temperature, weight }: InfoNceOptions): AlignmentLoss {
  return lossOfCosines(weight, (cosine, positive, negative, first, slope) => {
    const columns = slope.length;
    const own = cosine[positive]!;
    let top = own;
    for (let j = 0; j < columns; j++) if (negative[first + j] === 1 && cosine[j]! > top) top = cosine[j]!;
    let sum = 0;
    for (let j = 0; j < columns; j++) {
      if (negative[first + j] !== 1 && j !== positive) continue;
      const share = exponential((cosine[j]! - top) / temperature);
      slope[j] = share;
      sum += share;
    }
    const scale = 1 / (temperature * sum);
    for (let j = 0; j < columns; j++) slope[j]! *= scale;
    slope[positive]! -= 1 / temperature;
    return logarithm(sum) - (own - top) / temperature;
  });
}
