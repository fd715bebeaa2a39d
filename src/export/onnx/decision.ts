/**
 * Decisions as operators: the class whose code has most spikes of the concept on it; of those that tie (all, where the concept is silent) the one with the largest projection of the mean
 * drive; then the first. See measurement/decide.ts.
 */
import type { TargetCode } from "../../coding/target.ts";
import type { Graph } from "./graph.ts";

export interface Scores {
  /** Spikes of the concept on each class's code over the root of the code's active neurons, [N][classes]. */
  readonly overlaps: string;
  /** Projections of the concept's mean drive likewise, [N][classes]. */
  readonly drives: string;
  /** [N], int64. */
  readonly decision: string;
}

/** From the concept's spike counts and mean (or summed) drive, [N][width] each. */
export function decided(
  graph: Graph,
  { counts, drive }: { counts: string; drive: string },
  target: TargetCode,
): Scores {
  const { classes, width, bits } = target;
  const columns = Float32Array.from(
    { length: width * classes },
    (_, i) => bits[(i % classes) * width + Math.floor(i / classes)]!,
  );
  const codes = graph.floats("concept.codes", [width, classes], columns);
  const active = Array.from({ length: classes }, (_, c) =>
    bits.subarray(c * width, (c + 1) * width).reduce((a, b) => a + b, 0),
  );
  const roots = graph.floats("concept.roots", [classes], active.map(Math.sqrt));
  const project = (value: string, name: string) =>
    graph.node("Div", [graph.node("MatMul", [value, codes], `${name}.sums`), roots], name);
  const overlaps = project(counts, "concept.overlaps");
  const drives = project(drive, "concept.projections");
  const most = graph.node("ReduceMax", [overlaps], "concept.most", { axes: [1], keepdims: 1 });
  const tied = graph.node("Equal", [overlaps, most], "concept.tied");
  const candidates = graph.node("Where", [tied, drives, graph.scalar(-3e38)], "concept.candidates");
  const decision = graph.node("ArgMax", [candidates], "concept.decision", { axis: 1, keepdims: 0 });
  return { overlaps, drives, decision };
}

/** cos of the concept's spikes over `steps` steps with each class's train: overlaps / sqrt(spikes T), 0 where the concept is silent. */
export function cosinesOf(graph: Graph, overlaps: string, counts: string, steps: number): string {
  const total = graph.node("ReduceSum", [counts, graph.wholes([1])], "concept.total", { keepdims: 1 });
  const some = graph.node("Max", [total, graph.scalar(1)], "concept.some");
  const length = graph.node(
    "Sqrt",
    [graph.node("Mul", [some, graph.scalar(steps)], "concept.squared")],
    "concept.length",
  );
  return graph.node("Div", [overlaps, length], "concept.cosines");
}
