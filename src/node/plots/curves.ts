/** Learning curves from a run's metrics. */
import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import { curvePanels, type Panel } from "./curve-series.ts";
import { legend, page, text } from "./page.ts";
import { drawPanel } from "./panel.ts";

/** A line of metrics.jsonl about one optimiser step. */
export interface StepMetrics {
  readonly kind: "step";
  /** Optimiser steps done, from 1. */
  readonly step: number;
  readonly epoch: number;
  /** Sum of the losses of all stages. */
  readonly loss: number;
  /** Alignment loss of each stage, from the stimulus up. */
  readonly stageLosses: readonly number[];
  readonly topLoss: number;
  /** Mean spikes a neuron and time step, for each spiking stage, from the stimulus up. */
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
  readonly learningRate: number;
  readonly imagesPerSecond: number;
}

/** A line of metrics.jsonl about one epoch. */
export interface EpochMetrics {
  readonly kind: "epoch";
  readonly epoch: number;
  /** Optimiser steps done at its end. */
  readonly step: number;
  /** Fraction of held-out images decided rightly; null when none are held out. */
  readonly heldOutAccuracy: number | null;
  readonly trainLoss: number;
  /** Hamming similarity of the two networks' spikes, for each hidden stage. */
  readonly hamming?: readonly number[];
  /** The same with recall run for other samples: what chance gives. */
  readonly hammingShuffled?: readonly number[];
}

export type MetricLine = StepMetrics | EpochMetrics;

/** Number of the stage that stands first in each list of stages, for the legends. */
export interface FirstStages {
  readonly losses: number;
  readonly perception: number;
  readonly recall: number;
  readonly hamming: number;
}

/** Stage 1 holds the stimulus: it has a loss, recall spikes may reach it, perception spikes start at stage 2. */
export const firstStages: FirstStages = { losses: 1, perception: 2, recall: 1, hamming: 2 };

const width = 900;
const left = 70;
const plotWidth = 700;
const panelHeight = 210;
const titleHeight = 26;

/**
 * Learning curves as SVG, 900 pixels wide: held-out accuracy, losses (total, top and each stage), firing rates of each stage and,
 * where measured, Hamming similarity, stacked over one axis of optimiser steps. Panels without data are left out. More than 400 steps
 * are shown as means of equal runs of steps. Numbers that are not finite are gaps. Same lines, same bytes.
 *
 * @param lines metric lines in any order
 * @param first which stage each list of stages begins with
 * @throws BispikeError "data" when no line holds anything to draw
 * @example
 * writeFileSync("curves.svg", curvesPlot(lines));
 */
export function curvesPlot(lines: readonly MetricLine[], first: Partial<FirstStages> = {}): string {
  const panels = curvePanels(lines, { ...firstStages, ...first });
  if (panels.length === 0)
    throw new BispikeError(
      "data",
      "learning curves: expected metric lines of steps or epochs with finite numbers, got none",
    );
  const lastStep = lines.reduce((last, line) => Math.max(last, line.step), 1);
  const height = panels.length * (titleHeight + panelHeight) + 34;
  const parts = panels.map((panel, index) =>
    drawCurves(panel, index * (titleHeight + panelHeight) + 14, lastStep, index === panels.length - 1),
  );
  return page(width, height, "Learning curves", parts);
}

function drawCurves(panel: Panel, top: number, lastStep: number, withSteps: boolean): string {
  const svg = drawPanel(
    {
      width: left + plotWidth,
      height: panelHeight + (withSteps ? 20 : 0),
      marginLeft: left,
      marginRight: 10,
      marginTop: 8,
      marginBottom: withSteps ? 44 : 24,
      style: { fontSize: "12px" },
      x: {
        domain: [0, lastStep],
        label: withSteps ? "optimiser step" : null,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 38,
        ticks: 7,
      },
      y: {
        label: panel.axis,
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: 58,
        nice: true,
        ticks: 5,
        zero: panel.zero,
      },
      marks: [
        Plot.gridY({ stroke: "#ddd", strokeOpacity: 1, ticks: 5 }),
        ...panel.curves.map((curve) =>
          Plot.line(curve.points, {
            x: "step",
            y: "value",
            stroke: curve.colour,
            strokeWidth: curve.width,
            ...(curve.dashed ? { strokeDasharray: "5 3" } : {}),
          }),
        ),
        ...panel.curves
          .filter((curve) => curve.points.length <= 60 && panel.dots)
          .map((curve) => Plot.dot(curve.points, { x: "step", y: "value", r: 2.5, fill: curve.colour })),
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
