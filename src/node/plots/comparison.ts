/** Figures of runs side by side: a row a cell, a point a run, a bar at the mean. */
import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import { page, text } from "./page.ts";
import { drawPanel } from "./panel.ts";

export interface ComparisonPanel {
  readonly title: string;
  /** Values of each row's runs, in the rows' order; none where nothing was measured. */
  readonly values: readonly (readonly number[])[];
}

export interface ComparisonFigure {
  readonly title: string;
  /** What the rows' names are, below the title. */
  readonly note: string;
  /** Names of the rows. */
  readonly rows: readonly string[];
  /** Rows that the others are held against: drawn dark. */
  readonly baselines: readonly number[];
  readonly panels: readonly ComparisonPanel[];
}

const WIDTH = 900;
const ROW = 24;
const AXIS = 34;
const TITLE = 24;
const TOP = 54;
/** Pixels of a name's letter, and the widest a name may be. */
const LETTER = 6.7;
const LONGEST = 44;
const COLOURS = { baseline: "#222222", others: "#0072b2" } as const;

/**
 * Points of every run and their means as SVG, 900 pixels wide, a panel a figure, a row a cell. Same values, same bytes.
 *
 * @throws BispikeError "shape" when there are no panels, or one without a finite value or with another number of rows
 * @example
 * const panels = [{ title: "test accuracy (%)", values: [[97, 97.2], [96.1, 95.9]] }];
 * comparisonPlot({ title: "mnist", note: "rule.name", rows: ["bsd", "backprop"], baselines: [0], panels });
 */
export function comparisonPlot(figure: ComparisonFigure): string {
  const { title, note, rows, panels } = figure;
  if (panels.length === 0)
    throw new BispikeError("shape", "plot of a comparison: expected one or more figures, got none");
  const names = rows.map((name, row) => clipped(name, row));
  const left = 24 + LETTER * names.reduce((most, { shown }) => Math.max(most, shown.length), 0);
  const height = TITLE + rows.length * ROW + AXIS;
  const parts = panels.map((panel, index) =>
    drawRuns(panel, figure, names, { left, top: TOP + index * (height + 8), height }),
  );
  return page(WIDTH, TOP + panels.length * (height + 8) + 6, title, [
    text(title, 16, 24, 16, { bold: true }),
    text(note, 16, 42, 12),
    ...parts,
  ]);
}

interface RowName {
  /** Different for every row, though what is shown may not be. */
  readonly key: string;
  readonly shown: string;
}

function clipped(name: string, row: number): RowName {
  const letters = [...name];
  return { key: String(row), shown: letters.length <= LONGEST ? name : `${letters.slice(0, LONGEST - 1).join("")}…` };
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly height: number;
}

function drawRuns(panel: ComparisonPanel, figure: ComparisonFigure, names: readonly RowName[], place: Place): string {
  const { title, values } = panel;
  const points = values.flatMap((runs, row) => runs.map((value) => ({ value, row: String(row) })));
  if (values.length !== names.length || points.length === 0 || !points.every(({ value }) => Number.isFinite(value)))
    throw new BispikeError(
      "shape",
      `plot of a comparison: ${title}: expected finite values of ${names.length} rows, got ${points.length} of ${values.length}`,
    );
  const means = values.flatMap((runs, row) =>
    runs.length === 0 ? [] : [{ value: runs.reduce((sum, value) => sum + value / runs.length, 0), row: String(row) }],
  );
  const colour = ({ row }: { row: string }) =>
    figure.baselines.includes(Number(row)) ? COLOURS.baseline : COLOURS.others;
  const svg = drawPanel(
    {
      width: WIDTH - 16,
      height: place.height - TITLE,
      ...{ marginLeft: place.left, marginRight: 24, marginTop: 4, marginBottom: AXIS },
      style: { fontSize: "12px" },
      x: { domain: domainOf(points.map(({ value }) => value)), ticks: 6, label: null },
      y: { domain: names.map(({ key }) => key), label: null, padding: 0.3 },
      marks: [
        Plot.axisY({ tickSize: 0, tickFormat: (key: string) => names[Number(key)]?.shown ?? "", label: null }),
        Plot.axisX({ ticks: 6, label: null }),
        Plot.gridX({ stroke: "#ddd", strokeOpacity: 1, ticks: 6 }),
        Plot.ruleY(
          names.map(({ key }) => key),
          { stroke: "#eee" },
        ),
        Plot.tickX(means, { x: "value", y: "row", stroke: colour, strokeWidth: 2.5 }),
        Plot.dot(points, { x: "value", y: "row", r: 3.5, fill: colour, fillOpacity: 0.45, stroke: colour }),
      ],
    },
    0,
    place.top + TITLE - 8,
  );
  return `<g aria-label="panel">\n${text(title, place.left, place.top + 8, 13, { bold: true })}\n${svg}\n</g>`;
}

/** Ends of the axis: a little room beside the values, and some where all are the same. */
function domainOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.04 * (high - low) || 0.01 * Math.abs(high) || 0.01;
  return [low - room, high + room];
}
