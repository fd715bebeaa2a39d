/** What was observed of a run's training, drawn over its steps. */
import { BispikeError } from "../../errors.ts";
import type { Observation, ObservedSpikes } from "../../training/observer.ts";
import { panelStack, stageColour } from "./curves.ts";
import { type Curve, type Panel, withoutEmptyCurves } from "./page.ts";

/** What a curve shows of an observation; null where there is nothing. */
type Read = (observation: Observation) => number | null | undefined;

/**
 * SVG, 900 pixels wide, panels over one axis of optimiser steps: angles between the rule's and backprop's gradients, weights up against those down (beside what chance gives), Hamming
 * similarity with its control, effective rank, and dead and saturated units. Panels without data are left out. Same observations, same bytes.
 *
 * @throws BispikeError "data" when there is nothing to draw
 * @example
 * writeFileSync("observations.svg", observationsPlot(readObservations(file)));
 */
export function observationsPlot(observations: readonly Observation[]): string {
  const panels = observationPanels(observations)
    .map(withoutEmptyCurves)
    .filter(({ curves }) => curves.length > 0);
  if (panels.length === 0)
    throw new BispikeError("data", "plot of observations: expected observed steps with finite numbers, got none");
  return panelStack("Observations of training", panels);
}

const common = { zero: false, most: 1, log: false, dots: true } as const;

function observationPanels(lines: readonly Observation[]): Panel[] {
  const most = (list: "gradients" | "weights" | "stages") =>
    Array.from(lines.reduce<readonly object[]>((all, line) => (line[list].length > all.length ? line[list] : all), []));
  const each = (list: Parameters<typeof most>[0], make: (k: number) => Curve[]) =>
    most(list).flatMap((_, k) => make(k));
  const spikes = (name: string, key: keyof ObservedSpikes, dashed = false) =>
    each("stages", (k) => [
      curve(`${k + 2}, ${name}`, k + 2, lines, ({ stages }) => stages[k]?.perception[key], dashed),
    ]);
  const recalled = (key: keyof ObservedSpikes) =>
    each("stages", (k) => [
      curve(`recall ${k + 2}`, k + 2, lines, ({ stages }) => stages[k]?.recall?.[key] ?? null, true),
    ]);
  return [
    {
      ...common,
      title: "Angle between the rule's gradient and backprop's",
      axis: "degrees",
      zero: true,
      most: 180,
      curves: each("gradients", (k) => [
        curve(`stage ${k + 2}`, k + 2, lines, ({ gradients }) => gradients[k]?.degrees),
      ]),
    },
    {
      ...common,
      title: "Alignment of weights up with the transpose of those down",
      axis: "cosine",
      curves: each("weights", (k) => {
        const { between: [below, above] = [0, 0] } = lines.find(({ weights }) => weights[k])?.weights[k] ?? {};
        return [
          curve(`${below} - ${above}`, above, lines, ({ weights }) => weights[k]?.cosine),
          curve(`${below} - ${above}, chance`, above, lines, ({ weights }) => weights[k]?.chance, true),
        ];
      }),
    },
    {
      ...common,
      title: "Hamming similarity of perception's and recall's spikes",
      axis: "similarity",
      curves: each("stages", (k) => [
        curve(`stage ${k + 2}`, k + 2, lines, ({ stages }) => stages[k]?.hamming),
        curve(`${k + 2}, shuffled`, k + 2, lines, ({ stages }) => stages[k]?.hammingShuffled, true),
      ]),
    },
    {
      ...common,
      title: "Effective rank of firing rates, less each unit's mean",
      axis: "rank",
      zero: true,
      most: Number.POSITIVE_INFINITY,
      curves: [
        ...each("stages", (k) => [
          curve(`perception ${k + 2}`, k + 2, lines, ({ stages }) => stages[k]?.perception.centredRank),
        ]),
        ...recalled("centredRank"),
      ],
    },
    {
      ...common,
      title: "Dead and saturated units of perception",
      axis: "share",
      zero: true,
      curves: [...spikes("dead", "dead"), ...spikes("saturated", "saturated", true)],
    },
  ];
}

