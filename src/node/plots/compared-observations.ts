/** What was observed of several cells' training, a line a cell, a panel a stage. */
import type { Observation } from "../../training/observation.ts";
import { type Curve, type Panel, withoutEmptyCurves } from "./curve-panel.ts";
import { stageColour } from "./curve-series.ts";
import { panelStack } from "./curves.ts";

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

type Read = (observation: Observation) => readonly (readonly [stage: number, value: number | null])[];

/** Curves of each stage, in the order of the stages. */
function stagesOf(cells: readonly ObservedCell[], read: Read): Map<number, Curve[]> {
  const found = new Set(cells.flatMap(({ runs }) => runs.flat().flatMap((line) => read(line).map(([stage]) => stage))));
  const stages = [...found].sort((a, b) => a - b);
  return new Map(stages.map((stage) => [stage, cells.map((cell, index) => curveOf(cell, index, stage, read))]));
}

/** Means over the runs that have a value at a step. */
function curveOf({ label, baseline, runs }: ObservedCell, index: number, stage: number, read: Read): Curve {
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
