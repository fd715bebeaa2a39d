/** The end of a stage's way back: g at the workspace, dL/dX as `toDrive` left it, becomes dL/dz in place. */
import type { Address } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import { pixelsOf, tilesOf } from "../../network/shape.ts";
import { stepsOf } from "../../network/synapses.ts";
import type { BackpropStage } from "./stage.ts";

/** @param coefficients what `toDrive` returned; 0 where there is nothing to end */
export function finishDrive(
  team: Team,
  images: number,
  { synapses, workspace }: Pick<BackpropStage, "synapses" | "workspace">,
  coefficients: Address,
): void {
  if (!coefficients) return;
  const tiles = tilesOf(synapses.shape);
  const rows = images * stepsOf(synapses.source) * pixelsOf(synapses.shape);
  // One position of the sequences' kernel: all rows have the same coefficients.
  team.run("finishPositions", tiles, { positions: 1, rows, tiles, coefficients, g: workspace.g, z: workspace.z });
}
