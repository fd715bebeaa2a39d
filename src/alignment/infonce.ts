/**
 * InfoNCE (van den Oord et al. 2018): the sample's own recall must be told from the negatives by its cosine,
 *
 *   L = -weight / K sum_k ln ( exp(C_k,k+ / temperature) / sum_{j in {k+, negatives}} exp(C_kj / temperature) )
 *
 *   dL/dC_kj = weight / (K temperature) (p_kj - [j = k+]),  p the softmax over k+ and the negatives
 */
import { type AlignmentLoss, lossOfCosines } from "./affinity.ts";

/** What InfoNCE is told. */
export interface InfoNceOptions {
  readonly temperature: number;
  readonly weight: number;
}

/** InfoNCE as a stage loss; the sum runs in a kernel. */
export function infonce({ temperature, weight }: InfoNceOptions): AlignmentLoss {
  return lossOfCosines("infonceRows", weight, temperature);
}
