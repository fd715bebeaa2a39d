/**
 * BSD whose errors also teach perception's stages below their own, as many as `reach`: how far must an error go? Recall's stages learn from their own losses alone, as ever.
 *
 * Errors go down by recall's synapses between the same stages, mirrored (`carriers: recall`), by synapses of their own, which learn by the products that perception's learn by (`learned`), or by the
 * transposes of perception's own (`transposes`), as backprop has them. By the first two no weight is known where its own signals do not go (C1); of the other criteria C4 alone is met: an error of the
 * stage above has a sign (C5), is no signal of the stage's own (C2) and comes after it has learned (C3).
 */
import type { Feature } from "../network/neuron.ts";
import type { NetworkPair } from "../network/pair.ts";
import { AlignedStage, alignedRoom } from "./backprop/aligned-stage.ts";
import { LayeredBackprop } from "./backprop/layered.ts";
import { LearnedWeights } from "./backprop/learned-weights.ts";
import { MirroredWeights } from "./backprop/mirrored-weights.ts";
import { ReachingBackprop } from "./backprop/reaching-backprop.ts";
import type { Carriers } from "./carriers.ts";
import type { WayBack } from "./way-back.ts";

/** How far errors go, and by what. */
export interface Reach {
  /** Stages that an error goes down, at least 1. */
  readonly reach: number;
  readonly carriers: Carriers;
  /** Of perception's weights, which the learned carriers share. */
  readonly weightDecay: number;
}

/**
 * @param pair with `keepDrives`, and for carriers "recall" with a chain of recall
 * @param feature what perception is compared by
 * @example
 * const back = reaching(pair, "rate", { reach: 1, carriers: "recall", weightDecay: 0.01 });
 * back.perception[0].gradient.view.set(rows); // of every stage
 * back.perceptionBackward(images, top.gradient);
 */
export function reaching(pair: NetworkPair, feature: Feature, { reach, carriers, weightDecay }: Reach): WayBack {
  const { team, conceptDrive, options } = pair;
  const layers = pair.perception.slice(0, -1);
  const room = alignedRoom(team, layers);
  const perception = layers.map((layer) => new AlignedStage(team, layer, feature, room));
  // From stage 3 down to 2, and so on up to the concept's down to the last hidden one's.
  const above = pair.perception.slice(1);
  const learned = carriers === "learned" ? above.map((up) => new LearnedWeights(team, up, options.seed)) : [];
  const mirrored =
    carriers === "recall" ? above.map((up, k) => new MirroredWeights(team, up, pair.recall[k + 1]!)) : [];
  const carrying = carriers === "transposes" ? undefined : [...learned, ...mirrored];
  // Where every error goes all the way, none need be told from another.
  const down =
    reach < perception.length
      ? new ReachingBackprop(team, perception, conceptDrive, reach, carrying)
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
