/** Turns metric lines into the curves of each panel. */
import type { AnyMetricLine } from "../metrics-file.ts";
import type { FirstStages } from "./curves.ts";
import type { LegendEntry } from "./page.ts";

type StepLine = Extract<AnyMetricLine, { kind: "step" }>;
type EpochLine = Extract<AnyMetricLine, { kind: "epoch" }>;

export interface Curve extends LegendEntry {
  readonly colour: string;
  readonly dashed: boolean;
  readonly width: number;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

export interface Panel {
  readonly title: string;
  /** Title of the y axis. */
  readonly axis: string;
  readonly curves: readonly Curve[];
  /** The y axis starts at 0 (ignored when logarithmic). */
  readonly zero: boolean;
  /** No value can be larger. */
  readonly most: number;
  /** A logarithmic y axis, where all values allow it: the stages' losses would be flat lines under their sum. */
  readonly log: boolean;
  /** Mark each point: few, measured ones. */
  readonly dots: boolean;
}

/** Okabe and Ito's colours, told apart by colour-blind readers too; light yellow left out, black kept for totals. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7b5ea7", "#8c6d31"] as const;
const black = "#222222";
const mostPoints = 400;

/** A stage has the same colour in every panel. */
export const stageColour = (stage: number) => colours[(stage - 1) % colours.length] ?? black;

/** Panels that have something to draw, top to bottom. */
export function curvePanels(lines: readonly AnyMetricLine[], first: FirstStages): Panel[] {
  const byStep = (a: AnyMetricLine, b: AnyMetricLine) => a.step - b.step;
  const steps = lines.filter((line): line is StepLine => line.kind === "step").sort(byStep);
  const epochs = lines.filter((line): line is EpochLine => line.kind === "epoch").sort(byStep);
  const run = Math.ceil(steps.length / mostPoints);
  const means = run > 1 ? ` (means of ${run} steps)` : "";
  const panels: Panel[] = [
    {
      title: "Held-out accuracy",
      axis: "accuracy (%)",
      zero: false,
      most: 100,
      log: false,
      dots: true,
      curves: [curve("held out", black, epochs, (line) => 100 * figureOf(line, "heldOutAccuracy"), { width: 2 })],
    },
    {
      title: "Bits a character",
      axis: "bits",
      zero: false,
      most: Number.POSITIVE_INFINITY,
      log: false,
      dots: true,
      curves: [
        curve("held out", black, epochs, (line) => figureOf(line, "heldOutBits"), { width: 2 }),
        curve("training", "#888888", epochs, (line) => figureOf(line, "trainBits"), { dashed: true }),
      ],
    },
    {
      title: "Mean squared error, standardised",
      axis: "MSE",
      zero: false,
      most: Number.POSITIVE_INFINITY,
      log: true,
      dots: true,
      curves: [
        curve("held out", black, epochs, (line) => figureOf(line, "heldOutMse"), { width: 2 }),
        curve("training", "#888888", epochs, (line) => figureOf(line, "trainMse"), { dashed: true }),
      ],
    },
    {
      title: "Mean squared error of redrawn held-out images, pixels 0 to 1",
      axis: "MSE",
      zero: false,
      most: Number.POSITIVE_INFINITY,
      log: true,
      dots: true,
      curves: [
        curve("perception", colours[0], epochs, (line) => figureOf(line, "heldOutPerceptionMse"), { width: 2 }),
        curve("recall", colours[1], epochs, (line) => figureOf(line, "heldOutRecallMse"), { width: 2, dashed: true }),
      ],
    },
    {
      title: `Loss${means}`,
      axis: "loss",
      zero: true,
      most: Number.POSITIVE_INFINITY,
      log: true,
      dots: false,
      curves: [
        ...stages(
          steps,
          run,
          first.losses,
          (line) => line.stageLosses,
          (stage) => `stage ${stage}`,
        ),
        curve("top", "#888888", steps, (line) => line.topLoss, { run, dashed: true }),
        curve("total", black, steps, (line) => line.loss, { run, width: 2.2 }),
      ],
    },
    {
      title: `Firing rate${means}`,
      axis: "spikes / neuron / time step",
      zero: true,
      most: 1,
      log: false,
      dots: false,
      curves: [
        ...stages(
          steps,
          run,
          first.perception,
          (line) => line.perceptionRates,
          (stage) => `perception ${stage}`,
        ),
        ...stages(
          steps,
          run,
          first.recall,
          (line) => line.recallRates,
          (stage) => `recall ${stage}`,
          true,
        ),
      ],
    },
    {
      title: "Hamming similarity of perception's and recall's spikes",
      axis: "similarity",
      zero: false,
      most: 1,
      log: false,
      dots: true,
      curves: [
        ...stages(
          epochs,
          1,
          first.hamming,
          (line) => ("hamming" in line ? line.hamming : []),
          (stage) => `stage ${stage}`,
        ),
        ...stages(
          epochs,
          1,
          first.hamming,
          (line) => ("hammingShuffled" in line ? line.hammingShuffled : []),
          (stage) => `${stage}, shuffled`,
          true,
        ),
      ],
    },
  ];
  return panels.map(withoutEmptyCurves).filter((panel) => panel.curves.length > 0);
}

/** A figure that only some kinds of experiment have. */
function figureOf(line: EpochLine, name: string): number {
  return (line as unknown as Readonly<Record<string, number | null | undefined>>)[name] ?? Number.NaN;
}

/** Leaves curves without a finite value out, and a logarithmic axis where values have none. */
export function withoutEmptyCurves(panel: Panel): Panel {
  const curves = panel.curves.filter(({ points }) => points.some(({ value }) => Number.isFinite(value)));
  const values = finiteValues(curves);
  // Zero has no logarithm, and neither do extremes have room.
  return { ...panel, curves, log: panel.log && values.every((value) => value > 1e-12 && value < 1e12) };
}

/** One curve a stage; a stage has the same colour in every panel. */
function stages<L extends AnyMetricLine>(
  lines: readonly L[],
  run: number,
  first: number,
  values: (line: L) => readonly number[],
  label: (stage: number) => string,
  dashed = false,
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

const finiteValues = (curves: readonly Curve[]) =>
  curves.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite);

/** Least and largest of a panel's values. */
function rangeOf({ curves }: Panel): [low: number, high: number] {
  const values = finiteValues(curves);
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return [low, high];
}

/** Room around values that are all but equal, as a part of them: an axis without extent has one tick, of arbitrary digits. */
const MARGIN = 0.01;

/** Ends of a linear axis, apart from each other even where a panel has one value: a single epoch, or stages that are all silent. */
export function linearDomain(panel: Panel): [low: number, high: number] {
  const [least, high] = rangeOf(panel);
  const low = panel.zero ? Math.min(0, least) : least;
  const margin = MARGIN * Math.max(Math.abs(low), Math.abs(high)) || MARGIN;
  if (high - low >= margin / 10) return [low, high];
  // Nothing measured here is negative.
  return [Math.max(Math.min(0, low), low - margin), Math.min(Math.max(panel.most, high), high + margin)];
}

/**
 * Ticks of a logarithmic axis over a panel's values: 1, 2, 5, 10, ... or, over more than three decades, powers of ten.
 * The nearest tick outside is kept at either end, so that the axis never has fewer than two.
 */
export function logTicks(panel: Panel): number[] {
  const [low, high] = rangeOf(panel);
  const decades = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))] as const;
  const digits = decades[1] - decades[0] > 3 ? ["1"] : ["1", "2", "5"];
  const ticks: number[] = [];
  for (let power = decades[0]; power <= decades[1]; power++)
    ticks.push(...digits.map((digit) => Number(`${digit}e${power}`)));
  const start = ticks.findLastIndex((tick) => tick <= low);
  const end = ticks.findIndex((tick) => tick >= high);
  return ticks.slice(Math.max(0, start), end < 0 ? undefined : Math.max(end, start + 1) + 1);
}
