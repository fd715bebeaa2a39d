/** What was observed of a run's training, drawn over its steps. */
import { BispikeError } from "../../errors.ts";
import type { Observation, ObservedSpikes } from "../../training/observation.ts";
import { type Curve, type Panel, withoutEmptyCurves } from "./curve-panel.ts";
import { stageColour } from "./curve-series.ts";
import { panelStack } from "./curves.ts";

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
