/** The curves of a followed run, by uPlot; they grow as its logs do. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { onThemeChange } from "../draw/theme.ts";
import type { Chart } from "../follow/curves.ts";
import { Follower } from "../follow/follower.ts";
import type { RunSource } from "../follow/source.ts";

/** Told apart by all eyes (Okabe and Ito), on light and dark. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#999999", "#b5a900"];
const HEIGHT = 160;

export function Followed({ source }: { source: RunSource }) {
  const follower = useMemo(() => new Follower(source), [source]);
  useEffect(() => () => follower.close(), [follower]);
  void follower.changes.value;
  const { curves } = follower;
  const charts = curves.charts();
  const failure = follower.failure.value;
  return (
    <div class="followed">
      {failure && (
        <p role="alert" class="failure">
          {failure}
        </p>
      )}
      <p>
        <strong>{source.name}</strong>: {curves.step === 0 ? "nothing written yet" : `step ${curves.step}`}
        {follower.finished.value
          ? ", done"
          : source.live
            ? ", followed live"
            : "; this browser shows it as it was when it was opened, open it again for what is new"}
      </p>
      <div class="charts">
        {charts.map((chart) => (
          <CurveChart key={chart.title} chart={chart} follower={follower} />
        ))}
      </div>
    </div>
  );
}

function CurveChart({ chart, follower }: { chart: Chart; follower: Follower }) {
  const { title, about, lines } = chart;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const names = [...lines.keys()].join();
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    plot.current = new uPlot(optionsOf(chart, element.clientWidth), dataOf(chart), element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const stop = onThemeChange(() => plot.current?.redraw(false));
    return () => {
      stop();
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
    // A line that is new needs a plot that has it.
  }, [names]);
  useSignalEffect(() => {
    void follower.changes.value;
    const now = follower.curves.charts().find((other) => other.title === title);
    if (now && plot.current && now.lines.size === plot.current.series.length - 1) plot.current.setData(dataOf(now));
  });
  return (
    <figure>
      <figcaption>
        <strong>{title}</strong> {about}
      </figcaption>
      <div ref={place} class="curve" />
    </figure>
  );
}

function optionsOf({ lines }: Chart, width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => getComputedStyle(document.body).color,
    grid: { stroke: "#8884" },
    ticks: { stroke: "#8884" },
  };
  return {
    width,
    height: HEIGHT,
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 60 }],
    series: [
      { label: "step" },
      ...[...lines.keys()].map((label, k) => ({
        label,
        stroke: COLOURS[k % COLOURS.length]!,
        width: 2,
        spanGaps: true,
        value: (_: uPlot, value: number | null) => (value === null ? "–" : value.toPrecision(4)),
      })),
    ],
  };
}

/** All lines over the union of their steps. */
function dataOf({ lines }: Chart): uPlot.AlignedData {
  return uPlot.join([...lines.values()].map(({ steps, values }) => [steps, values]));
}
