/**
 * ReCo, the relaxed contrastive loss (Lin et al., WACV 2023):
 *
 *   L = weight / K * ( sum_k (1 - C_k,k+)^2 + lambda sum_k sum_{negatives j} max(0, C_kj)^2 )
 *
 * Pairs that are already orthogonal or opposed cost nothing, and the loss is never negative: the error is unsigned.
 *
 *   dL/dC_k,k+ = -2 weight / K (1 - C_k,k+),   dL/dC_kj = 2 weight lambda / K max(0, C_kj)
 */
import { type AlignmentLoss, cosines, throughCosine } from "./affinity.ts";

export interface RecoOptions {
  /** Weight of the negatives. */
  readonly lambda: number;
  /** Weight of the whole. */
  readonly weight: number;
}

export function reco({ lambda, weight }: RecoOptions): AlignmentLoss {
  return (affinity, { positive, negative }, out) => {
    const { rows, columns } = affinity;
    const cosine = cosines(affinity);
    const gradient = new Float64Array(rows * columns);
    const unit = weight / rows;
    let loss = 0;
    for (let k = 0; k < rows; k++) {
      for (let j = 0; j < columns; j++) {
        const at = k * columns + j;
        const c = cosine[at]!;
        if (j === positive[k]) {
          loss += unit * (1 - c) ** 2;
          gradient[at] = -2 * unit * (1 - c);
        } else if (negative[at] && c > 0) {
          loss += unit * lambda * c * c;
          gradient[at] = 2 * unit * lambda * c;
        }
      }
    }
    throughCosine(affinity, cosine, gradient, out);
    return loss;
  };
}
