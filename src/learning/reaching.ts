/**
 * BSD whose errors also teach perception's stages below their own, as many as `reach`: how far must an error go? Recall's stages learn from their own losses alone, as ever.
 *
 * Errors go down by recall's synapses between the same stages, mirrored (`carriers: recall`), or by the transposes of perception's own (`transposes`), as backprop has them. By recall's no weight is
 * known but where its own spikes go (C1); of the other criteria C4 alone is met: an error of the stage above has a sign (C5), is no signal of the stage's own (C2) and comes after it has learned (C3).
 */
import type { Feature } from "../network/neuron.ts";
import type { NetworkPair } from "../network/pair.ts";
import { AlignedStage, alignedRoom } from "./backprop/aligned-stage.ts";
import { LayeredBackprop } from "./backprop/layered.ts";
import { MirroredWeights } from "./backprop/mirrored-weights.ts";
import { ReachingBackprop } from "./backprop/reaching-backprop.ts";
import type { WayBack } from "./way-back.ts";

/** What carries errors down: recall's synapses, or the transposes of perception's. */
export type Carriers = "recall" | "transposes";

/**
 * @param pair with `keepDrives`, and for carriers "recall" with a chain of recall
 * @param feature what perception is compared by
 * @example
 * const back = reaching(pair, "rate", { reach: 1, carriers: "recall" });
 * back.perception[0].gradient.view.set(rows); // of every stage
 * back.perceptionBackward(images, top.gradient);
 */
export function reaching(
  pair: NetworkPair,
  feature: Feature,
  { reach, carriers }: { readonly reach: number; readonly carriers: Carriers },
): WayBack {
  const { team, conceptDrive } = pair;
  const layers = pair.perception.slice(0, -1);
  const room = alignedRoom(team, layers);
  const perception = layers.map((layer) => new AlignedStage(team, layer, feature, room));
  // From stage 3 down to 2, and so on up to the concept's down to the last hidden one's.
  const mirrored =
    carriers === "recall"
      ? pair.perception.slice(1).map((up, k) => new MirroredWeights(team, up, pair.recall[k + 1]!))
      : undefined;
  // Where every error goes all the way, none need be told from another.
  const down =
    reach < perception.length
      ? new ReachingBackprop(team, perception, conceptDrive, reach, mirrored)
      : new LayeredBackprop(team, perception, conceptDrive, mirrored);
  return {
    perception,
    recall: [],
    perceptionBackward: (images, gradient) => {
      for (const weights of mirrored ?? []) weights.refresh();
      down.backward(images, gradient);
    },
  };
}
