// @ts-check
/** A row a thread, a bar a kernel's share: one training step over time. */
import * as Plot from "@observablehq/plot";
import { page, text } from "../dist/node/plots/page.js";
import { drawPanel } from "../dist/node/plots/panel.js";
import { WIDTH } from "./pictures-layout.mjs";

/** Kernels of a kind share a colour; Okabe and Ito's. */
const KINDS = [
  { kind: "products of spikes", colour: "#0072b2", names: ["linearEvents", "linearTable", "convolve", "collapse"] },
  { kind: "their gradients", colour: "#d55e00", names: ["linearEventsGradient", "convolveGradient"] },
  {
    kind: "both, of the stimulus",
    colour: "#e69f00",
    names: [
      "linearValued",
      "linearValuedGradient",
      "linearDense",
      "linearDenseGradient",
      "convolveReal",
      "convolveRealGradient",
    ],
  },
  {
    kind: "neurons and norm",
    colour: "#009e73",
    names: ["neuronForward", "neuronBackward", "normStatistics", "normGradient"],
  },
  { kind: "spike lists", colour: "#56b4e9", names: ["emit", "transpose", "listValues", "transposeValues"] },
  { kind: "AdamW and clipping", colour: "#cc79a7", names: ["adamw", "sumSquares"] },
];
const REST = { kind: "alignment and the rest", colour: "#888888" };
const HEIGHT = 96;

/**
 * @param {readonly import("./timeline.mjs").TimelineResult[]} rows
 * @returns {string} SVG
 */
export function timelinePicture(rows) {
  const panels = rows.map((row, index) => {
    const y = 88 + index * (HEIGHT + 34);
    const spans = row.spans.map((span) => ({
      ...span,
      row: `thread ${span.thread + 1}`,
      colour: (KINDS.find(({ names }) => names.includes(span.name)) ?? REST).colour,
    }));
    const svg = drawPanel(
      {
        width: WIDTH - 20,
        height: HEIGHT,
        marginLeft: 64,
        marginBottom: 30,
        marginTop: 2,
        style: { fontSize: "11px" },
        x: { domain: [0, row.stepMs], label: "milliseconds", ticks: 10 },
        y: { domain: [...new Set(spans.map((span) => span.row))].sort(), label: null, tickSize: 0, padding: 0.12 },
        marks: [Plot.barX(spans, { x1: "from", x2: "to", y: "row", fill: "colour", insetLeft: 0.2 })],
      },
      10,
      y + 6,
    );
    const title = `${row.net}: ${row.stepMs.toFixed(1)} ms, ${(100 * row.busy).toFixed(0)} % of the threads' time in kernels`;
    return [text(title, 18, y, 12, { bold: true }), svg].join("\n");
  });
  const key = [...KINDS, REST].map(({ kind, colour }, index) => {
    const x = 18 + (index % 4) * 220;
    const y = 36 + Math.floor(index / 4) * 16;
    return `<rect x="${x}" y="${y}" width="10" height="10" fill="${colour}"/>${text(kind, x + 14, y + 9, 11)}`;
  });
  const heading = text("One training step, kernel by kernel", 16, 24, 15, { bold: true });
  return page(WIDTH, 88 + rows.length * (HEIGHT + 34), "One training step, kernel by kernel", [
    heading,
    ...key,
    ...panels,
  ]);
}
