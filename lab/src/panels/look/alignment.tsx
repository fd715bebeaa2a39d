/** Do the weights down become the mirror of the weights up? A line a pair of stages, over the steps of training. */
import { type ReadonlySignal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { onThemeChange } from "../../draw/theme.ts";
import { usePoll } from "../../state/poll.ts";
import type { Run } from "../../state/run.ts";
import type { Alignment } from "../../worker/protocol-look.ts";
import type { TabProps } from "./inside.tsx";
import { Table } from "./parts.tsx";

/** Milliseconds between two measurements: all weights are read for one. */
const EVERY = 1000;
const MOST_POINTS = 1000;
const HEIGHT = 220;
/** Told apart by all eyes, in this order. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];

/** Measured for as long as the panel is open, whichever tab is shown. */
export function useAlignments(run: Run): ReadonlySignal<readonly Alignment[]> {
  const kept = useSignal<readonly Alignment[]>([]);
  const about = run.about.value;
  const newest = usePoll(run, "alignment", (api) => api.alignment(), { every: EVERY });
  useEffect(() => {
    kept.value = [];
  }, [about]);
  useEffect(() => {
    if (!newest) return;
    const before = kept.peek().filter(({ step }) => step < newest.step);
    const light = before.length < MOST_POINTS ? before : before.filter((_, k) => k % 2 === 0);
    kept.value = [...light, newest];
  }, [newest]);
  return kept;
}

export function AlignmentTab({ inside, alignments }: TabProps & { alignments: ReadonlySignal<readonly Alignment[]> }) {
  const names = useMemo(() => inside.joints.map(({ name }) => name), [inside]);
  if (!inside.aligns)
    return (
      <p class="note">
        This rule has no weights that go down from stage to stage, so there are none to hold against those that go up.
      </p>
    );
  const newest = alignments.value.at(-1);
  return (
    <>
      <p>
        1 means that the weights down are the exact mirror of the weights up, 0 that they have nothing to do with each
        other, as at the start: nobody copies them,{" "}
        {inside.recalls
          ? "they meet because the two networks learn from each other."
          : "so where they meet, it is by what the rule learns."}{" "}
        Measured while Look inside is open.
      </p>
      <Lines names={names} alignments={alignments} />
      {newest && (
        <Table
          summary="Alignment as a table"
          head={["between", "cosine", "by chance, give or take"]}
          rows={newest.joints.map(({ name, cosine, chance }) => [
            name,
            cosine === null ? "–" : cosine.toFixed(3),
            chance.toFixed(4),
          ])}
        />
      )}
    </>
  );
}

function Lines({ names, alignments }: { names: readonly string[]; alignments: ReadonlySignal<readonly Alignment[]> }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    plot.current = new uPlot(options(element.clientWidth, names), series(names, alignments.peek()), element);
    const observer = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const stop = onThemeChange(() => plot.current?.redraw(false));
    return () => {
      stop();
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [names, alignments]);
  useSignalEffect(() => {
    const { value } = alignments;
    plot.current?.setData(series(names, value));
  });
  return <div ref={place} class="curve" role="img" aria-label="Alignment of weights up and down over the steps" />;
}

function series(names: readonly string[], alignments: readonly Alignment[]): uPlot.AlignedData {
  return [
    alignments.map(({ step }) => step),
    ...names.map((name) => alignments.map(({ joints }) => joints.find((joint) => joint.name === name)?.cosine ?? null)),
  ];
}

function options(width: number, names: readonly string[]): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => getComputedStyle(document.body).color,
    grid: { stroke: "#8884" },
    ticks: { stroke: "#8884" },
  };
  const value = (_: uPlot, cosine: number | null) => (cosine === null ? "–" : cosine.toFixed(3));
  return {
    width,
    height: HEIGHT,
    scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(0.2, high ?? 0)] } },
    axes: [{ ...axis, label: "step" }, axis],
    series: [
      { label: "step" },
      ...names.map((label, k) => ({
        label,
        value,
        stroke: COLOURS[k % COLOURS.length]!,
        width: 2,
        points: { show: true, size: 5 },
      })),
    ],
  };
}