function curve(label: string, stage: number, lines: readonly Observation[], read: Read, dashed = false): Curve {
  const points = lines.map((line) => ({ step: line.step, value: read(line) ?? Number.NaN }));
  return { label, colour: stageColour(stage), dashed, width: dashed ? 1.2 : 1.8, points };
}

// What was observed of several cells' training, a line a cell, a panel a stage.

/** Runs that differ in their seed alone. */
export interface ObservedCell {
  readonly label: string;
  /** Drawn dark: what the others are held against. */
  readonly baseline: boolean;
  /** Observations of each run. */
  readonly runs: readonly (readonly Observation[])[];
}

/** Leaves the legend room for the names of cells. */
const PLOT_WIDTH = 590;
const LONGEST_LABEL = 30;
const COLOURS = 8;
const DARK = "#222222";

/**
 * Angles between the rules' gradients and backprop's, and alignments of weights up and down, over training: means over a cell's runs, a panel a stage. SVG, 900 pixels wide. Same
 * observations, same bytes.
 *
 * @returns undefined where there is nothing to draw
 * @example
 * comparedObservationsPlot("fashion-mnist", [{ label: "bsd", baseline: true, runs: [readObservations(file)] }]);
 */
export function comparedObservationsPlot(title: string, cells: readonly ObservedCell[]): string | undefined {
  const angles = stagesOf(cells, ({ gradients }) => gradients.map(({ stage, degrees }) => [stage, degrees]));
  const cosines = stagesOf(cells, ({ weights }) => weights.map(({ between: [below], cosine }) => [below, cosine]));
  const common = { most: 180, log: false, dots: true } as const;
  const panels: Panel[] = [
    ...[...angles].map(([stage, curves]) => ({
      ...{ ...common, curves, axis: "degrees", zero: true },
      title: `Angle to backprop's gradient, weights into stage ${stage}`,
    })),
    ...[...cosines].map(([below, curves]) => ({
      ...{ ...common, curves, axis: "cosine", zero: true, most: 1 },
      title: `Alignment of weights up with the transpose of those down, stages ${below} - ${below + 1}`,
    })),
  ];
  const drawn = panels.map(withoutEmptyCurves).filter(({ curves }) => curves.length > 0);
  return drawn.length === 0 ? undefined : panelStack(title, drawn, PLOT_WIDTH);
}

type ReadStages = (observation: Observation) => readonly (readonly [stage: number, value: number | null])[];

/** Curves of each stage, in the order of the stages. */
function stagesOf(cells: readonly ObservedCell[], read: ReadStages): Map<number, Curve[]> {
  const found = new Set(cells.flatMap(({ runs }) => runs.flat().flatMap((line) => read(line).map(([stage]) => stage))));
  const stages = [...found].sort((a, b) => a - b);
  return new Map(stages.map((stage) => [stage, cells.map((cell, index) => curveOf(cell, index, stage, read))]));
}

/** Means over the runs that have a value at a step. */
function curveOf({ label, baseline, runs }: ObservedCell, index: number, stage: number, read: ReadStages): Curve {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const line of runs.flat()) {
    const value = read(line).find(([own]) => own === stage)?.[1] ?? null;
    if (value === null) continue;
    const { sum, count } = sums.get(line.step) ?? { sum: 0, count: 0 };
    sums.set(line.step, { sum: sum + value, count: count + 1 });
  }
  const points = [...sums].sort(([a], [b]) => a - b).map(([step, { sum, count }]) => ({ step, value: sum / count }));
  return {
    label: label.length <= LONGEST_LABEL ? label : `${label.slice(0, LONGEST_LABEL - 1)}…`,
    colour: baseline ? DARK : stageColour(index + 1),
    dashed: index >= COLOURS,
    width: baseline ? 2.2 : 1.6,
    points,
  };
}
