/** Recall as an ONNX graph: from a class, or a concept's code, to the redrawn stimulus in pixels. */
import { recallScaling } from "../../measurement/recall.ts";
import type { Model } from "../../network/model.ts";
import { Graph } from "./graph.ts";
import { overSteps, type Signal } from "./neurons.ts";
import { graphSteps, type OnnxExport, type OnnxExportOptions } from "./options.ts";
import { finished, unitsOf } from "./perception.ts";
import { Stages, sizesOf } from "./stages.ts";
import { type ImageUnits, inPixels, unframed } from "./stimulus.ts";

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
  const drawn = stages.drive(pair.redrawn, { value: rates, held: true }, kind === "mlp" ? { shape: image } : {});
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
