/**
 * ReCo, the relaxed contrastive loss (Lin et al., WACV 2023):
 *
 *   L = weight / K * ( sum_k (1 - C_k,k+)^2 + lambda sum_k sum_{negatives j} max(0, C_kj)^2 )
 *
 * Pairs that are already orthogonal or opposed cost nothing, and the loss is never negative: the error is unsigned.
 *
 *   dL/dC_k,k+ = -2 weight / K (1 - C_k,k+),   dL/dC_kj = 2 weight lambda / K max(0, C_kj)
 */
import { type AlignmentLoss, lossOfCosines } from "./affinity.ts";

/** What ReCo is told. */
export interface RecoOptions {
  /** Weight of the negatives. */
  readonly lambda: number;
  /** Weight of the whole. */
  readonly weight: number;
}

/**
 * ReCo (Lin et al. 2023) as a stage loss, of the cosines C of K samples with their own recall, k+, and with the negatives; the sum runs in a kernel:
 *
 *     L = weight / K ( sum_k (1 - C_k,k+)^2 + lambda sum_k sum_{negatives j} max(0, C_kj)^2 )
 *
 * @example
 * reco({ lambda: 4, weight: 1 });
 */
export function reco(options: RecoOptions): AlignmentLoss {
  const { lambda, weight } = options;
  return lossOfCosines((team, rows, shared) => team.run("recoRows", rows, { ...shared, lambda }), weight);
}
