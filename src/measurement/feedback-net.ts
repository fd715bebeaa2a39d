/**
 * The feedback net of counter-current learning and of BSD on real numbers, counted from its shapes alone: what a rule learns beside the net is in no checkpoint that is for use. Its inputs are the classes' one-hot
 * rows; its units are taken as active, which exponential linear and tanh ones are (of rectified ones about half would be 0). A sample is a class that runs down.
 */
import { feedbackConnections } from "../learning/real/feedback-net.ts";
import type { LayeredNet } from "../network/real/layered-net.ts";
import { flat, pixelsOf, type Shape, sizeOf } from "../network/shape.ts";
import { convConnections, sumOf } from "./connections.ts";
import { addFootprints, type Footprint, footprint } from "./footprint.ts";
import { addOperations, NO_OPERATIONS, type Operations } from "./operations.ts";

/** Of one run down. */
export interface FeedbackNet {
  readonly forward: Operations;
  /** Products of its weight gradients: one a connection whose input is not 0, as many as of the run itself. */
  readonly gradient: Operations;
  readonly footprint: Footprint;
}

/** The feedback net that rules ccl and bsd-ann learn beside a net. */
export function feedbackNet(net: LayeredNet): FeedbackNet {
  const image = net.layers[0]!.synapses.source.shape;
  const classes = sizeOf(net.readout.synapses.shape);
  const kind = net.stages[0]!.kind === "conv" ? "cnn" : "mlp";
  const hidden = net.hidden.map(({ shape }) => shape.channels);
  const norm = net.hidden.some((layer) => layer.norm.enabled);
  const stages = feedbackConnections({ kind, image, hidden });
  let inputs: Shape = flat(classes);
  let forward = NO_OPERATIONS;
  const footprints: Footprint[] = [];
  for (const [k, stage] of stages.entries()) {
    const normed = norm && k < stages.length - 1;
    let weights: number;
    let shape: Shape;
    let dense: number;
    if (stage.kind === "linear") {
      ({ shape } = stage);
      weights = sizeOf(inputs) * sizeOf(shape);
      dense = weights;
    } else {
      shape = { height: 2 * inputs.height, width: 2 * inputs.width, channels: stage.channels };
      weights = 9 * inputs.channels * stage.channels;
      const geometry = { up: 0, pool: 0, stride: 1, padding: 1, outHeight: shape.height, outWidth: shape.width };
      const seen = { ...shape, channels: inputs.channels };
      dense = sumOf(convConnections(new Float32Array(weights).fill(1), seen, geometry).all);
    }
    // The first stage reads a one-hot row: a single 1, hence additions.
    const operations = k === 0 ? { macs: 0, acs: dense / sizeOf(inputs), dense } : { macs: dense, acs: 0, dense };
    forward = addOperations(forward, operations);
    // A norm takes the bias's place, but for a plane of full connections, whose units have one each.
    const biases = stage.kind === "linear" && pixelsOf(shape) > 1 ? sizeOf(shape) : normed ? 0 : biasesOf(stage, shape);
    footprints.push(footprint(weights + biases + (normed ? 2 * shape.channels : 0), normed ? 2 * shape.channels : 0));
    inputs = shape;
  }
  return { forward, gradient: forward, footprint: addFootprints(footprints) };
}

function biasesOf(stage: { readonly kind: "linear" | "conv" }, shape: Shape): number {
  return stage.kind === "conv" ? shape.channels : sizeOf(shape);
}
