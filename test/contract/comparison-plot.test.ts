/** Pictures of comparisons: a point a run, a bar at each mean, names that fit; what is refused. */
import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { type ComparisonFigure, comparisonPlot } from "../../src/node/plots/comparison.ts";
import { svgToPng } from "../../src/node/plots/svg-to-png.ts";
import { type ReadPanel, readPanels } from "../support/read-figure.ts";

const parse = (svg: string) => new DOMParser().parseFromString(svg, "image/svg+xml");
const texts = (svg: string) => [...parse(svg).querySelectorAll("text")].map((element) => element.textContent);
const marks = (svg: string, name: string, shape: string) => [
  ...parse(svg).querySelectorAll(`g[aria-label="${name}"] ${shape}`),
];
const FIGURE: ComparisonFigure = {
  title: "rules <of> a kind",
  note: "rule.name",
  rows: ["bsd", "backprop", "none yet"],
  baselines: [0],
  panels: [
    { title: "test accuracy (%)", values: [[97, 97.2, 97.3], [96.1, 95.9], []] },
    { title: "bits", values: [[2, 2.1, 2.2], [2, 2], []] },
  ],
};

describe("comparisonPlot", () => {
  it("draws a point a run and a bar at each mean, the baseline dark", () => {
    const svg = comparisonPlot(FIGURE);
    expect(marks(svg, "dot", "circle")).toHaveLength(10);
    expect(marks(svg, "tick", "line")).toHaveLength(4);
    const strokes = marks(svg, "tick", "line").map((line) => line.getAttribute("stroke"));
    expect(strokes[0]).toBe("#222222");
    expect(strokes[1]).not.toBe("#222222");
    for (const wanted of ["rules <of> a kind", "bsd", "backprop", "none yet", "test accuracy (%)", "bits"])
      expect(texts(svg)).toContain(wanted);
    expect(comparisonPlot(FIGURE)).toBe(svg);
    expect([...svgToPng(svg, 300).subarray(1, 4)]).toEqual([80, 78, 71]);
    const fills = marks(svg, "dot", "circle").map((dot) => dot.getAttribute("fill"));
    const own = marks(svg, "dot", "circle").map((dot) => dot.getAttribute("stroke"));
    expect(fills).toEqual(own);
    expect(fills.map((fill) => fill === "#222222")).toEqual([3, 2, 3, 2].flatMap((n, k) => Array(n).fill(k % 2 === 0)));
    // By the axis's numbers: the mean of 97, 97.2 and 97.3, and that of 96.1 and 95.9.
    const [accuracy, bits] = readPanels(svg);
    const means = (panel: ReadPanel) =>
      [...panel.element.querySelectorAll('g[aria-label="tick"] line')].map((bar) =>
        panel.x(Number(bar.getAttribute("x1"))),
      );
    for (const [k, mean] of [291.5 / 3, 96].entries()) expect(means(accuracy!)[k]).toBeCloseTo(mean, 2);
    for (const [k, mean] of [2.1, 2].entries()) expect(means(bits!)[k]).toBeCloseTo(mean, 3);
  });

  it("draws a single value, and rows whose long names are cut alike", () => {
    const rows = [`${"a".repeat(80)} 1`, `${"a".repeat(80)} 2`];
    const svg = comparisonPlot({ ...FIGURE, rows, panels: [{ title: "x", values: [[5], [5]] }] });
    expect(marks(svg, "dot", "circle")).toHaveLength(2);
    const heights = marks(svg, "dot", "circle").map((circle) => circle.getAttribute("cy"));
    expect(new Set(heights).size, "two rows").toBe(2);
    expect(texts(svg)).toContain(`${"a".repeat(43)}…`);
  });

  it("refuses figures that cannot be drawn", () => {
    for (const panels of [
      [],
      [{ title: "x", values: [[1]] }],
      [{ title: "x", values: [[], [], []] }],
      [{ title: "x", values: [[Number.NaN], [], []] }],
    ])
      expect(() => comparisonPlot({ ...FIGURE, panels })).toThrow(BispikeError);
  });
});
