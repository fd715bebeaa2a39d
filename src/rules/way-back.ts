/** A way back for the errors of BSD's stages, where they are not to stay where they are made: what BSD does without, for comparison. */
import type { Address } from "../engine/memory.ts";
import type { Feature } from "../nets/neuron.ts";
import type { NetworkPair } from "../nets/pair.ts";
import type { Slot } from "../nets/parameters.ts";
import { AlignedStage, alignedRoom } from "./backward-stage.ts";
import type { BsdOptions } from "./bsd-options.ts";
import { type ErrorWeights, LearnedWeights, MirroredWeights } from "./error-weights.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import { BoundedBackprop, LayeredBackprop } from "./ways-down.ts";

// BSD whose errors also teach perception's stages below their own, as many as `errorDepth`: how far must an error go? Recall's stages learn from their own losses alone, as ever.
//
// Errors go down by recall's synapses between the same stages, mirrored (`errorWeights: recall`), by synapses of their own, which learn by the products that perception's learn by (`learned`), or by the
// transposes of perception's own (`transposes`), as backprop has them. By the first two no weight is known where its own signals do not go (C1); of the other criteria C4 alone is met: an error of the
// stage above has a sign (C5), is no signal of the stage's own (C2) and comes after it has learned (C3).

/** How far errors go, and by what. */
export interface ErrorsDown {
  /** Stages that an error goes down, at least 1. */
  readonly errorDepth: number;
  readonly errorWeights: ErrorWeights;
  /** Of perception's weights, which the learned error weights share. */
  readonly weightDecay: number;
}

/**
 * @param pair with `keepDrives`, and for errorWeights "recall" with a chain of recall
 * @param feature what perception is compared by
 * @example
 * const back = errorsDown(pair, "rate", { errorDepth: 1, errorWeights: "recall", weightDecay: 0.01 });
 * back.perception[0].gradient.view.set(rows); // of every stage
 * back.perceptionBackward(images, top.gradient);
 */
export function errorsDown(
  pair: NetworkPair,
  feature: Feature,
  { errorDepth, errorWeights, weightDecay }: ErrorsDown,
): WayBack {
  const { team, conceptDrive, options } = pair;
  const layers = pair.perception.slice(0, -1);
  const room = alignedRoom(team, layers);
  const perception = layers.map((layer) => new AlignedStage(team, layer, feature, room));
  // From stage 3 down to 2, and so on up to the concept's down to the last hidden one's.
  const above = pair.perception.slice(1);
  const learned = errorWeights === "learned" ? above.map((up) => new LearnedWeights(team, up, options.seed)) : [];
  const mirrored =
    errorWeights === "recall" ? above.map((up, k) => new MirroredWeights(team, up, pair.recall[k + 1]!)) : [];
  const carrying = errorWeights === "transposes" ? undefined : [...learned, ...mirrored];
  // Where every error goes all the way, none need be told from another.
  const down =
    errorDepth < perception.length
      ? new BoundedBackprop(team, perception, conceptDrive, errorDepth, carrying)
      : new LayeredBackprop(team, perception, conceptDrive, carrying);
  return {
    perception,
    recall: [],
    perceptionBackward: (images, gradient) => {
      for (const weights of mirrored) weights.refresh();
      down.backward(images, gradient);
      for (const weights of learned) weights.begin();
    },
    updated: (rate) => {
      for (const weights of learned) weights.learn(rate * weightDecay);
    },
    slots: () => learned.map((weights) => weights.slot()),
  };
}

// The way back of a pair whose stages are not detached from each other, for comparison with BSD, where every stage's inputs are constants to its loss. Here nothing of a network's
// own is: with L_1 .. L_L the stages' losses,
//
// dL/dW_j = sum over i > j of dL_i/dW_j        dL/dTheta_j = sum over i <= j of dL_i/dTheta_j
//
// so every stage's loss, the top's too, also trains the stages that its network runs through before: up to it in perception, down to it in recall. Each network's features are the
// other's targets as before, and the sum of all losses descends along its whole gradient. It takes transposed weights (C1), errors of other stages (C2) and a second phase (C3).

/**
 * @param pair with `keepDrives`
 * @example
 * const back = undetached(pair, { perception: "rate", recall: "rate" });
 * back.perception[0].gradient.view.set(rows); // of every stage
 * back.perceptionBackward(images, top.gradient);
 */
export function undetached(pair: NetworkPair, features: Readonly<Record<"perception" | "recall", Feature>>): WayBack {
  const { team, conceptDrive } = pair;
  const perceiving = pair.perception.slice(0, -1);
  const recalling = pair.recall.slice(1);
  const room = alignedRoom(team, [...perceiving, ...recalling]);
  const perception = perceiving.map((layer) => new AlignedStage(team, layer, features.perception, room));
  const recall = recalling.map((layer) => new AlignedStage(team, layer, features.recall, room));
  const up = new LayeredBackprop(team, perception, conceptDrive);
  const down = pair.recalls ? new LayeredBackprop(team, recall.toReversed(), pair.reconstructed) : undefined;
  return {
    perception,
    recall,
    perceptionBackward: (images, gradient) => up.backward(images, gradient),
    recallBackward: (recalls, gradient) => down?.backward(recalls, gradient),
  };
}

/** The way back, from the gradients of all features of the networks that wait for it. */
export interface WayBack {
  /** Perception's stages 2 .. L - 1 and recall's, from the stimulus up; `gradient` is to be filled. Of recall none where there is none, or where its stages learn at once. */
  readonly perception: readonly AlignedStage[];
  readonly recall: readonly AlignedStage[];
  /** All gradients of perception, from that of the concept's mean drive. */
  perceptionBackward(images: number, conceptGradient: Address): void;
  /** All gradients of recall, from that of the reconstructed stimulus's mean drive. Undefined where recall's stages learn at once. */
  recallBackward?(recalls: number, reconstructedGradient: Address): void;
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
    errorDepth = 0,
    errorWeights = "recall",
  }: Pick<BsdOptions, "detached" | "errorDepth" | "errorWeights">,
  { weightDecay }: Pick<OptimiserOptions, "weightDecay">,
): WayBack | undefined {
  if (!detached) return undetached(pair, features);
  return errorDepth > 0 ? errorsDown(pair, features.perception, { errorDepth, errorWeights, weightDecay }) : undefined;
}
