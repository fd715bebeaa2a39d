/** What every way back asks of the layers it goes through. */
import type { ParameterGroup } from "../../network/parameters.ts";
import type { Workspace } from "../../network/synapses.ts";

/** Throws where layers share room that the way back needs of each. */
export function assertKept(layers: readonly { readonly workspace: Workspace; readonly group: ParameterGroup }[]): void {
  if (new Set(layers.map(({ workspace }) => workspace.z)).size < layers.length)
    throw new Error("backprop reads all drives of a pass again: layers must not share a workspace");
  if (new Set(layers.map(({ group }) => group.gradients.at)).size < layers.length)
    throw new Error("backprop makes all gradients before any is used: layers must not share room for theirs");
}
