/** A figure against severity, a panel a corruption, a line a row of a comparison. */
import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import { type LegendEntry, legend, page, text } from "./page.ts";
import { drawPanel } from "./panel.ts";

export interface SeverityPoint {
  /** Severity; 0 for none. */
  readonly x: number;
  readonly mean: number;
  /** Sample deviation, drawn as a bar to either side; 0 for none. */
  readonly std: number;
}

export interface SeveritiesPanel {
  readonly title: string;
  /** In the order of the figure's lines; no points where nothing was measured. */
  readonly lines: readonly (readonly SeverityPoint[])[];
}

export interface SeveritiesFigure {
  readonly title: string;
  /** What points and bars are, below the title. */
  readonly note: string;
  /** What is measured, with its unit. */
  readonly axis: string;
  /** Names of the lines. */
  readonly lines: readonly string[];
  readonly panels: readonly SeveritiesPanel[];
}

const WIDTH = 900;
const COLUMNS = 3;
const PANEL = { width: 290, height: 220, left: 46 } as const;
const TOP = 54;
const TITLE = 20;
const LEGEND_LINE = 17;
const LONGEST = 100;
/** Okabe and Ito's, told apart by colour-blind readers too; a second round of them is dashed. */
const COLOURS = ["#222222", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"] as const;

/**
 * Lines with deviations as SVG, 900 pixels wide, three panels a row over axes of the same extent. Same values, same bytes.
 *
 * @throws BispikeError "shape" for no panels, other numbers of lines than names, or no finite value
 * @example
 * const lines = [[{ x: 0, mean: 97, std: 0.2 }, { x: 1, mean: 90, std: 1 }]];
 * severitiesPlot({ title: "mnist", note: "3 seeds", axis: "accuracy (%)", lines: ["bsd"], panels: [{ title: "noise", lines }] });
 */
export function severitiesPlot(figure: SeveritiesFigure): string {
  const { title, note, lines, panels } = figure;
  const points = panels.flatMap((panel) => panel.lines.flat());
  const finite = points.every(({ x, mean, std }) => [x, mean, std].every(Number.isFinite));
  if (points.length === 0 || !finite || panels.some((panel) => panel.lines.length !== lines.length))
    throw new BispikeError(
      "shape",
      `plot of severities: expected panels of ${lines.length} lines of finite values, got ${panels.length} panels of ${points.length} points`,
    );
  const styles = lines.map((name, k): LegendEntry => ({ label: shortened(name), ...styleOf(k) }));
  const domains = { x: extentOf(points.map(({ x }) => x)), y: extentOf(points.flatMap(endsOf)) };
  const rows = Math.ceil(panels.length / COLUMNS);
  const bottom = TOP + rows * (PANEL.height + TITLE);
  const parts = panels.map((panel, k) => {
    const [column, row] = [k % COLUMNS, Math.floor(k / COLUMNS)];
    const place = { left: 8 + column * PANEL.width, top: TOP + row * (PANEL.height + TITLE) };
    return drawLines(panel, figure, styles, domains, place);
  });
  return page(WIDTH, bottom + LEGEND_LINE * lines.length + 12, title, [
    text(title, 16, 24, 16, { bold: true }),
    text(note, 16, 42, 12),
    ...parts,
    legend(styles, 8 + PANEL.left, bottom + 10),
  ]);
}

interface Domains {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

function drawLines(
  { title, lines }: SeveritiesPanel,
  { axis }: SeveritiesFigure,
  styles: readonly LegendEntry[],
  { x, y }: Domains,
  { left, top }: { readonly left: number; readonly top: number },
): string {
  const marks = lines.flatMap((points, k) => {
    const { colour: stroke, dashed } = styles[k]!;
    const spread = points
      .filter(({ std }) => std > 0)
      .map((point) => ({ x: point.x, low: endsOf(point)[0], high: endsOf(point)[1] }));
    return [
      Plot.ruleX(spread, { x: "x", y1: "low", y2: "high", stroke, strokeOpacity: 0.6 }),
      Plot.line(points, { x: "x", y: "mean", stroke, strokeWidth: 1.8, ...(dashed ? { strokeDasharray: "5 3" } : {}) }),
      Plot.dot(points, { x: "x", y: "mean", r: 2.5, fill: stroke }),
    ];
  });
  const whole = { ticks: x[1] - x[0], tickFormat: "d", label: "severity" };
  const svg = drawPanel(
    {
      ...{ width: PANEL.width, height: PANEL.height, marginLeft: PANEL.left },
      ...{ marginRight: 12, marginTop: 6, marginBottom: 36 },
      style: { fontSize: "11px" },
      x: { domain: x, inset: 4 },
      y: { domain: y, nice: true },
      marks: [
        Plot.axisX({ ...whole, labelAnchor: "center", labelArrow: "none", labelOffset: 32 }),
        Plot.axisY({ ticks: 5, label: axis, labelAnchor: "center", labelArrow: "none", labelOffset: 40 }),
        Plot.gridY({ stroke: "#ddd", strokeOpacity: 1, ticks: 5 }),
        ...marks,
      ],
    },
    left,
    top + TITLE - 8,
  );
  return `<g aria-label="panel">\n${text(title, left + PANEL.left, top + 6, 13, { bold: true })}\n${svg}\n</g>`;
}

function styleOf(k: number): Pick<LegendEntry, "colour" | "dashed"> {
  const round = Math.floor(k / COLOURS.length);
  return { colour: COLOURS[k % COLOURS.length]!, dashed: round % 2 === 1 };
}

const endsOf = ({ mean, std }: SeverityPoint): [number, number] => [mean - std, mean + std];

/** Ends of an axis, apart from each other even where all values are one. */
function extentOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low < high ? [low, high] : [low - 1, high + 1];
}

function shortened(name: string): string {
  const letters = [...name];
  return letters.length <= LONGEST ? name : `${letters.slice(0, LONGEST - 1).join("")}…`;
}
