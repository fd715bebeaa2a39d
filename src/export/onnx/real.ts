/** A net of real numbers as an ONNX graph: y = f(Norm(pool(W x + b))) stage by stage, and the largest output decides. */
import { BispikeError } from "../../errors.ts";
import { ACTIVATION_CODES } from "../../network/real/real-layer.ts";
import type { RealModel } from "../../network/real/real-model.ts";
import type { Shape } from "../../network/shape.ts";
import { foldLayer } from "../folded.ts";
import { encodeModel } from "./encode.ts";
import { Graph, type Operator } from "./graph.ts";
import { descriptionOf, metadataOf } from "./metadata.ts";
import type { OnnxExport, OnnxExportOptions } from "./options.ts";
import { normalised } from "./stimulus.ts";
import { driveOf } from "./synapses.ts";

const OPERATORS: Readonly<Record<number, Operator>> = {
  [ACTIVATION_CODES.relu]: "Relu",
  [ACTIVATION_CODES.tanh]: "Tanh",
  [ACTIVATION_CODES.elu]: "Elu",
};

/** @throws BispikeError "usage" for spikes or single steps, which such nets have not */
export function realPerception(
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
