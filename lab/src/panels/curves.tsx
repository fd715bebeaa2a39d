/** Learning curves, by uPlot: accuracy of batches, smoothed, and on the held-out images; losses by stage. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { onThemeChange } from "../draw/theme.ts";
import type { Run } from "../state/run.ts";

/** Weight of the newest batch in the running mean. */
const SMOOTHING = 0.1;

export function AccuracyCurve({ run }: { run: Run }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    plot.current = new uPlot(options(element.clientWidth), [[], [], []], element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const stop = onThemeChange(() => plot.current?.redraw(false));
    return () => {
      stop();
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useSignalEffect(() => {
    void run.lineCount.value;
    const epochs = run.epochs.value;
    plot.current?.setData(series(run, epochs));
  });
  return (
    <section aria-label="Accuracy">
      <h2>Accuracy</h2>
      <div ref={place} class="curve" />
    </section>
  );
}

const HEIGHT = 180;

function options(width: number): uPlot.Options {
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
      { ...axis, values: (_, values) => values.map((value) => `${Math.round(100 * value)} %`) },
    ],
    series: [
      { label: "step" },
      { label: "batches", stroke: "#0072b2", width: 2, value: percent },
      {
        label: "held out",
        stroke: "#d55e00",
        width: 2,
        points: { show: true, size: 7 },
        spanGaps: true,
        value: percent,
      },
    ],
  };
}

const percent = (_: uPlot, value: number | null) => (value === null ? "–" : `${(100 * value).toFixed(2)} %`);

function series(run: Run, epochs: Run["epochs"]["value"]): uPlot.AlignedData {
  const held = new Map(epochs.map(({ step, heldOutAccuracy }) => [step, heldOutAccuracy]));
  const steps = run.lines.map(({ step }) => step);
  let mean: number | undefined;
  const batches = run.lines.map(({ accuracy }) => {
    mean = mean === undefined ? accuracy : mean + SMOOTHING * (accuracy - mean);
    return mean;
  });
  return [steps, batches, steps.map((step) => held.get(step) ?? null)];
}
