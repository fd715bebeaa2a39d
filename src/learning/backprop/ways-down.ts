/** From each layer of a stack to the one below: what every way back goes through, and what it asks of the layers. */
import type { Team } from "../../engine/team.ts";
import { InputGradient, type WeightSource } from "../../network/input-gradient.ts";
import type { Layer } from "../../network/layer.ts";
import type { BackpropStage } from "./stage.ts";

/**
 * From stage k + 1 (the read-out for the last) down to stage k.
 *
 * @param carriers weights that carry errors down in place of the stages' own, of the second stage first and of the read-out last. Default the stages' own
 * @throws Error where layers share room that the way back needs of each
 */
export function waysDown(
  team: Team,
  stages: readonly BackpropStage[],
  readout: Layer,
  carriers?: readonly WeightSource[],
): InputGradient[] {
  const layers = [...stages, readout];
  if (new Set(layers.map(({ workspace }) => workspace.z)).size < layers.length)
    throw new Error("backprop reads all drives of a pass again: layers must not share a workspace");
  if (new Set(layers.map(({ group }) => group.gradients.at)).size < layers.length)
    throw new Error("backprop makes all gradients before any is used: layers must not share room for theirs");
  return stages.map(({ shape }, k) => {
    const { synapses, group } = layers[k + 1]!;
    return new InputGradient(team, synapses, carriers?.[k] ?? group, shape);
  });
}
