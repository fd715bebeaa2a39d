// @ts-check
/** Memory of recurrent nets against the window's length, and of a stream that learns against its own. */
import { legend, page, text } from "../dist/node/plots/page.js";
import { PANEL, placeOf, WIDTH } from "./pictures-layout.mjs";
import { HEIGHT, LEGEND_LINE, memoryPanel, panelSize } from "./pictures-lines.mjs";
import { MEMORY_ROWS } from "./sequence/memory.mjs";
import { OUR_BPTT, OUR_BSD } from "./sequence/names.mjs";

/** @typedef {import("./sequence/memory.mjs").MemoryRow} MemoryRow */

/** Ours warm, PyTorch's blue, as in the other pictures. */
const COLOURS = new Map([
  [OUR_BSD, "#d55e00"],
  [OUR_BPTT, "#e69f00"],
]);
const PEER_COLOUR = "#0072b2";
const colourOf = (/** @type {string} */ name) => COLOURS.get(name) ?? PEER_COLOUR;

/**
 * @param {readonly MemoryRow[]} rows
 * @returns {string} SVG
 */
export function sequenceMemoryPicture(rows) {
  const names = [...new Set(rows.map(({ name }) => name))];
  const top = 44 + names.length * LEGEND_LINE;
  const panels = [
    { what: "window memory", title: `Two steps, ${MEMORY_ROWS} windows`, label: "positions a window", base: 2 },
    { what: "stream memory", title: "A stream that learns", label: "elements", base: 10 },
  ].filter(({ what }) => rows.some((row) => row.what === what));
  const parts = panels.map(({ what, title, label, base }, index) => {
    const { x, y } = placeOf(index, HEIGHT + 26, top);
    const points = rows.filter((row) => row.what === what);
    const sizes = [...new Set(points.map(({ size }) => size))];
    const scale = { base, ticks: sizes, label };
    const size = { ...panelSize, width: PANEL };
    const svg = memoryPanel({ points, names, column: "size", scale, colourOf }, size, x, y + 8);
    return [text(title, x + 54, y, 12, { bold: true }), svg].join("\n");
  });
  const title = "Memory that learning a sequence adds to a process at its peak";
  const heading = text(title, 16, 26, 15, { bold: true });
  const entries = names.map((name) => ({ label: name, colour: colourOf(name) }));
  return page(WIDTH, top + 12 + HEIGHT + 20, title, [heading, legend(entries, 16, 48), ...parts]);
}
