/**
 * The feedback net of counter-current learning and of non-spiking BSD, counted from its shapes alone: what a rule learns beside the net is in no checkpoint that is for use. Its inputs are the classes' one-hot
 * rows; its units are taken as active, which exponential linear and tanh ones are (of rectified ones about half would be 0). A sample is a class that runs down.
 */
import type { LayeredNet } from "../nets/layered-net.ts";
import { sizeOf } from "../nets/shape.ts";
import { inputShape, layerSize } from "../nets/spec.ts";
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
  let forward = NO_OPERATIONS;
  const footprints: Footprint[] = [];
  for (const layer of net.spec.recall.toReversed()) {
    const inputs = inputShape(net.spec, layer);
    const { shape } = layer;
    const { weights, biases, norms } = layerSize(layer, inputs);
    let dense = weights;
    if (layer.synapses.kind === "conv") {
      const geometry = { up: 0, pool: 0, stride: 1, padding: 1, outHeight: shape.height, outWidth: shape.width };
      const seen = { ...shape, channels: inputs.channels };
      dense = sumOf(convConnections(new Float32Array(weights).fill(1), seen, geometry).all);
    }
    // The first stage reads a one-hot row: a single 1, hence additions.
    const first = layer.from === "target";
    const operations = first ? { macs: 0, acs: dense / sizeOf(inputs), dense } : { macs: dense, acs: 0, dense };
    forward = addOperations(forward, operations);
    footprints.push(footprint(weights + biases + norms, norms));
  }
  return { forward, gradient: forward, footprint: addFootprints(footprints) };
}
