/** Pictures of series: what is drawn, where rows are named, what is refused. */
import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { type SeriesFigure, seriesPlot } from "../../src/node/plots/series.ts";
import { svgToPng } from "../../src/node/plots/svg-to-png.ts";
import { type ReadPanel, readPanels } from "../support/read-figure.ts";

const parse = (svg: string) => new DOMParser().parseFromString(svg, "image/svg+xml");
const texts = (svg: string) => [...parse(svg).querySelectorAll("text")].map((element) => element.textContent);
const line = (values: readonly (number | null)[], label = "truth") => ({ label, colour: "#222222", values });
const figureOf = (...panels: (readonly (number | null)[])[]): SeriesFigure => ({
  title: "Loads <kW>",
  panels: panels.map((values, k) => ({ title: `column ${k}`, lines: [line(values), line([0, 1, 2, 3], "said")] })),
  rows: null,
  first: 100,
});
/** The path of each line. */
const paths = (svg: string) =>
  [...parse(svg).querySelectorAll('g[aria-label="line"] path')].map((element) => element.getAttribute("d") as string);

describe("seriesPlot", () => {
  it("draws a panel a column with all lines, titles, a legend and numbered rows", () => {
    const svg = seriesPlot(figureOf([1, 2, 4, 8], [5, 5, 5, 5]));
    expect(paths(svg)).toHaveLength(4);
    const shown = texts(svg);
    for (const wanted of ["Loads <kW>", "column 0", "column 1", "truth", "said", "100", "103"])
      expect(shown).toContain(wanted);
    expect(seriesPlot(figureOf([1, 2, 4, 8], [5, 5, 5, 5]))).toBe(svg);
    expect([...svgToPng(svg, 300).subarray(1, 4)]).toEqual([80, 78, 71]);
  });

  it("leaves gaps where there is no value, and names rows by their times", () => {
    const svg = seriesPlot({ ...figureOf([1, 2, null, 4, 5]), rows: ["mon", "tue", "wed", "thu", "fri"] });
    expect(paths(svg)[0]!.match(/M/g)).toHaveLength(2);
    // The last name stands under the last row.
    const [panel] = [...parse(svg).querySelectorAll('g[aria-label="x-axis tick label"] text')].slice(-1);
    expect(panel?.textContent).toBe("fri");
    const end = /L([\d.]+),[\d.]+$/.exec(paths(svg)[0]!)?.[1];
    expect(Number(/translate\(([\d.]+),/.exec(panel?.getAttribute("transform") ?? "")?.[1])).toBeCloseTo(
      Number(end),
      1,
    );
  });

  it("shows many rows as means of runs", () => {
    const svg = seriesPlot(figureOf(Array.from({ length: 4000 }, (_, n) => n % 7)));
    expect(texts(svg)).toContain("Loads <kW> (means of 3 rows)");
    expect(paths(svg)[0]!.split("L").length).toBe(Math.ceil(4000 / 3));
    // The mean of rows 0 to 2 stands at row 1, and that of the last alone at its own, 3999.
    const [{ x, element }] = readPanels(svg) as [ReadPanel];
    const ends = [/^M([\d.]+)/, /L([\d.]+),[\d.]+$/].map((end) =>
      Number(end.exec(element.querySelector('g[aria-label="line"] path')?.getAttribute("d") ?? "")?.[1]),
    );
    expect(ends.map((pixel) => Math.round(x(pixel) - 100))).toEqual([1, 3999]);
  });

  it("draws a single row, and refuses no columns and more than can be read", () => {
    expect(() => seriesPlot(figureOf([1]))).not.toThrow();
    for (const panels of [[], Array.from({ length: 13 }, () => [1, 2])])
      expect(() => seriesPlot(figureOf(...panels))).toThrow(BispikeError);
  });
});
