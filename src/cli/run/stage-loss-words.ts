/** A stage loss in words, with those of its options that it makes use of. */
import type { StageLossOptions } from "../../losses/stage-loss.ts";

/** Such as "infonce (dot products, temperature 0.02, margin 2.5)". */
export function describeLoss({ loss, lambda, temperature, margin = 0, affinity }: StageLossOptions): string {
  if (loss === "reco") return `reco (lambda ${lambda})`;
  const products = affinity === "dots" ? "dot products, " : "";
  return loss === "infonce"
    ? `infonce (${products}temperature ${temperature}${margin > 0 ? `, margin ${margin}` : ""})`
    : loss;
}
