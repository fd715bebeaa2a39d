/** Learning curves from a run's metrics. */

import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import type { AnyMetricLine } from "../metrics-file.ts";
import { type Curve, linearDomain, logTicks, type Panel } from "./curve-panel.ts";
import { curvePanels } from "./curve-series.ts";
import { legend, page, text } from "./page.ts";
import { drawPanel } from "./panel.ts";

/** Number of the stage that stands first in each list of stages, for the legends. */
export interface FirstStages {
  readonly losses: number;
  readonly perception: number;
  readonly recall: number;
  readonly hamming: number;
}

/** Stage 1 holds the stimulus: it has a loss but no neurons; spikes start at stage 2. */
export const firstStages: FirstStages = { losses: 1, perception: 2, recall: 2, hamming: 2 };

const width = 900;
const left = 70;
/** Of the axes and what is between them; the legend has the rest. */
const usualWidth = 700;
const panelHeight = 210;
const titleHeight = 26;

/**
 * Learning curves as SVG, 900 pixels wide: validation accuracy (or bits a character, or mean squared error), losses (total, top and each stage), firing rates of each stage and,
 * where measured, Hamming similarity, stacked over one axis of optimiser steps. Panels without data are left out. More than 400 steps
 * are shown as means of equal runs of steps. Numbers that are not finite are gaps. Same lines, same bytes.
 *
 * @param lines metric lines in any order
 * @param first which stage each list of stages begins with
 * @throws BispikeError "data" when no line holds anything to draw
 * @example
 * writeFileSync("curves.svg", curvesPlot(lines));
 */
export function curvesPlot(lines: readonly AnyMetricLine[], first: Partial<FirstStages> = {}): string {
  const panels = curvePanels(lines, { ...firstStages, ...first });
  if (panels.length === 0)
    throw new BispikeError(
      "data",
      "learning curves: expected metric lines of steps or epochs with finite numbers, got none",
    );
  return panelStack("Learning curves", panels);
}

/**
 * Panels of curves as SVG, 900 pixels wide, stacked over one axis of optimiser steps. Same panels, same bytes.
 *
 * @param panels each with something to draw
 * @param plotWidth pixels, of which the legend has what is left. Default 700
 */
export function panelStack(title: string, panels: readonly Panel[], plotWidth = usualWidth): string {
  const steps = panels.flatMap(({ curves }) => curves.flatMap(({ points }) => points.map(({ step }) => step)));
  const lastStep = steps.reduce((last, step) => Math.max(last, step), 1);
  const height = panels.length * (titleHeight + panelHeight) + 34;
  const parts = panels.map((panel, index) =>
    drawCurves(panel, {
      ...{ top: index * (titleHeight + panelHeight) + 14, plotWidth },
      ...{ lastStep, withSteps: index === panels.length - 1 },
    }),
  );
  return page(width, height, title, parts);
}

interface Place {
  readonly top: number;
  readonly plotWidth: number;
  /** Right end of the axis of steps. */
  readonly lastStep: number;
  /** Number that axis. */
  readonly withSteps: boolean;
}

function drawCurves(panel: Panel, { top, plotWidth, lastStep, withSteps }: Place): string {
  const dotted = panel.dots ? panel.curves.filter(({ points }) => points.length <= 60) : [];
  const bottom = withSteps ? 44 : 12;
  const scale = panel.log ? logScale(panel) : { domain: linearDomain(panel), nice: true, ticks: 5 };
  const svg = drawPanel(
    {
      width: left + plotWidth,
      height: panelHeight - 24 + bottom,
      marginLeft: left,
      marginRight: 10,
      marginTop: 8,
      marginBottom: bottom,
      style: { fontSize: "12px" },
      // The panels share one axis of steps; its numbers stand under the last.
      x: {
        domain: [0, lastStep],
        ticks: 7,
        label: withSteps ? "optimiser step" : null,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 38,
        ...(withSteps ? {} : { tickFormat: () => "" }),
      },
      y: scale,
      marks: [
        valueAxis(panel, scale.ticks),
        Plot.gridY({ stroke: "#ddd", strokeOpacity: 1, ticks: scale.ticks }),
        Plot.gridX({ stroke: "#eee", strokeOpacity: 1, ticks: 7 }),
        ...panel.curves.map((curve) => Plot.line(curve.points, lineStyle(curve))),
        ...dotted.map((curve) => Plot.dot(curve.points, dotStyle(curve))),
      ],
    },
    0,
    top + titleHeight - 8,
  );
  return [
    `<g aria-label="panel">`,
    text(panel.title, left, top + 8, 14, { bold: true }),
    svg,
    legend(panel.curves, left + plotWidth + 14, top + titleHeight + 8),
    "</g>",
  ].join("\n");
}

function logScale(panel: Panel) {
  const ticks = logTicks(panel);
  return { type: "log", domain: [ticks[0] ?? 1, ticks.at(-1) ?? 10], ticks } as const;
}

function valueAxis({ axis }: Panel, ticks: number | number[]) {
  const title = { labelAnchor: "center", labelArrow: "none", labelOffset: 58 } as const;
  if (typeof ticks === "number") return Plot.axisY({ ...title, ticks, label: axis });
  // Labels as text of their own: any tick format of a logarithmic scale leaves some ticks bare.
  return Plot.axisY(ticks, { ...title, text: String, label: `${axis} (log scale)` });
}

function lineStyle({ colour, width, dashed }: Curve): Plot.LineOptions {
  const dash = dashed ? { strokeDasharray: "5 3" } : {};
  return { x: "step", y: "value", stroke: colour, strokeWidth: width, ...dash };
}

/** Hollow where the line is dashed: after one epoch there is no line yet. */
function dotStyle({ colour, dashed }: Curve): Plot.DotOptions {
  return { x: "step", y: "value", r: 2.5, fill: dashed ? "white" : colour, stroke: colour };
}
