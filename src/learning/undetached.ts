/**
 * The way back of a pair whose stages are not detached from each other, for comparison with BSD, where every stage's inputs are constants to its loss. Here nothing of a network's
 * own is: with L_1 .. L_L the stages' losses,
 *
 *   dL/dW_j = sum over i > j of dL_i/dW_j        dL/dTheta_j = sum over i <= j of dL_i/dTheta_j
 *
 * so every stage's loss, the top's too, also trains the stages that its network runs through before: up to it in perception, down to it in recall. Each network's features are the
 * other's targets as before, and the sum of all losses descends along its whole gradient. It takes transposed weights (C1), errors of other stages (C2) and a second phase (C3).
 */
import type { Feature } from "../network/neuron.ts";
import type { NetworkPair } from "../network/pair.ts";
import { AlignedStage, alignedRoom } from "./backprop/aligned-stage.ts";
import { LayeredBackprop } from "./backprop/layered.ts";
import type { WayBack } from "./way-back.ts";

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
  const down = pair.recalls ? new LayeredBackprop(team, recall.toReversed(), pair.redrawn) : undefined;
  return {
    perception,
    recall,
    perceptionBackward: (images, gradient) => up.backward(images, gradient),
    recallBackward: (recalls, gradient) => down?.backward(recalls, gradient),
  };
}
