/** Perception as an ONNX graph: from pixels, or spikes, to the decision. */

import type { Model } from "../../network/model.ts";
import { CONCEPT_THRESHOLD } from "../../network/neuron.ts";
import { flat } from "../../network/shape.ts";
import type { TargetCode } from "../../network/target-codes.ts";
import { encodeModel } from "./encode.ts";
import { Graph } from "./graph.ts";
import { descriptionOf, metadataOf } from "./metadata.ts";
import { overSteps, type Signal } from "./neurons.ts";
import { graphSteps, type OnnxExport, type OnnxExportOptions } from "./options.ts";
import { Stages } from "./stages.ts";
import { givenSpikes, type ImageUnits, latencySpikes, normalised } from "./stimulus.ts";

/** How the model's images relate to its stimulus. */
export function unitsOf(model: Pick<Model, "data" | "frame" | "stimulusMean" | "stimulusScale">): ImageUnits {
  const { data, frame, stimulusMean, stimulusScale } = model;
  return { shape: data.shape, frame, mean: stimulusMean, deviation: stimulusScale };
}

/** Perception of a spiking pair; see `perceptionOnnx`. */
export function spikingPerception(model: Model, options: OnnxExportOptions): OnnxExport {
  const { pair } = model;
  const { mode = "unrolled", spikes = false } = options;
  const { steps, tau, threshold, image } = pair.options;
  const here = graphSteps(mode, steps);
  const stateful = mode === "step";
  const graph = new Graph("perception");
  const stimulus = stimulusOf(graph, model, here, stateful);
  const stages = new Stages(graph, { steps, graphSteps: here, stateful, spikes, tau });

  let signal = stimulus;
  for (const [k, layer] of pair.perception.slice(0, -1).entries())
    signal = stages.hidden(layer, signal, k === 0 ? { source: image } : {});
  const drive = stages.drive(pair.conceptDrive, signal, {});
  const conceptShape = flat(pair.target.width);
  const fired = stages.neurons("concept", drive, conceptShape, threshold.concept ?? CONCEPT_THRESHOLD, false);

  const sizes = [pair.target.width];
  const sums = { steps: here, sizes };
  const counts = overSteps(graph, fired, "sum", { ...sums, name: "concept.counts" });
  const mean = overSteps(graph, drive, "mean", { ...sums, name: "concept.drive" });
  const totals = stateful ? accumulated(stages, { counts, drive: mean }, sizes) : { counts, drive: mean };
  const { overlaps, drives, decision } = decided(graph, totals, pair.target);
  const classes = pair.target.classes;
  const far = stateful ? "of the steps so far" : "of all steps";
  graph.output(
    {
      name: "decision",
      element: "int64",
      dimensions: ["N"],
      about: `index of the class decided for, by the spikes ${far}`,
    },
    decision,
  );
  if (stateful) {
    const about =
      "spikes of the concept so far that lie on each class's code, over the root of the code's active neurons";
    graph.output({ name: "overlaps", element: "float", dimensions: ["N", classes], about }, overlaps);
  } else {
    const cosines = cosinesOf(graph, overlaps, counts, here);
    const about = "cosine of the concept's spikes with each class's spike train, 0 where the concept is silent";
    graph.output({ name: "cosines", element: "float", dimensions: ["N", classes], about }, cosines);
  }
  const drivesAbout = `projection of the concept's ${stateful ? "drive, summed over the steps so far," : "mean drive"} on each class's code; tells classes apart that tie by spikes`;
  graph.output({ name: "drives", element: "float", dimensions: ["N", classes], about: drivesAbout }, drives);
  stages.finish();
  return finished(graph, model, stages, options);
}

/** The file and what there is to know of it. */
export function finished(
  graph: Graph,
  model: Model,
  { states }: { readonly states: Readonly<Record<string, string>> },
  { mode = "unrolled", version, metadata: more }: OnnxExportOptions,
): OnnxExport {
  const network = graph.name as "perception" | "recall";
  const metadata = metadataOf(model, { network, mode, states, more });
  const description = descriptionOf(model, { network, mode });
  const bytes = encodeModel(graph, {
    description,
    metadata,
    ...(version === undefined ? {} : { producerVersion: version }),
  });
  return { bytes, inputs: graph.inputs, outputs: graph.outputs, states, metadata };
}

/** The concept's spikes and drive of the steps so far. */
function accumulated(stages: Stages, now: { counts: string; drive: string }, sizes: readonly number[]) {
  const { graph } = stages;
  const add = (name: string, value: string, what: string) => {
    const state = stages.state(`concept.${name}`, sizes, `${what} of the steps before; zeros at a sample's start`);
    const sum = graph.node("Add", [state.name, value], `concept.${name}.sum`);
    state.next(sum);
    return sum;
  };
  return {
    counts: add("counts", now.counts, "the concept's spikes"),
    drive: add("drives", now.drive, "the concept's drives, summed"),
  };
}

/** What the first synapses read: pixels are coded in the graph where that takes no random numbers. */
function stimulusOf(graph: Graph, model: Model, here: number, stateful: boolean): Signal {
  const { stimulus } = model.pair.options;
  const units = unitsOf(model);
  const { height, width, channels } = units.shape;
  const image = [channels, height, width];
  if (stimulus === "direct" || (stimulus === "latency" && !stateful)) {
    const about = "images, pixels from 0 (black) to 255; normalised within the graph";
    const pixels = graph.input({ name: "pixels", element: "float", dimensions: ["N", ...image], about });
    const values = normalised(graph, pixels, units);
    return stimulus === "direct" ? { value: values, held: true } : latencySpikes(graph, values, here);
  }
  const dimensions = stateful ? ["N", ...image] : ["N", here, ...image];
  const about = `spikes of the stimulus, 0 or 1${stateful ? ", at this step" : ", step by step"}: the ${stimulus} code of the images, which the graph does not make`;
  const spikes = graph.input({ name: "stimulus.spikes", element: "float", dimensions, about });
  // Of a sample that has one step the axis of steps is there and goes.
  if (!stateful && here === 1) {
    const value = graph.node("Reshape", [spikes, graph.wholes([-1, ...image])], "stimulus.rows");
    return givenSpikes(graph, value, units, 1);
  }
  return givenSpikes(graph, spikes, units, here);
}

interface Scores {
  /** Spikes of the concept on each class's code over the root of the code's active neurons, [N][classes]. */
  readonly overlaps: string;
  /** Projections of the concept's mean drive likewise, [N][classes]. */
  readonly drives: string;
  /** [N], int64. */
  readonly decision: string;
}

/**
 * The decision as operators: the class whose code has most spikes of the concept on it; of those that tie (all, where the concept is silent) the one with the largest projection of the mean
 * drive; then the first. See measurement/decide.ts.
 *
 * Takes the concept's spike counts and mean (or summed) drive, [N][width] each.
 */
function decided(graph: Graph, { counts, drive }: { counts: string; drive: string }, target: TargetCode): Scores {
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
function cosinesOf(graph: Graph, overlaps: string, counts: string, steps: number): string {
  const total = graph.node("ReduceSum", [counts, graph.wholes([1])], "concept.total", { keepdims: 1 });
  const some = graph.node("Max", [total, graph.scalar(1)], "concept.some");
  const length = graph.node(
    "Sqrt",
    [graph.node("Mul", [some, graph.scalar(steps)], "concept.squared")],
    "concept.length",
  );
  return graph.node("Div", [overlaps, length], "concept.cosines");
}
