/** Perception of any model of images as an ONNX graph. */
import { BispikeError } from "../../errors.ts";
import { ACTIVATION_CODES } from "../../network/dense.ts";
import { type ImageModel, RealModel, spikingModel } from "../../network/model.ts";

import type { Shape } from "../../network/shape.ts";
import { foldLayer } from "../folded.ts";
import { encodeModel } from "./encode.ts";
import { Graph, type Operator } from "./graph.ts";
import { descriptionOf, metadataOf } from "./metadata.ts";
import type { OnnxExport, OnnxExportOptions } from "./options.ts";
import { spikingPerception } from "./perception.ts";
import { normalised } from "./stimulus.ts";
import { driveOf } from "./synapses.ts";

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
 *     drives           float [N, classes], projections of the concept's mean drive; outputs of a net of real numbers
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
  if (model instanceof RealModel) return realPerception(model, options);
  return spikingPerception(spikingModel(model, "ONNX export"), options);
}

const OPERATORS: Readonly<Record<number, Operator>> = {
  [ACTIVATION_CODES.relu]: "Relu",
  [ACTIVATION_CODES.tanh]: "Tanh",
  [ACTIVATION_CODES.elu]: "Elu",
};

/**
 * A net of real numbers: y = f(Norm(pool(W x + b))) stage by stage, and the largest output decides.
 *
 * @throws BispikeError "usage" for spikes or single steps, which such nets have not
 */
function realPerception(
  model: RealModel,
  { mode = "unrolled", spikes = false, version, metadata: more }: OnnxExportOptions,
): OnnxExport {
  if (mode !== "unrolled" || spikes) {
    const asked = spikes ? "spikes" : `mode ${mode}`;
    throw new BispikeError("usage", `ONNX: ${asked} of a net of real numbers: it has neither time steps nor spikes`);
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
