// @ts-check
/** Memory against T, and step time against sizes. */
import * as Plot from "@observablehq/plot";
import { legend, page, text } from "../dist/node/plots/page.js";
import { drawPanel } from "../dist/node/plots/panel.js";
import { AXES, exponentsOf } from "./growth.mjs";
import { colourOf, PANEL, placeOf, WIDTH } from "./pictures-layout.mjs";

/** @typedef {import("./memory.mjs").MemoryResult} MemoryResult */
/** @typedef {import("./growth.mjs").GrowthResult} GrowthResult */

/** Of a panel of lines. */
export const HEIGHT = 230;
export const LEGEND_LINE = 17;

/**
 * @param {readonly MemoryResult[]} rows
 * @returns {string} SVG
 */
export function memoryPicture(rows) {
  const all = [...new Set(rows.map(({ net }) => net))];
  // One T is no line.
  const nets = all.filter((net) => new Set(rows.filter((row) => row.net === net).map(({ steps }) => steps)).size > 1);
  const names = [...new Set(rows.map(({ name }) => name))];
  const top = 44 + names.length * LEGEND_LINE;
  const parts = nets.map((net, index) => {
    const { x, y } = placeOf(index, HEIGHT + 26, top);
    const points = rows.filter((row) => row.net === net);
    const steps = [...new Set(points.map((row) => row.steps))];
    const scale = { base: 2, ticks: steps, label: "time steps T" };
    const svg = memoryPanel({ points, names, column: "steps", scale, colourOf }, panelSize, x, y + 8);
    return [text(net, x + 54, y, 12, { bold: true }), svg].join("\n");
  });
  const heading = text("Memory that training adds to a process at its peak, batch 128", 16, 26, 15, { bold: true });
  const entries = names.map((name) => ({ label: name, colour: colourOf(name) }));
  const height = nets.length === 0 ? top : placeOf(nets.length - 1, HEIGHT + 26, top).y + HEIGHT + 20;
  return page(WIDTH, height, "Memory against T", [heading, legend(entries, 16, 48), ...parts]);
}

/**
 * MiB added against a size, a line a name.
 *
 * @param {object} lines
 * @param {readonly { readonly name: string, readonly addedMiB: number }[]} lines.points
 * @param {readonly string[]} lines.names
 * @param {string} lines.column of the points: the size
 * @param {{ readonly base: number, readonly ticks: readonly number[], readonly label: string }} lines.scale of the sizes, logarithmic
 * @param {(name: string) => string} lines.colourOf
 * @param {object} size of the panel, as Plot takes it
 * @param {number} x
 * @param {number} y
 * @returns {string} SVG
 */
export function memoryPanel({ points, names, column, scale, colourOf }, size, x, y) {
  const linesOf = (/** @type {string} */ name) =>
    lineWithDots(
      points.filter((row) => row.name === name),
      column,
      "addedMiB",
      colourOf(name),
    );
  return drawPanel(
    {
      ...size,
      x: { ...centred, type: "log", tickFormat: "d", ...scale },
      y: {
        ...centred,
        labelOffset: 46,
        domain: [0, Math.max(...points.map((row) => row.addedMiB))],
        nice: true,
        ticks: 5,
        label: "MiB added",
      },
      marks: [Plot.gridY({ stroke: "#ddd", strokeOpacity: 1, ticks: 5 }), ...names.flatMap(linesOf)],
    },
    x,
    y,
  );
}

/**
 * @param {readonly GrowthResult[]} rows
 * @returns {string} SVG
 */
export function growthPicture(rows) {
  const axes = AXES.filter(({ name }) => rows.some(({ axis }) => axis === name));
  const exponents = exponentsOf(rows);
  const top = 44;
  const parts = axes.map(({ name }, index) => {
    const { x, y } = placeOf(index, HEIGHT + 26, top);
    const byWeights = name === "width";
    const points = rows
      .filter(({ axis }) => axis === name)
      .map(({ value, weights, medianMs }) => ({ value: byWeights ? weights / 1e6 : value, medianMs }));
    const first = points[0];
    const values = points.map(({ value }) => value);
    const fit = exponents.find(({ against }) => against === (byWeights ? "width's weights" : name));
    const title = `${fit?.against}: exponent ${fit?.overall.toFixed(2)}`;
    const label = byWeights ? "weights, millions (width 128 to 1024)" : name;
    const linear = first
      ? points.map(({ value }) => ({ value, medianMs: (first.medianMs * value) / first.value }))
      : [];
    const times = [...points, ...linear].map(({ medianMs }) => medianMs);
    const svg = drawPanel(
      {
        ...panelSize,
        x: { ...centred, type: "log", base: 2, ticks: values, tickFormat: byWeights ? ".2f" : "d", label },
        y: {
          ...centred,
          labelOffset: 46,
          type: "log",
          base: 2,
          domain: [Math.min(...times), Math.max(...times)],
          nice: true,
          ticks: 5,
          tickFormat: "~g",
          label: "step, ms",
        },
        marks: [
          Plot.gridY({ stroke: "#ddd", strokeOpacity: 1, ticks: 5 }),
          Plot.line(linear, { x: "value", y: "medianMs", stroke: "#888", strokeDasharray: "5 3" }),
          ...lineWithDots(points, "value", "medianMs", "#d55e00"),
        ],
      },
      x,
      y + 8,
    );
    return [text(title, x + 54, y, 12, { bold: true }), svg].join("\n");
  });
  const heading = text("Step time of an MLP against its sizes, one thread (dashed: linear)", 16, 26, 15, {
    bold: true,
  });
  const height = placeOf(axes.length - 1, HEIGHT + 26, top).y + HEIGHT + 20;
  return page(WIDTH, height, "Growth of the step time", [heading, ...parts]);
}

/** Labels of axes. */
export const centred = /** @type {const} */ ({ labelAnchor: "center", labelArrow: "none", labelOffset: 34 });
export const panelSize = {
  width: PANEL,
  height: HEIGHT,
  marginLeft: 62,
  marginRight: 14,
  marginTop: 6,
  marginBottom: 42,
  style: { fontSize: "11px" },
};

/**
 * @param {readonly object[]} points
 * @param {string} x
 * @param {string} y
 * @param {string} colour
 */
export function lineWithDots(points, x, y, colour) {
  return [Plot.line(points, { x, y, stroke: colour, strokeWidth: 2 }), Plot.dot(points, { x, y, r: 3, fill: colour })];
}
