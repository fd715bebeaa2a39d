/** Columns of a series over time: what is true and what a net says. */

import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import { type LegendEntry, legend, page, text } from "./page.ts";
import { drawPanel } from "./panel.ts";

/** A line of a panel. */
export interface SeriesLine extends LegendEntry {
  /** As SVG has it, such as "#222222". */
  readonly colour: string;
  /** One a row; null or NaN is a gap. */
  readonly values: ArrayLike<number | null>;
}

/** A panel: a column of the series, and the lines drawn in it. */
export interface SeriesPanel {
  readonly title: string;
  readonly lines: readonly SeriesLine[];
}

/** Lines over time, one panel a column. */
export interface SeriesFigure {
  readonly title: string;
  readonly panels: readonly SeriesPanel[];
  /** A name for each row, such as its time, or null to number them from `first`. */
  readonly rows: readonly string[] | null;
  /** Number of the first row. */
  readonly first: number;
}

/** Panels of a figure at most; a taller one could not be read. */
export const MOST_PANELS = 12;
/** Points a line at most; more rows are drawn as means of runs of rows. */
const MOST_POINTS = 1500;
const TICKS = 5;
const WIDTH = 900;
const LEFT = 70;
const PLOT_WIDTH = 690;
const PANEL = 190;
const TITLE = 26;

/**
 * Lines over the rows of a series as SVG, 900 pixels wide, a panel a column. More than 1500 rows are shown as means of equal runs of rows. Same values, same bytes.
 *
 * @throws BispikeError "shape" for no panels, more than 12, or none with a finite value
 * @example
 * const lines = [{ label: "truth", colour: "#222222", values: [1, 2, 3] }];
 * writeFileSync("ot.svg", seriesPlot({ title: "OT", panels: [{ title: "OT", lines }], rows: null, first: 0 }));
 */
export function seriesPlot(figure: SeriesFigure): string {
  const { panels } = figure;
  if (panels.length === 0 || panels.length > MOST_PANELS)
    throw new BispikeError("shape", `plot of a series: expected 1 to ${MOST_PANELS} columns, got ${panels.length}`);
  const count = panels[0]!.lines.reduce((most, { values }) => Math.max(most, values.length), 0);
  const run = Math.max(1, Math.ceil(count / MOST_POINTS));
  const parts = panels.map((panel, index) => {
    const top = 34 + index * (TITLE + PANEL);
    return drawLines(panel, top, figure, { count, run, last: index === panels.length - 1 });
  });
  const means = run > 1 ? ` (means of ${run} rows)` : "";
  const heading = text(`${figure.title}${means}`, LEFT, 22, 15, { bold: true });
  return page(WIDTH, 34 + panels.length * (TITLE + PANEL) + 34, figure.title, [heading, ...parts]);
}

interface Extent {
  readonly count: number;
  /** Rows a point. */
  readonly run: number;
  /** Whether the panel bears the rows' names. */
  readonly last: boolean;
}

function drawLines({ title, lines }: SeriesPanel, top: number, { rows, first }: SeriesFigure, extent: Extent): string {
  const { count, run, last } = extent;
  const bottom = last ? 44 : 12;
  const ticks = ticksOf(count);
  const name = (row: number) => rows?.[row] ?? String(first + row);
  const named = { text: name, tickSize: 4, textAnchor: "middle" } as const;
  const svg = drawPanel(
    {
      width: LEFT + PLOT_WIDTH,
      height: PANEL - 24 + bottom,
      ...{ marginLeft: LEFT, marginRight: 10, marginTop: 8, marginBottom: bottom },
      style: { fontSize: "12px" },
      x: { domain: [0, Math.max(1, count - 1)], label: null },
      y: { nice: true, ticks: TICKS, label: null },
      marks: [
        Plot.axisY({ ticks: TICKS, label: null }),
        Plot.axisX(ticks, { ...named, ...(last ? {} : { text: () => "" }) }),
        Plot.gridY({ stroke: "#ddd", strokeOpacity: 1, ticks: TICKS }),
        ...lines.map(({ values, colour, width = 1.5, dashed = false }) =>
          Plot.line(pointsOf(values, run), {
            ...{ x: "row", y: "value", stroke: colour, strokeWidth: width },
            ...(dashed ? { strokeDasharray: "5 3" } : {}),
          }),
        ),
      ],
    },
    0,
    top + TITLE - 8,
  );
  const heading = text(title, LEFT, top + 8, 13, { bold: true });
  return `<g aria-label="panel">\n${heading}\n${svg}\n${legend(lines, LEFT + PLOT_WIDTH + 14, top + TITLE + 8)}\n</g>`;
}

/** Rows that are named, at even distances, far enough apart for a time's text. */
function ticksOf(count: number): number[] {
  const most = Math.min(TICKS, count);
  return Array.from({ length: most }, (_, k) => Math.round((k * (count - 1)) / Math.max(1, most - 1)));
}

/** Means of runs of rows; a run with a gap is one. */
function pointsOf(values: ArrayLike<number | null>, run: number): { row: number; value: number }[] {
  const points: { row: number; value: number }[] = [];
  for (let from = 0; from < values.length; from += run) {
    const to = Math.min(from + run, values.length);
    let sum = 0;
    for (let row = from; row < to; row++) sum += values[row] ?? Number.NaN;
    points.push({ row: (from + to - 1) / 2, value: sum / (to - from) });
  }
  return points;
}
