/** A way back for the errors of BSD's stages, where they are not to stay where they are made: what BSD does without, for comparison (undetached.ts, reaching.ts). */
import type { Address } from "../engine/memory.ts";
import type { Feature } from "../network/neuron.ts";
import type { NetworkPair } from "../network/pair.ts";
import type { Slot } from "../network/slots.ts";
import type { AlignedStage } from "./backprop/aligned-stage.ts";
import type { BsdOptions } from "./bsd-options.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import { reaching } from "./reaching.ts";
import { undetached } from "./undetached.ts";

/** The way back, from the gradients of all features of the networks that wait for it. */
export interface WayBack {
  /** Perception's stages 2 .. L - 1 and recall's, from the stimulus up; `gradient` is to be filled. Of recall none where there is none, or where its stages learn at once. */
  readonly perception: readonly AlignedStage[];
  readonly recall: readonly AlignedStage[];
  /** All gradients of perception, from that of the concept's mean drive. */
  perceptionBackward(images: number, conceptGradient: Address): void;
  /** All gradients of recall, from that of the redrawn stimulus's mean drive. Undefined where recall's stages learn at once. */
  recallBackward?(recalls: number, redrawnGradient: Address): void;
  /** Perception has been updated at this learning rate, since `perceptionBackward`. Undefined where nothing learns beside it. */
  updated?(rate: number): void;
  /** What has been learned beside the pair. */
  slots?(): Slot[];
}

/** The way back that a rule's options ask for. Undefined where every stage learns from its own loss alone, as the method has it. */
export function wayBack(
  pair: NetworkPair,
  features: Readonly<Record<"perception" | "recall", Feature>>,
  {
    detached = true,
    errorDepth: reach = 0,
    errorWeights: carriers = "recall",
  }: Pick<BsdOptions, "detached" | "errorDepth" | "errorWeights">,
  { weightDecay }: Pick<OptimiserOptions, "weightDecay">,
): WayBack | undefined {
  if (!detached) return undetached(pair, features);
  return reach > 0 ? reaching(pair, features.perception, { reach, carriers, weightDecay }) : undefined;
}
