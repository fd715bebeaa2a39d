/** A run's pictures of images, which need grey or colour: data of other channels train all the same, without them. */
import { isDrawable } from "../../measurement/picture-grid.ts";
import type { Shape } from "../../network/shape.ts";
import { note } from "../output.ts";

/** Whether a finished run's images can be drawn; says so where they cannot. */
export function canDraw({ channels }: Shape): boolean {
  if (isDrawable(channels)) return true;
  note("note", `pictures of images need 1 or 3 channels and these have ${channels}: the run has none`);
  return false;
}
