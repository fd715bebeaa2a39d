/** Learning curves from a run's metrics. */
import * as Plot from "@observablehq/plot";
import { BispikeError } from "../../errors.ts";
import type { AnyMetricLine } from "../run-folder.ts";
import { type Curve, legend, linearDomain, logTicks, type Panel, page, text, withoutEmptyCurves } from "./page.ts";
import { drawPanel } from "./panel.ts";

type StepLine = Extract<AnyMetricLine, { kind: "step" }>;
type EpochLine = Extract<AnyMetricLine, { kind: "epoch" }>;

/** Okabe and Ito's colours, told apart by colour-blind readers too; light yellow left out, black kept for totals. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7b5ea7", "#8c6d31"] as const;
const black = "#222222";
const grey = "#888888";
const mostPoints = 400;

/** A stage has the same colour in every panel. */
export const stageColour = (stage: number) => colours[(stage - 1) % colours.length] ?? black;

/** Panels that have something to draw, top to bottom. */
export function curvePanels(lines: readonly AnyMetricLine[], first: FirstStages): Panel[] {
  const byStep = (a: AnyMetricLine, b: AnyMetricLine) => a.step - b.step;
  const steps = lines.filter((line): line is StepLine => line.kind === "step").sort(byStep);
  const epochs = lines.filter((line): line is EpochLine => line.kind === "epoch").sort(byStep);
  const panels = [...scorePanels(epochs), ...stepPanels(steps, first), similarityPanel(epochs, first)];
  return panels.map(withoutEmptyCurves).filter((panel) => panel.curves.length > 0);
}

/** Measured points on a linear axis without end, but for what is told otherwise. */
function panel(
  title: string,
  axis: string,
  curves: readonly Curve[],
  { zero = false, most = Number.POSITIVE_INFINITY, log = false, dots = true }: Partial<Panel> = {},
): Panel {
  return { title, axis, zero, most, log, dots, curves };
}

/** How well a net does, epoch by epoch; each kind of experiment has some of them. */
function scorePanels(epochs: readonly EpochLine[]): Panel[] {
  const validation = (value: (line: EpochLine) => number) => curve("validation", black, epochs, value, { width: 2 });
  const training = (name: string) => curve("training", grey, epochs, (line) => figureOf(line, name), { dashed: true });
  const reconstructed = (label: string, colour: string, name: string, dashed = false) =>
    curve(label, colour, epochs, (line) => figureOf(line, name), { width: 2, dashed });
  return [
    panel("Validation accuracy", "accuracy (%)", [validation((line) => 100 * figureOf(line, "validationAccuracy"))], {
      most: 100,
    }),
    panel("Bits a character", "bits", [validation((line) => figureOf(line, "validationBits")), training("trainBits")]),
    panel(
      "Mean squared error, standardised",
      "MSE",
      [validation((line) => figureOf(line, "validationMse")), training("trainMse")],
      { log: true },
    ),
    panel(
      "Mean squared error of reconstructed validation images, pixels 0 to 1",
      "MSE",
      [
        reconstructed("perception", colours[0], "validationPerceptionMse"),
        reconstructed("recall", colours[1], "validationRecallMse", true),
      ],
      { log: true },
    ),
  ];
}

/** Losses and firing rates, step by step, or as means of some steps each. */
function stepPanels(steps: readonly StepLine[], first: FirstStages): Panel[] {
  const run = Math.ceil(steps.length / mostPoints);
  const means = run > 1 ? ` (means of ${run} steps)` : "";
  const losses = { values: (line: StepLine) => line.stageLosses, label: (stage: number) => `stage ${stage}` };
  const perception = { values: (line: StepLine) => line.perceptionRates, label: (k: number) => `perception ${k}` };
  const recall = { values: (line: StepLine) => line.recallRates, label: (k: number) => `recall ${k}`, dashed: true };
  return [
    panel(
      `Loss${means}`,
      "loss",
      [
        ...stages(steps, first.losses, { run, ...losses }),
        curve("top", grey, steps, (line) => line.topLoss, { run, dashed: true }),
        curve("total", black, steps, (line) => line.loss, { run, width: 2.2 }),
      ],
      { zero: true, log: true, dots: false },
    ),
    panel(
      `Firing rate${means}`,
      "spikes / neuron / time step",
      [...stages(steps, first.perception, { run, ...perception }), ...stages(steps, first.recall, { run, ...recall })],
      { zero: true, most: 1, dots: false },
    ),
  ];
}

function similarityPanel(epochs: readonly EpochLine[], first: FirstStages): Panel {
  const own = stages(epochs, first.hamming, {
    values: (line) => ("hamming" in line ? line.hamming : []),
    label: (stage) => `stage ${stage}`,
  });
  const shuffled = stages(epochs, first.hamming, {
    values: (line) => ("hammingShuffled" in line ? line.hammingShuffled : []),
    label: (stage) => `${stage}, shuffled`,
    dashed: true,
  });
  const title = "Hamming similarity of perception's and recall's spikes";
  return panel(title, "similarity", [...own, ...shuffled], { most: 1 });
}

/** A figure that only some kinds of experiment have. */
function figureOf(line: EpochLine, name: string): number {
  return (line as unknown as Readonly<Record<string, number | null | undefined>>)[name] ?? Number.NaN;
}

/** What of each line is drawn, a curve a stage. */
interface StageCurves<L> {
  readonly values: (line: L) => readonly number[];
  /** Of a stage's number. */
  readonly label: (stage: number) => string;
  /** Lines a point; see `curve`. Default 1. */
  readonly run?: number;
  /** Default false. */
  readonly dashed?: boolean;
}

/** One curve a stage, the first of number `first`; a stage has the same colour in every panel. */
function stages<L extends AnyMetricLine>(
  lines: readonly L[],
  first: number,
  { values, label, run = 1, dashed = false }: StageCurves<L>,
): Curve[] {
  const count = lines.reduce((most, line) => Math.max(most, values(line).length), 0);
  return Array.from({ length: count }, (_, index) =>
    curve(label(first + index), stageColour(first + index), lines, (line) => values(line)[index] ?? Number.NaN, {
      run,
      dashed,
    }),
  );
}

/** A curve through `run` lines at a time: their mean value at the last one's step. */
function curve<L extends AnyMetricLine>(
  label: string,
  colour: string,
  lines: readonly L[],
  value: (line: L) => number,
  { run = 1, dashed = false, width = 1.5 } = {},
): Curve {
  const points: { step: number; value: number }[] = [];
  for (let start = 0; start < lines.length; start += run) {
    const group = lines.slice(start, start + run);
    const sum = group.reduce((total, line) => total + value(line), 0);
    points.push({ step: group.at(-1)?.step ?? 0, value: sum / group.length });
  }
  return { label, colour, dashed, width, points };
}

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
