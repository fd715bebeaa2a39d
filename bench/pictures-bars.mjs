// @ts-check
/** Bars of step times: a panel a net, a group of bars a thread count. */
import * as Plot from "@observablehq/plot";
import { page, text } from "../dist/node/plots/page.js";
import { drawPanel } from "../dist/node/plots/panel.js";
import { OURS } from "./contest.mjs";
import { colourOf, PANEL, placeOf, WIDTH } from "./pictures-layout.mjs";
import { figure } from "./table.mjs";

/** @typedef {import("./contest.mjs").ContestRow} ContestRow */

const BAR = 17;
const LEFT = 200;
/** Room for a bar's figures to its right. */
const RIGHT = 92;

/**
 * @param {readonly ContestRow[]} rows
 * @returns {string} SVG
 */
export function speedPicture(rows) {
  const nets = [...new Set(rows.map(({ net }) => net))];
  const most = Math.max(...nets.map((net) => rows.filter((row) => row.net === net).length));
  const height = most * BAR + 34;
  const parts = nets.map((net, index) => {
    const { x, y } = placeOf(index, height + 26, 44);
    return panel(
      net,
      rows.filter((row) => row.net === net),
      { x, y, height },
    );
  });
  const bottom = placeOf(nets.length - 1, height + 26, 44).y + height + 30;
  const heading = text(
    "Time of a training step, milliseconds (shorter is better; in brackets: over ours)",
    16,
    26,
    15,
    { bold: true },
  );
  return page(WIDTH, bottom, "Time of a training step", [heading, ...parts]);
}

/**
 * @param {string} net
 * @param {readonly ContestRow[]} rows
 * @param {{ x: number, y: number, height: number }} place
 */
function panel(net, rows, { x, y, height }) {
  const bars = rows.map(({ name, threads, medianMs, ratio }) => ({
    bar: `${name}, ${threads} thread${threads === 1 ? "" : "s"}`,
    ms: medianMs,
    colour: colourOf(name),
    label: name === OURS ? figure(medianMs) : `${figure(medianMs)} (${figure(ratio)}×)`,
  }));
  const svg = drawPanel(
    {
      width: PANEL,
      height,
      marginLeft: LEFT,
      marginRight: RIGHT,
      marginTop: 4,
      marginBottom: 26,
      style: { fontSize: "11px" },
      x: { domain: [0, Math.max(...bars.map(({ ms }) => ms))], ticks: 4, label: null, grid: true },
      y: { domain: bars.map(({ bar }) => bar), label: null, tickSize: 0, padding: 0.15 },
      marks: [
        Plot.barX(bars, { x: "ms", y: "bar", fill: "colour" }),
        Plot.text(bars, { x: "ms", y: "bar", text: "label", textAnchor: "start", dx: 4 }),
      ],
    },
    x,
    y + 8,
  );
  return [text(net, x + 8, y, 12, { bold: true }), svg].join("\n");
}
