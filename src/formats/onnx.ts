/** What may be asked of an exported graph, and what comes back. */
import { BispikeError } from "../errors.ts";
import { recallScaling } from "../measure/recall.ts";

import { ACTIVATION_CODES } from "../nets/dense.ts";
import type { AnnModel, ImageModel, Model } from "../nets/model.ts";
import { CONCEPT_THRESHOLD } from "../nets/neuron.ts";
import { flat, type Shape } from "../nets/shape.ts";
import type { TargetCode } from "../nets/target-codes.ts";
import { foldLayer } from "./folded.ts";
import { encodeModel, Graph, type Operator, type Port } from "./onnx-graph.ts";
import { driveOf, overSteps, type Signal, Stages, sizesOf } from "./onnx-layers.ts";
import { givenSpikes, type ImageUnits, inPixels, latencySpikes, normalised, unframed } from "./onnx-pixels.ts";

/** What a file says of itself: for programs in pairs of text, for a person in a few sentences. */

export interface GraphFacts {
  readonly network: "perception" | "recall";
  readonly mode: OnnxMode;
  readonly states?: Readonly<Record<string, string>>;
  /** Pairs of whoever exports. */
  readonly more?: Readonly<Record<string, string>> | undefined;
}

/** Keys begin with "bispike."; lists and objects are JSON. */
export function metadataOf(
  model: ImageModel,
  { network, mode, states = {}, more }: GraphFacts,
): Record<string, string> {
  const { name, classNames, statistics } = model.data;
  const facts: Record<string, unknown> = { network, data: name, classes: classNames, pixels: statistics };
  if (model.spiking) {
    const { steps, tau, threshold, stimulus, target } = model.pair.options;
    const thresholds = { ...threshold, concept: threshold.concept ?? CONCEPT_THRESHOLD };
    Object.assign(facts, {
      mode,
      steps,
      tau,
      threshold: thresholds,
      comparison: ">=",
      reset: "to 0",
      stimulus,
      target,
      states,
    });
  } else facts.neurons = "real numbers";
  const own = Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      `bispike.${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return { ...more, ...own };
}

export function descriptionOf(model: ImageModel, { network, mode }: GraphFacts): string {
  const { name, classNames } = model.data;
  const what =
    network === "perception"
      ? `Perception: names the class of an image, one of ${classNames.length}`
      : "Recall: redraws the stimulus of a class";
  if (!model.spiking) return `${what} (${name}). A net of real numbers. Written by bispike.`;
  const { steps } = model.pair.options;
  const how =
    mode === "unrolled"
      ? `all ${steps} time steps in one run`
      : `one time step a run: give each output NAME.next as input NAME of the next, zeros at a sample's start, ${steps} runs a sample`;
  return `${what} (${name}). Leaky integrate-and-fire neurons with hard reset, ${how}; norm of evaluation folded into the weights. Written by bispike.`;
}

// Perception as an ONNX graph: from pixels, or spikes, to the decision.

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
 * drive; then the first. See measure/decide.ts.
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

/** All time steps in one run, or one time step a run with the membranes going in and out. */
export type OnnxMode = "unrolled" | "step";

