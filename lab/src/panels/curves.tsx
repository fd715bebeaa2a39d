/** Learning curves, by uPlot: accuracy of batches, smoothed, and on the validation images; of two runs on the same axes. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { accuracies } from "../draw/accuracy.ts";
import { onThemeChange } from "../draw/theme.ts";
import type { Run } from "../state/run.ts";

const HEIGHT = 180;
/** Of batches and validation images; a run a row. The second run's lines are dashed, for eyes that see no colours. */
const COLOURS = [
  ["#0072b2", "#d55e00"],
  ["#009e73", "#cc79a7"],
] as const;

/** @param runs one, or two */
export function AccuracyCurve({ runs }: { runs: readonly Run[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const names = runs.map((run) => (runs.length > 1 ? (run.about.value?.config.rule.name ?? "run") : null));
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    plot.current = new uPlot(options(element.clientWidth, names), accuracies(runs), element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const stop = onThemeChange(() => plot.current?.redraw(false));
    return () => {
      stop();
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names.join()]);
  useSignalEffect(() => {
    for (const run of runs) void run.lineCount.value;
    for (const run of runs) void run.epochs.value;
    plot.current?.setData(accuracies(runs));
  });
  return (
    <section aria-label="Accuracy">
      <h2>Accuracy</h2>
      <div ref={place} class="curve" />
    </section>
  );
}

function options(width: number, names: readonly (string | null)[]): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => getComputedStyle(document.body).color,
    grid: { stroke: "#8884" },
    ticks: { stroke: "#8884" },
  };
  return {
    width,
    height: HEIGHT,
    scales: { x: { time: false }, y: { range: [0, 1] } },
    axes: [
      { ...axis, label: "step" },
      { ...axis, size: 60, values: (_, values) => values.map((value) => `${Math.round(100 * value)} %`) },
    ],
    series: [{ label: "step" }, ...names.flatMap((name, k) => lines(name, k))],
  };
}

/** @param name null for the only run */
function lines(name: string | null, k: number): uPlot.Series[] {
  const [batches, validation] = COLOURS[k % COLOURS.length]!;
  const line = { width: 2, spanGaps: true, value: percent, ...(k > 0 ? { dash: [6, 3] } : {}) };
  const label = (what: string) => (name === null ? what : `${k + 1} ${name}, ${what}`);
  return [
    { ...line, label: label("batches"), stroke: batches },
    { ...line, label: label("validation"), stroke: validation, points: { show: true, size: 7 } },
  ];
}

const percent = (_: uPlot, value: number | null) =>
  value === null || value === undefined ? "–" : `${(100 * value).toFixed(2)} %`;
