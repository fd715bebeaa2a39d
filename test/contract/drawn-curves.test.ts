/** Learning curves say what the metric lines say: every curve is read back by its panel's ticks and its legend. */
import { expect, it } from "vitest";
import { curvesPlot } from "../../src/node/plots/curves.ts";
import { parseFigure, readCurves, readPanels } from "../support/read-figure.ts";

type Lines = Parameters<typeof curvesPlot>[0];
const step = (n: number) => ({
  ...{ kind: "step", step: n, epoch: 1, loss: 4, stageLosses: [1, 2], topLoss: 0.5 },
  ...{ perceptionRates: [0.1, 0.2], recallRates: [0.3, 0.4], seconds: n },
});
const epoch = (figures: object) => ({ kind: "epoch", epoch: 1, step: 10, seconds: 1, ...figures });
const read = (...lines: object[]) =>
  Object.fromEntries(
    readPanels(curvesPlot(lines as unknown as Lines)).map((panel) => [panel.title, readCurves(panel)]),
  );
const values = (curves: ReturnType<typeof readCurves> = []) =>
  Object.fromEntries(curves.map(({ label, points }) => [label, points.map(([, y]) => y)]));

it("losses and rates of a step, by stage and network", () => {
  const panels = read(step(5), step(10));
  expect(values(panels.Loss)).toEqual({ "stage 1": [1, 1], "stage 2": [2, 2], top: [0.5, 0.5], total: [4, 4] });
  expect(values(panels["Firing rate"])).toEqual({
    "perception 2": [0.1, 0.1],
    "perception 3": [0.2, 0.2],
    "recall 2": [0.3, 0.3],
    "recall 3": [0.4, 0.4],
  });
  expect(panels.Loss?.[0]?.points.map(([x]) => x)).toEqual([5, 10]);
});

it("validation figures apart from those of training, which are dashed", () => {
  const measured = [
    ["Validation accuracy", { validationAccuracy: 0.75, trainAccuracy: 0.9 }, { validation: [75] }],
    ["Bits a character", { validationBits: 3, trainBits: 2 }, { validation: [3], training: [2] }],
    ["Mean squared error, standardised", { validationMse: 0.5, trainMse: 0.2 }, { validation: [0.5], training: [0.2] }],
  ] as const;
  for (const [title, figures, shown] of measured) {
    const curves = read(epoch(figures))[title];
    expect(values(curves)).toEqual(shown);
    for (const { label, dashed } of curves ?? []) expect(dashed, label).toBe(label === "training");
  }
});

it("perception's reconstructed images in perception's colour, recall's in recall's", () => {
  const [curves] = Object.values(read(epoch({ validationPerceptionMse: 0.05, validationRecallMse: 0.02 })));
  expect(curves).toEqual([
    { label: "perception", colour: "#0072b2", dashed: false, points: [[10, 0.05]] },
    { label: "recall", colour: "#d55e00", dashed: true, points: [[10, 0.02]] },
  ]);
});

it("similarity beside its control, which is dashed", () => {
  const figures = { hamming: [0.9, 0.8], hammingShuffled: [0.6, 0.5] };
  const curves = Object.values(read(epoch(figures)))[0]?.map(({ label, dashed, points }) => [
    label,
    dashed,
    points[0]?.[1],
  ]);
  expect(curves).toEqual([
    ["stage 2", false, 0.9],
    ["stage 3", false, 0.8],
    ["2, shuffled", true, 0.6],
    ["3, shuffled", true, 0.5],
  ]);
});

it("a run of steps stands at its last one", () => {
  const curves = read(...Array.from({ length: 800 }, (_, n) => step(n + 1)))["Loss (means of 2 steps)"];
  expect(curves?.[0]?.points.slice(0, 2).map(([x]) => x)).toEqual([2, 4]);
  expect(curves?.[0]?.points.at(-1)?.[0]).toBe(800);
});

it("dots of dashed lines are hollow", () => {
  const svg = curvesPlot([epoch({ validationBits: 3, trainBits: 2 })] as unknown as Lines);
  const dots = [...parseFigure(svg).querySelectorAll('g[aria-label="dot"]')].map((dot) => dot.getAttribute("fill"));
  expect(dots).toEqual(["#222222", "white"]);
});
