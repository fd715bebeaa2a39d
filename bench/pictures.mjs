// @ts-check
/** Pictures of a results file: step times, memory against T, growth. SVG, 900 pixels wide, drawn as the library draws its curves. */

import { speedPicture } from "./pictures-bars.mjs";
import { growthPicture, memoryPicture } from "./pictures-lines.mjs";
import { timelinePicture } from "./pictures-timeline.mjs";

/**
 * @param {import("./results.mjs").Contents} contents
 * @returns {{ name: string, svg: string }[]} files for docs/; only of what was measured
 */
export function pictures({ sections }) {
  /** @type {[name: string, section: string, draw: (rows: any[]) => string][]} */
  const all = [
    ["speed.svg", "peers", speedPicture],
    ["memory.svg", "memory", memoryPicture],
    ["growth.svg", "growth", growthPicture],
    ["timeline.svg", "timeline", timelinePicture],
  ];
  return all.flatMap(([name, section, draw]) => {
    const rows = sections[section] ?? [];
    return rows.length > 0 ? [{ name, svg: draw(rows) }] : [];
  });
}
