import { decode } from "fast-png";
import { DOMParser } from "linkedom";
import { describe, expect, it } from "vitest";
import { BispikeError } from "../../src/errors.ts";
import { curvesPlot } from "../../src/node/plots/curves.ts";
import { rasterPlot } from "../../src/node/plots/raster.ts";
import { canDrawText, svgToPng } from "../../src/node/plots/svg-to-png.ts";
import type { EpochMetrics, MetricLine, StepMetrics } from "../../src/training/metrics.ts";

const parse = (svg: string) => new DOMParser().parseFromString(svg, "image/svg+xml");
const all = (svg: string, selector: string) => [...parse(svg).querySelectorAll(selector)];
const texts = (svg: string) => all(svg, "text").map((element) => element.textContent);
const panels = (svg: string) => all(svg, 'g[aria-label="panel"]').map((element) => element.outerHTML as string);
const axisLabels = (panel = "") =>
  all(panel, 'g[aria-label="y-axis tick label"] text').map((element) => element.textContent ?? "");

const step = (n: number, change: Partial<StepMetrics> = {}): StepMetrics => ({
  kind: "step",
  step: n,
  epoch: 1,
  loss: 3 / n,
  stageLosses: [1 / n, 0.5 / n],
  topLoss: 1.5 / n,
  perceptionRates: [0.2, 0.1],
  recallRates: [0.3, 0.15],
  learningRate: 0.003,
  imagesPerSecond: 1000,
  seconds: n,
  ...change,
});
const epoch = (n: number, change: Partial<EpochMetrics> = {}): EpochMetrics => ({
  kind: "epoch",
  epoch: n,
  step: n * 10,
  validationAccuracy: 1 - 0.2 / n,
  trainLoss: 1,
  trainAccuracy: 0.9,
  hamming: [],
  hammingShuffled: [],
  rates: [],
  warnings: [],
  seconds: n * 10,
  ...change,
});
const run: MetricLine[] = [...Array.from({ length: 20 }, (_, i) => step(i + 1)), epoch(1), epoch(2)];