/** How perception is written. */
export interface OnnxExportOptions {
  /** Default unrolled. */
  readonly mode?: OnnxMode;
  /** Also give every hidden stage's spikes, and the concept's. Default false. */
  readonly spikes?: boolean;
  /** Version of this package, for the file's header. */
  readonly version?: string;
  /** More pairs of text for programs, beside those the graph has of itself; their keys begin with something else than `bispike.`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A graph as a file's bytes, with what goes in and comes out. */
export interface OnnxExport {
  /** The file. */
  readonly bytes: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Of graphs of one step: each input that is state, and the output that is its next value. All start as zeros. */
  readonly states: Readonly<Record<string, string>>;
  /** What the file says of itself for programs. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Steps that are unrolled at most: each stage has some nodes a step. */
const MOST_UNROLLED = 256;

/** Steps a graph has. @throws BispikeError "usage" for more than can be unrolled */
export function graphSteps(mode: OnnxMode, steps: number): number {
  if (mode === "step") return 1;
  if (steps <= MOST_UNROLLED) return steps;
  throw new BispikeError(
    "usage",
    `ONNX: ${steps} time steps are too many to unroll (${MOST_UNROLLED} at most); export one step a run (mode step)`,
  );
}

// Perception of any model of images as an ONNX graph.

/**
 * The graph of a model's perception. Inputs, N images of C channels, H rows and W columns:
 *
 *     pixels           float [N, C, H, W], 0 to 255; normalised in the graph. Of a Poisson code, and of a latency code in single steps, instead
 *     stimulus.spikes  float [N, T, C, H, W], or [N, C, H, W] of a single step, 0 or 1
 *
 * and outputs:
 *
 *     decision         int64 [N], the class as `decide` has it
 *     cosines          float [N, classes], of the concept's spikes with each class's train (spiking nets)
 *     drives           float [N, classes], projections of the concept's mean drive; outputs of a non-spiking net
 *     stageK.spikes    uint8 [N, T, C, H, W] or [N, T, neurons], with `spikes`; also concept.spikes. Single steps: without the axis T
 *
 * One step a run (mode step): state goes in as `stageK.membrane`, `concept.membrane`, `concept.counts` and `concept.drives` and comes out as `<input>.next` (`states` lists them), zeros at a
 * sample's start; `decision`, `overlaps` and `drives` are of the steps so far, and after T runs `decision` is that of the whole sample.
 *
 * Spikes are the engine's but where a membrane lies within rounding of its threshold: runtimes add in other orders.
 *
 * @throws BispikeError "usage" for what the net does not have (spikes of real numbers), or more than 256 steps unrolled; "shape" for weights over 2 GiB
 * @example
 * writeFileSync("perception.onnx", perceptionOnnx(model, { spikes: true }).bytes);
 */
export function perceptionOnnx(model: ImageModel, options: OnnxExportOptions = {}): OnnxExport {
  return model.spiking ? spikingPerception(model, options) : annPerception(model, options);
}

const OPERATORS: Readonly<Record<number, Operator>> = {
  [ACTIVATION_CODES.relu]: "Relu",
  [ACTIVATION_CODES.tanh]: "Tanh",
  [ACTIVATION_CODES.elu]: "Elu",
};

/**
 * A non-spiking net: y = f(Norm(pool(W x + b))) stage by stage, and the largest output decides.
 *
 * @throws BispikeError "usage" for spikes or single steps, which such nets have not
 */
function annPerception(
  model: AnnModel,
  { mode = "unrolled", spikes = false, version, metadata: more }: OnnxExportOptions,
): OnnxExport {
  if (mode !== "unrolled" || spikes) {
    const asked = spikes ? "spikes" : `mode ${mode}`;
    throw new BispikeError("usage", `ONNX: ${asked} of a non-spiking net: it has neither time steps nor spikes`);
  }
  const { net, data, frame } = model;
  const { height, width, channels } = data.shape;
  const graph = new Graph("perception");
  const about = "images, pixels from 0 (black) to 255; normalised within the graph";
  const pixels = graph.input({ name: "pixels", element: "float", dimensions: ["N", channels, height, width], about });
  const units = { shape: data.shape, frame, mean: model.stimulusMean, deviation: model.stimulusScale };
  const image: Shape = { ...frame, channels };
  let value = normalised(graph, pixels, units);
  for (const [k, layer] of net.hidden.entries()) {
    const drive = driveOf(graph, foldLayer(layer, k === 0 ? { source: image } : {}), value);
    value = graph.node(OPERATORS[layer.activationCode]!, [drive], `${layer.name}.values`);
  }
  const logits = driveOf(graph, foldLayer(net.readout), value);
  const decision = graph.node("ArgMax", [logits], "largest", { axis: 1, keepdims: 0 });
  const classes = data.classNames.length;
  graph.output(
    { name: "decision", element: "int64", dimensions: ["N"], about: "index of the class of the largest output" },
    decision,
  );
  graph.output(
    { name: "drives", element: "float", dimensions: ["N", classes], about: "outputs of the classes, before a softmax" },
    logits,
  );
  const facts = { network: "perception", mode } as const;
  const metadata = metadataOf(model, { ...facts, more });
  const producer = version === undefined ? {} : { producerVersion: version };
  const bytes = encodeModel(graph, { description: descriptionOf(model, facts), metadata, ...producer });
  return { bytes, inputs: graph.inputs, outputs: graph.outputs, states: {}, metadata };
}

// Recall as an ONNX graph: from a class, or a concept's code, to the redrawn stimulus in pixels.

/** How recall is written. */
export interface OnnxRecallOptions extends OnnxExportOptions {
  /** What recall starts from: the index of a class, or the concept's spikes themselves (0 and 1 a neuron; values between are rates nobody trained). Default class. */
  readonly concept?: "class" | "code";
  /**
   * Mean training image of each class, as a checkpoint holds them: [class][height][width][channel], in units of pixel / 255. With them a graph of all steps that starts from a class also gives
   * `picture`, what `bispike recall` draws: recall learns by cosines, which leave a drawing's mean and scale free, so both are fitted, one gain a class.
   */
  readonly classMeans?: Float32Array;
}

/**
 * The graph of a pair's recall. Inputs: `class` int64 [N], or `code` float [N, neurons]. Outputs: `pixels` float [N, C, H, W], and `picture` likewise (see `classMeans`).
 * One step a run: `pixels` of the step, whose mean over the steps is the drawing, and membranes as inputs `stageK.membrane` and outputs `stageK.membrane.next`.
 *
 * @throws BispikeError "usage" where there is perception alone
 * @example
 * const { bytes } = recallOnnx(model, { classMeans: checkpoint.classMeans });
 */
export function recallOnnx(model: Model, options: OnnxRecallOptions = {}): OnnxExport {
  const { pair } = model;
  pair.assertRecalls();
  const { mode = "unrolled", spikes = false, concept = "class", classMeans } = options;
  const { steps, tau, image, kind } = pair.options;
  const here = graphSteps(mode, steps);
  const stateful = mode === "step";
  const graph = new Graph("recall");
  const source = conceptOf(graph, model, concept);
  const stages = new Stages(graph, { steps, graphSteps: here, stateful, spikes, tau });

  const code: Signal = { value: source.code, held: true };
  let signal = code;
  const broadcast = pair.options.recall === "broadcast";
  // Of stages that the concept drives by itself, the lowest alone leads to the stimulus; the others are there to be looked at.
  const way = broadcast && !spikes ? pair.recall.slice(1, 2) : pair.recall.slice(1);
  for (const layer of way.toReversed()) signal = stages.hidden(layer, broadcast ? code : signal, {});
  // A read-out has no neurons: the mean of its drives is the drive of the mean spikes, which takes one product.
  const sizes = sizesOf(pair.recall[1]!.synapses.shape);
  const rates = overSteps(graph, signal, "mean", { steps: here, sizes, name: "rates" });
  const drawn = stages.drive(pair.reconstructed, { value: rates, held: true }, kind === "mlp" ? { shape: image } : {});
  const units = unitsOf(model);
  const values = unframed(graph, plane(graph, drawn.value, units), units);
  const { height, width, channels } = units.shape;
  const dimensions = ["N", channels, height, width];
  const about = `the redrawn stimulus in units of pixels, 255 (mean + deviation value)${stateful ? ": of this step, its mean over the steps is the drawing" : ""}; recall leaves its scale free, so it is not bounded by 0 and 255`;
  graph.output({ name: "pixels", element: "float", dimensions, about }, inPixels(graph, values, units));
  if (classMeans && !stateful && source.index !== undefined) {
    const picture = pictureOf(graph, model, { values, index: source.index, classMeans });
    const drawnAs =
      "the picture bispike recall draws: mean and scale of the redrawn stimulus fitted to the class means, 0 to 255";
    graph.output({ name: "picture", element: "float", dimensions, about: drawnAs }, picture);
  }
  stages.finish();
  return finished(graph, model, stages, options);
}

/** A drawing of one pixel comes flat. */
function plane(graph: Graph, value: string, { frame, shape }: ImageUnits): string {
  if (frame.height * frame.width > 1) return value;
  return graph.node("Reshape", [value, graph.wholes([-1, shape.channels, 1, 1])], "redrawn.plane");
}

/** The concept's spikes, [N][neurons]. */
function conceptOf(graph: Graph, { pair }: Model, concept: "class" | "code"): { code: string; index?: string } {
  const { classes, width, bits } = pair.target;
  if (concept === "code") {
    const about = "spikes of the concept's neurons, 0 or 1, the same at every step";
    return { code: graph.input({ name: "code", element: "float", dimensions: ["N", width], about }) };
  }
  const about = `index of the class to recall, 0 to ${classes - 1}`;
  const index = graph.input({ name: "class", element: "int64", dimensions: ["N"], about });
  const codes = graph.floats("concept.codes", [classes, width], bits);
  return { code: graph.node("Gather", [codes, index], "concept.code", { axis: 0 }), index };
}

/** 255 (mean image + gain (drawing - mean drawing)), within 0 and 255. */
function pictureOf(
  graph: Graph,
  model: Model,
  { values, index, classMeans }: { values: string; index: string; classMeans: Float32Array },
): string {
  const { height, width, channels } = model.data.shape;
  const { meanDrawn, meanImage, gains } = recallScaling(model, classMeans);
  const image = (name: string, of: Float64Array, factor: number) =>
    graph.floats(
      name,
      [1, channels, height, width],
      Float32Array.from(of, (_, i) => {
        const pixels = height * width;
        return factor * of[(i % pixels) * channels + Math.floor(i / pixels)]!;
      }),
    );
  const deviation = graph.floats("picture.deviation", [1, channels, 1, 1], model.stimulusScale);
  const drawing = graph.node("Mul", [values, deviation], "picture.drawing");
  const centred = graph.node("Sub", [drawing, image("picture.mean.drawing", meanDrawn, 1)], "picture.centred");
  const factors = graph.floats(
    "picture.gains",
    [gains.length, 1, 1, 1],
    Float32Array.from(gains, (gain) => 255 * gain),
  );
  const gain = graph.node("Gather", [factors, index], "picture.gain", { axis: 0 });
  const scaled = graph.node("Mul", [centred, gain], "picture.scaled");
  const shifted = graph.node("Add", [scaled, image("picture.mean.image", meanImage, 255)], "picture.shifted");
  return graph.node("Clip", [shifted, graph.scalar(0), graph.scalar(255)], "picture.bounded");
}
