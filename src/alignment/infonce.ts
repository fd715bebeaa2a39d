/**
 * InfoNCE (van den Oord et al. 2018): the sample's own recall must be told from the negatives by its cosine,
 *
 *   L = -weight / K sum_k ln ( exp(C_k,k+ / temperature) / sum_{j in {k+, negatives}} exp(C_kj / temperature) )
 *
 *   dL/dC_kj = weight / (K temperature) (p_kj - [j = k+]),  p the softmax over k+ and the negatives
 */

import { exponential, logarithm } from "../engine/elementary.ts";
import { type AlignmentLoss, cosines, throughCosine } from "./affinity.ts";

export interface InfoNceOptions {
  readonly temperature: number;
  readonly weight: number;
}

export function infonce({ temperature, weight }: InfoNceOptions): AlignmentLoss {
  return (affinity, { positive, negative }, out) => {
    const { rows, columns } = affinity;
    const cosine = cosines(affinity);
    const gradient = new Float64Array(rows * columns);
    const unit = weight / rows;
    let loss = 0;
    for (let k = 0; k < rows; k++) {
      const own = k * columns + positive[k]!;
      const counts = (at: number) => at === own || negative[at] === 1;
      let top = cosine[own]!;
      for (let at = k * columns; at < (k + 1) * columns; at++) if (counts(at)) top = Math.max(top, cosine[at]!);
      let sum = 0;
      for (let at = k * columns; at < (k + 1) * columns; at++) {
        if (!counts(at)) continue;
        gradient[at] = exponential((cosine[at]! - top) / temperature);
        sum += gradient[at]!;
      }
      loss += unit * (logarithm(sum) - (cosine[own]! - top) / temperature);
      for (let at = k * columns; at < (k + 1) * columns; at++) gradient[at]! *= unit / (temperature * sum);
      gradient[own]! -= unit / temperature;
    }
    throughCosine(affinity, cosine, gradient, out);
    return loss;
  };
}