describe("curvesPlot", () => {
  it("stacks accuracy, loss and firing rate, with axis titles and a legend", () => {
    const svg = curvesPlot(run);
    expect(panels(svg)).toHaveLength(3);
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        "Validation accuracy",
        "Loss",
        "Firing rate",
        "accuracy (%)",
        "loss (log scale)",
        "spikes / neuron / time step",
        "optimiser step",
      ]),
    );
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        "validation",
        "stage 1",
        "stage 2",
        "top",
        "total",
        "perception 2",
        "perception 3",
        "recall 2",
        "recall 3",
      ]),
    );
    expect(all(panels(svg)[0] ?? "", 'g[aria-label="line"]')).toHaveLength(1);
    expect(all(panels(svg)[1] ?? "", 'g[aria-label="line"]')).toHaveLength(4);
    expect(all(panels(svg)[2] ?? "", 'g[aria-label="line"]')).toHaveLength(4);
    expect(all(panels(svg)[0] ?? "", "circle")).toHaveLength(2);
  });

  it("gives a stage one colour, and recall dashes", () => {
    const rates = panels(curvesPlot(run))[2] ?? "";
    const lines = all(rates, 'g[aria-label="line"]');
    const [perception2, perception3, recall2, recall3] = lines;
    expect(perception2?.getAttribute("stroke")).toBe(recall2?.getAttribute("stroke"));
    expect(perception3?.getAttribute("stroke")).toBe(recall3?.getAttribute("stroke"));
    expect(new Set(lines.map((line) => line.getAttribute("stroke"))).size).toBe(2);
    expect(lines.map((line) => line.getAttribute("stroke-dasharray"))).toEqual([null, null, "5 3", "5 3"]);
  });

  it("numbers stages as told", () => {
    expect(texts(curvesPlot(run, { losses: 2, recall: 3 }))).toEqual(
      expect.arrayContaining(["stage 3", "recall 4", "perception 2"]),
    );
  });

  it("adds Hamming similarity where measured", () => {
    const svg = curvesPlot([...run, epoch(3, { hamming: [0.9, 0.95], hammingShuffled: [0.8, 0.85] })]);
    expect(panels(svg)).toHaveLength(4);
    expect(texts(svg)).toEqual(expect.arrayContaining(["similarity", "stage 2", "2, shuffled"]));
  });

  it("leaves out panels without data", () => {
    expect(panels(curvesPlot([epoch(1, { validationAccuracy: null }), step(1)]))).toHaveLength(2);
    expect(panels(curvesPlot([epoch(1)]))).toHaveLength(1);
    expect(() => curvesPlot([])).toThrow(BispikeError);
    expect(() => curvesPlot([epoch(1, { validationAccuracy: null })])).toThrow("expected metric lines");
  });

  it("breaks a line at numbers that are not finite, and takes a linear axis for a loss of zero", () => {
    const svg = curvesPlot([step(1), step(2), step(3, { loss: Number.NaN }), step(4), step(5, { topLoss: 0 })]);
    const total = all(panels(svg)[0] ?? "", 'g[aria-label="line"]').at(-1);
    expect(total?.innerHTML.match(/M/g)).toHaveLength(2);
    expect(texts(svg)).toContain("loss");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("draws a single step, equal values and extreme ones without a broken number", () => {
    for (const lines of [
      [step(1)],
      [step(1), step(2, { loss: 3 })],
      [step(1, { loss: 1e300, topLoss: 5e-324 })],
      [step(1, { loss: 1, stageLosses: [1], topLoss: 1 })],
    ])
      expect(curvesPlot(lines)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("labels every tick of a logarithmic axis", () => {
    const lines = [step(1, { loss: 7, topLoss: 6.94, stageLosses: [0.06] }), step(2, { loss: 0.5, topLoss: 0.012 })];
    // From the nearest of 1, 2, 5, 10, ... below the least value to that above the largest.
    expect(axisLabels(panels(curvesPlot(lines))[0])).toEqual([
      "0.01",
      "0.02",
      "0.05",
      "0.1",
      "0.2",
      "0.5",
      "1",
      "2",
      "5",
      "10",
    ]);
  });

  it.each([
    ["one epoch's accuracy", [epoch(1, { validationAccuracy: 0.9265 })], 92.65, 100],
    ["equal accuracies of all", [epoch(1, { validationAccuracy: 1 }), epoch(2, { validationAccuracy: 1 })], 100, 100],
    ["an accuracy of none", [epoch(1, { validationAccuracy: 0 })], 0, 100],
    ["stages that are all silent", [step(1, { perceptionRates: [0, 0], recallRates: [0, 0] })], 0, 1],
    ["one similarity", [epoch(1, { validationAccuracy: null, hamming: [0.994] })], 0.994, 1],
  ])("gives an axis with round ticks around %s", (_, lines, value, most) => {
    const labels = axisLabels(panels(curvesPlot(lines)).at(-1));
    const ticks = labels.map(Number);
    expect(ticks.length).toBeGreaterThan(1);
    expect(Math.min(...ticks)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...ticks)).toBeLessThanOrEqual(most);
    expect(Math.min(...ticks.map((tick) => Math.abs(tick - value)))).toBeLessThan(0.02 * most);
    for (const label of labels) expect(label.length, label).toBeLessThanOrEqual(5);
  });

  it("thins long runs to means, and says so", () => {
    const svg = curvesPlot(Array.from({ length: 5000 }, (_, i) => step(i + 1)));
    expect(texts(svg)).toContain("Loss (means of 13 steps)");
    expect(svg.length).toBeLessThan(150_000);
  });

  it("draws a mean where the mean is", () => {
    const heights = (count: number, loss: (index: number) => number) => {
      const steps = Array.from({ length: count }, (_, i) =>
        step(i + 1, { loss: loss(i), stageLosses: [1], topLoss: 1 }),
      );
      const total = all(panels(curvesPlot(steps))[0] ?? "", 'g[aria-label="line"]').at(-1)?.innerHTML ?? "";
      return [...total.matchAll(/[ML][\d.]+,([\d.]+)/g)].map((match) => match[1]);
    };
    // 800 steps, in pairs of 1 and 3, stand where 400 steps of 2 do.
    expect(heights(800, (i) => (i % 2 === 0 ? 1 : 3))).toEqual(heights(400, () => 2));
  });
});

describe("figures as files", () => {
  const spikes = new Uint8Array(9000).fill(1, 0, 40);
  const raster = () =>
    rasterPlot({
      title: 'Quote " and \u0000 <b>',
      networks: [{ name: "recall", stages: [{ name: "<s>&", neurons: 300, steps: 30, spikes }] }],
    });
  it.each([
    ["curves", () => curvesPlot(run)],
    ["raster", raster],
  ])("%s: standalone, white, deterministic", (_, draw) => {
    const svg = draw();
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
    expect(all(svg, "svg > rect")[0]?.getAttribute("fill")).toBe("white");
    expect(svg).not.toMatch(/<style|<script|href|url\(|\0/);
    expect(draw()).toBe(svg);
    expect(svgToPng(svg, 300)).toEqual(svgToPng(svg, 300));
  });

  it("rasterises to the asked width, corners white, ink within", () => {
    const svg = curvesPlot(run);
    const png = decode(svgToPng(svg, 450));
    const height = Number(all(svg, "svg")[0]?.getAttribute("height"));
    expect([png.width, Math.abs(png.height - height / 2) <= 1]).toEqual([450, true]);
    expect([...png.data.slice(0, 4)]).toEqual([255, 255, 255, 255]);
    expect(png.data.some((value) => value < 60)).toBe(true);
  });

  it("knows when there is no font to draw text with", () => {
    expect(canDrawText({ fontFiles: [] })).toBe(false);
    const letters = `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text x="5" y="20">letters</text></svg>`;
    expect(decode(svgToPng(letters, 90, { fontFiles: [] })).data.every((value) => value === 255)).toBe(true);
    // With the machine's fonts the answer depends on the machine, but must agree with what is drawn.
    expect(decode(svgToPng(letters, 90)).data.some((value) => value < 200)).toBe(canDrawText());
  });

  it.each([[0], [1.5], [8193], [Number.NaN]])("refuses a width of %d", (width) => {
    expect(() => svgToPng("<svg/>", width)).toThrow("expected a width from 1 to 8192");
  });

  it("refuses what is not SVG", () => {
    expect(() => svgToPng("not a figure", 100)).toThrow(BispikeError);
  });
});
