/** The alignment loss that a configuration names, for one stage. */
import type { AlignmentLoss } from "./affinity.ts";
import { infonce } from "./infonce.ts";
import { mse } from "./mse.ts";
import { reco } from "./reco.ts";

export interface StageLossOptions {
  readonly loss: "reco" | "infonce" | "mse";
  /** ReCo: weight of the negatives. */
  readonly lambda: number;
  /** InfoNCE: temperature of the softmax over cosines. */
  readonly temperature: number;
}

/** @param features numbers a row, without padding */
export function stageLoss(options: StageLossOptions, weight: number, features: number): AlignmentLoss {
  const { loss, lambda, temperature } = options;
  if (loss === "reco") return reco({ lambda, weight });
  return loss === "infonce" ? infonce({ temperature, weight }) : mse({ features, weight });
}
