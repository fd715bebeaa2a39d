/** Pictures of accuracy against severity: a line a rule and its points, bars of deviation, axes shared by the panels; what is refused. */
import { DOMParser } from "linkedom";
import { expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { type SeveritiesFigure, severitiesPlot } from "../../src/node/plots/severities.ts";
import { svgToPng } from "../../src/node/plots/svg-to-png.ts";
import { type ReadPanel, readPanels } from "../support/read-figure.ts";

const parse = (svg: string) => new DOMParser().parseFromString(svg, "image/svg+xml");
const marks = (svg: string, name: string, shape: string) => [
  ...parse(svg).querySelectorAll(`g[aria-label="${name}"] ${shape}`),
];
const points = (means: readonly number[], std: number) => means.map((mean, x) => ({ x, mean, std }));
const FIGURE: SeveritiesFigure = {
  title: "rules <of> a kind",
  note: "3 seeds",
  axis: "accuracy (%)",
  lines: ["bsd", "backprop"],
  panels: [
    { title: "noise", lines: [points([97, 90, 70], 1), points([96, 95, 94], 0)] },
    { title: "blur", lines: [points([97, 20, 10], 2), []] },
  ],
};

it("draws a line and points a rule, and a bar where there is a deviation", () => {
  const svg = severitiesPlot(FIGURE);
  expect(marks(svg, "dot", "circle")).toHaveLength(9);
  expect(marks(svg, "line", "path")).toHaveLength(3);
  expect(marks(svg, "rule", "line")).toHaveLength(6);
  const texts = [...parse(svg).querySelectorAll("text")].map((element) => element.textContent);
  for (const wanted of ["rules <of> a kind", "3 seeds", "noise", "blur", "bsd", "backprop", "accuracy (%)", "severity"])
    expect(texts).toContain(wanted);
  // Both panels begin at 97, at the same height: their axes are of one extent.
  const heights = marks(svg, "dot", "circle").map((circle) => Number(circle.getAttribute("cy")));
  expect(heights[6]).toBe(heights[0]);
  expect(heights[2]).toBeGreaterThan(heights[1]!);
  expect(severitiesPlot(FIGURE)).toBe(svg);
  expect([...svgToPng(svg, 300).subarray(1, 4)]).toEqual([80, 78, 71]);
});

it("bars reach a deviation to either side, lines have their legend's colour, panels stand three a row", () => {
  const panels = ["a", "b", "c", "d"].map((title) => ({ title, lines: [points([90, 70], 5), points([60, 40], 0)] }));
  const svg = severitiesPlot({ ...FIGURE, panels });
  const read = readPanels(svg);
  const [{ element, y }] = read as [ReadPanel];
  const bar = element.querySelector('g[aria-label="rule"] line');
  expect(["y1", "y2"].map((end) => y(Number(bar?.getAttribute(end)))).sort()).toEqual([
    expect.closeTo(85, 1),
    expect.closeTo(95, 1),
  ]);
  const strokes = (lines: Iterable<Element>) => [...lines].map((line) => line.getAttribute("stroke"));
  const legend = strokes(marks(svg, "legend", "line"));
  expect(new Set(legend).size).toBe(2);
  for (const panel of read) expect(strokes(panel.element.querySelectorAll('g[aria-label="line"]'))).toEqual(legend);
  const places = read.map(({ element: { children } }) =>
    ["x", "y"].map((axis) => Number(children[1]?.getAttribute(axis))),
  );
  const [[left, top], , , [, below]] = places as [number[], number[], number[], number[]];
  expect(places.map(([x, height]) => [x === left, height === top])).toEqual([
    [true, true],
    [false, true],
    [false, true],
    [true, false],
  ]);
  expect(below).toBeGreaterThan(top!);
});

it("tells more lines than colours apart by dashes, cuts long names, and draws one value", () => {
  const lines = Array.from({ length: 9 }, (_, k) => `${"name ".repeat(30)}${k}`);
  const svg = severitiesPlot({ ...FIGURE, lines, panels: [{ title: "x", lines: lines.map(() => points([5], 0)) }] });
  expect(marks(svg, "legend", "line[stroke-dasharray]")).toHaveLength(2);
  expect(marks(svg, "legend", "text").every(({ textContent }) => textContent.length === 100)).toBe(true);
});

it("refuses figures that cannot be drawn", () => {
  for (const panels of [
    [],
    [{ title: "x", lines: [[], []] }],
    [{ title: "x", lines: [points([1], 0)] }],
    [{ title: "x", lines: [points([Number.NaN], 0), []] }],
  ])
    expect(() => severitiesPlot({ ...FIGURE, panels })).toThrow(BispikeError);
});
