/** Curves of what was observed of training say what the observations say, in one run's figure and in that of a comparison. */
import { expect, it } from "vitest";
import { comparedObservationsPlot, observationsPlot } from "../../src/node/plots/observations.ts";
import type { Observation, ObservedSpikes } from "../../src/training/observer.ts";
import { readCurves, readPanels } from "../support/read-figure.ts";

const spikes = (dead: number, saturated: number, centredRank: number): ObservedSpikes => ({
  ...{ rate: 0.9, effectiveRank: 99, dead, saturated, centredRank },
});
const at = (step: number): Observation => ({
  ...{ step, epoch: 1, images: 4 },
  gradients: [
    { stage: 2, cosine: 0.5, degrees: 60 },
    { stage: 3, cosine: 0.9, degrees: 25 },
  ],
  weights: [
    { between: [1, 2], cosine: 0.4, chance: 0.1 },
    { between: [2, 3], cosine: 0.8, chance: 0.2 },
  ],
  stages: [
    { stage: 2, hamming: 0.9, hammingShuffled: 0.7, perception: spikes(0.1, 0.3, 5), recall: spikes(0.5, 0.6, 2) },
    { stage: 3, hamming: 0.8, hammingShuffled: 0.6, perception: spikes(0.2, 0.4, 4), recall: spikes(0.5, 0.6, 3) },
  ],
});
const shown = (panel: ReturnType<typeof readPanels>[number]) =>
  Object.fromEntries(readCurves(panel).map(({ label, points }) => [label, points.map(([, y]) => y)]));

it("of one run, stage by stage, with controls beside", () => {
  const panels = readPanels(observationsPlot([at(1), at(9)]));
  expect(panels.map(shown)).toEqual([
    { "stage 2": [60, 60], "stage 3": [25, 25] },
    { "1 - 2": [0.4, 0.4], "1 - 2, chance": [0.1, 0.1], "2 - 3": [0.8, 0.8], "2 - 3, chance": [0.2, 0.2] },
    { "stage 2": [0.9, 0.9], "2, shuffled": [0.7, 0.7], "stage 3": [0.8, 0.8], "3, shuffled": [0.6, 0.6] },
    { "perception 2": [5, 5], "perception 3": [4, 4], "recall 2": [2, 2], "recall 3": [3, 3] },
    { "2, dead": [0.1, 0.1], "3, dead": [0.2, 0.2], "2, saturated": [0.3, 0.3], "3, saturated": [0.4, 0.4] },
  ]);
  expect(readCurves(panels[0]!)[0]?.points.map(([x]) => x)).toEqual([1, 9]);
  // A stage has one colour in all panels; weights have that of the stage they go up to.
  const colours = panels.map((panel) => new Set(readCurves(panel).map(({ colour }) => colour)));
  for (const own of colours) expect([...own]).toEqual([...colours[0]!]);
});

it("of a comparison, a panel a stage, the baseline dark and alone in it", () => {
  const cells = ["a", "bsd", "b"].map((label) => ({ label, baseline: label === "bsd", runs: [[at(1)]] }));
  const panels = readPanels(comparedObservationsPlot("rules", cells)!);
  const [all] = panels.map(({ title }) => title.replace(/.*stages? /, ""));
  expect(all).toBe("2");
  expect(panels.map(shown)).toEqual([60, 25, 0.4, 0.8].map((value) => ({ a: [value], bsd: [value], b: [value] })));
  for (const panel of panels) {
    const colours = readCurves(panel).map(({ colour }) => colour);
    expect(new Set(colours).size).toBe(3);
    expect(colours.indexOf("#222222")).toBe(1);
  }
});
