/** Turns metric lines into the curves of each panel. */
import type { AnyMetricLine } from "../metrics-file.ts";
import { type Curve, type Panel, withoutEmptyCurves } from "./curve-panel.ts";
import type { FirstStages } from "./curves.ts";

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
