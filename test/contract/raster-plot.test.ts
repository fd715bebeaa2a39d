import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { type RasterStage, rasterPlot } from "../../src/node/plots/raster.ts";

const parse = (svg: string) => new DOMParser().parseFromString(svg, "image/svg+xml");
const all = (svg: string, selector: string) => [...parse(svg).querySelectorAll(selector)];
const texts = (svg: string) => all(svg, "text").map((element) => element.textContent);
const panels = (svg: string) => all(svg, 'g[aria-label="panel"]').map((element) => element.outerHTML as string);

const stage = (
  name: string,
  neurons: number,
  steps: number,
  ...fired: [step: number, neuron: number][]
): RasterStage => {
  const spikes = new Uint8Array(steps * neurons);
  for (const [t, n] of fired) spikes[t * neurons + n] = 1;
  return { name, neurons, steps, spikes };
};
const marks = (panel: string) => all(panel, 'g[aria-label="line"] path').join("").match(/M/g)?.length ?? 0;

describe("rasterPlot", () => {
  const networks = [
    { name: "recall" as const, stages: [stage("stage 1", 30, 4), stage("stage 2", 20, 4, [1, 3])] },
    {
      name: "perception" as const,
      stages: [stage("stage 2", 20, 4, [0, 0], [3, 19]), stage("stage 3", 10, 4, [2, 5])],
    },
  ];

  it("draws a panel a stage and a mark a spike, perception left, concept on top", () => {
    const svg = rasterPlot({ title: "A <seven> & more", networks });
    const drawn = panels(svg).map((panel) => ({
      title: all(panel, "text")[0],
      svg: all(panel, "svg")[0],
      marks: marks(panel),
    }));
    const at = (index: number) => ({
      text: drawn[index]?.title?.textContent,
      x: Number(drawn[index]?.svg?.getAttribute("x")),
      y: Number(drawn[index]?.svg?.getAttribute("y")),
      marks: drawn[index]?.marks,
    });
    expect(drawn).toHaveLength(4);
    const [top, left, right, bottom] = [at(0), at(1), at(2), at(3)];
    expect([top, left, right, bottom].map(({ text, marks }) => [text, marks])).toEqual([
      ["stage 3: 10 neurons, rate 0.025", 1],
      ["stage 2: 20 neurons, rate 0.025", 2],
      ["stage 2: 20 neurons, rate 0.013", 1],
      ["stage 1: 30 neurons, rate 0.000", 0],
    ]);
    expect(left.y).toBe(right.y);
    expect([top.x < right.x, left.x < right.x, bottom.x === right.x]).toEqual([true, true, true]);
    expect([top.y < left.y, right.y < bottom.y]).toEqual([true, true]);
    expect(texts(svg)).toEqual(
      expect.arrayContaining(["A <seven> & more", "neuron", "time step", "Perception: stimulus to concept, upwards"]),
    );
  });

  it("draws each network in the colour of its heading, perception in blue and recall in vermilion", () => {
    const svg = rasterPlot({ networks });
    const heading = (start: string) =>
      all(svg, "text")
        .find(({ textContent }) => textContent?.startsWith(start))
        ?.getAttribute("fill");
    const strokes = panels(svg).map((panel) => all(panel, 'g[aria-label="line"]')[0]?.getAttribute("stroke"));
    expect([heading("Perception"), heading("Recall")]).toEqual(["#0072b2", "#d55e00"]);
    expect(strokes.slice(0, 3)).toEqual(["#0072b2", "#0072b2", "#d55e00"]);
  });

  it.each([
    [10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
    [16, [2, 4, 6, 8, 10, 12, 14, 16]],
    [30, [5, 10, 15, 20, 25, 30]],
    [100, [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]],
  ])("of %i steps names those at round distances", (steps, named) => {
    const svg = rasterPlot({ networks: [{ name: "perception", stages: [stage("s", 2, steps)] }] });
    const labels = all(svg, 'g[aria-label="x-axis tick label"] text').map(({ textContent }) => Number(textContent));
    expect(labels).toEqual(named);
  });

  it("puts a spike at its time and neuron", () => {
    const place = (time: number, neuron: number) => {
      const panel =
        panels(rasterPlot({ networks: [{ name: "perception", stages: [stage("s", 10, 4, [time, neuron])] }] }))[0] ??
        "";
      const [, x1, y, x2] =
        /M([\d.]+),([\d.]+)L([\d.]+),/.exec(all(panel, 'g[aria-label="line"]')[0]?.innerHTML ?? "") ?? [];
      return { x: (Number(x1) + Number(x2)) / 2, y: Number(y) };
    };
    const tick = (label: string, axis: "x" | "y") => {
      const panel = panels(rasterPlot({ networks: [{ name: "perception", stages: [stage("s", 10, 4)] }] }))[0] ?? "";
      const found = all(panel, `g[aria-label="${axis}-axis tick label"] text`).find(
        (element) => element.textContent === label,
      );
      const [, x, y] = /translate\(([\d.]+),([\d.]+)\)/.exec(found?.getAttribute("transform") ?? "") ?? [];
      return axis === "x" ? Number(x) : Number(y);
    };
    expect(place(0, 0).x).toBeCloseTo(tick("1", "x"), 2);
    expect(place(3, 0).x).toBeCloseTo(tick("4", "x"), 2);
    expect(place(0, 0).y).toBeCloseTo(tick("0", "y"), 2);
    expect(place(0, 9).y).toBeCloseTo(tick("9", "y"), 2);
  });

  it.each([
    [256, "256 neurons", 256],
    [257, "every 2nd of 257 neurons", 129],
    [700, "every 3rd of 700 neurons", 234],
    [1024, "every 4th of 1024 neurons", 256],
    [2900, "every 12th of 2900 neurons", 242],
    [5300, "every 21st of 5300 neurons", 253],
  ])("of %i neurons shows %s", (neurons, title, shown) => {
    const spikes = new Uint8Array(neurons).fill(1);
    const svg = rasterPlot({ networks: [{ name: "recall", stages: [{ name: "s", neurons, steps: 1, spikes }] }] });
    expect(texts(svg)).toContain(`s: ${title}, rate 1.000`);
    expect(marks(panels(svg)[0] ?? "")).toBe(shown);
  });

  it.each<[string, () => unknown]>([
    ["expected at least one stage", () => rasterPlot({ networks: [] })],
    ["each network once", () => rasterPlot({ networks: [networks[0]!, networks[0]!] })],
    [
      "perception: expected stages of different names",
      () => rasterPlot({ networks: [{ name: "perception", stages: [stage("s", 1, 1), stage("s", 1, 1)] }] }),
    ],
    [
      "recall: s: expected 2 x 3 = 6 spikes, got 5",
      () =>
        rasterPlot({
          networks: [{ name: "recall", stages: [{ name: "s", neurons: 3, steps: 2, spikes: new Uint8Array(5) }] }],
        }),
    ],
    [
      "expected spikes of 0 or 1, got 7 at 1",
      () =>
        rasterPlot({
          networks: [{ name: "recall", stages: [{ name: "s", neurons: 2, steps: 1, spikes: Uint8Array.of(0, 7) }] }],
        }),
    ],
    ["got 0 x 1", () => rasterPlot({ networks: [{ name: "recall", stages: [stage("s", 1, 0)] }] })],
  ])("refuses: %s", (message, call) => {
    expect(call).toThrow(BispikeError);
    expect(call).toThrow(message);
  });
});
