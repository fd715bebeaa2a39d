/** Starting values: weights and biases uniform within 1 / sqrt(fan-in), norm scale 1 and shift 0 (PyTorch's defaults, as the prototypes had). */
import { RandomStream } from "../engine/random.ts";
import type { ParameterGroup } from "./parameters.ts";
import type { Synapses } from "./synapses.ts";

/** What is drawn at the start: the parameters of one bundle of synapses. */
export interface Drawn {
  readonly name: string;
  readonly synapses: Pick<Synapses, "fanIn" | "blocks" | "plainShape" | "pack">;
  readonly group: ParameterGroup;
}

/** Draws a layer's weights and biases, within `bound` if given; each layer has its own stream, so a layer's start does not depend on the others' sizes. */
export function initialise(layer: Drawn, seed: number, bound = 1 / Math.sqrt(layer.synapses.fanIn)): void {
  const { synapses, group } = layer;
  for (const block of Object.keys(synapses.blocks)) {
    const plain = new Float32Array(synapses.plainShape(block).reduce((a, b) => a * b, 1));
    new RandomStream(seed, `init ${layer.name}.${block}`).fillUniform(plain, -bound, bound);
    synapses.pack(block, plain, group.view(block));
  }
}
