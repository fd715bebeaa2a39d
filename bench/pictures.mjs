// @ts-check
/** Pictures of a results file: step times, memory against T and against sequence lengths, growth, a step's timeline. SVG, 900 pixels wide, drawn as the library draws its curves. */

import { speedPicture } from "./pictures-bars.mjs";
import { growthPicture, memoryPicture } from "./pictures-lines.mjs";
import { sequenceMemoryPicture } from "./pictures-sequences.mjs";
import { timelinePicture } from "./pictures-timeline.mjs";

/**
 * @param {import("./results.mjs").Contents} contents
 * @returns {{ name: string, svg: string }[]} files for docs/; only of what was measured
 */
export function pictures({ sections }) {
  const of = (/** @type {string} */ section) => /** @type {any[]} */ (sections[section] ?? []);
  /** @type {[name: string, rows: any[], draw: (rows: any[]) => string][]} */
  const all = [
    ["speed.svg", of("peers"), speedPicture],
    ["memory.svg", of("memory"), memoryPicture],
    ["growth.svg", of("growth"), growthPicture],
    ["timeline.svg", of("timeline"), timelinePicture],
    ["sequence-memory.svg", of("sequences").filter(({ what }) => what.endsWith("memory")), sequenceMemoryPicture],
  ];
  return all.flatMap(([name, rows, draw]) => (rows.length > 0 ? [{ name, svg: draw(rows) }] : []));
}
