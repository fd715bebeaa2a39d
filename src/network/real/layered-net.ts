/**
 * A real-valued feed-forward net of the shapes a spiking one has: layers of real units and a read-out (a drive without neurons). Its tensors have the spiking net's names and orders.
 */
import type { Team } from "../../engine/team.ts";
import { initialise } from "../initialise.ts";
import { Layer } from "../layer.ts";
import { layerSlots, type Slot } from "../slots.ts";
import type { RealInput } from "../synapses.ts";
import { type Activation, RealLayer, realSynapses, type StageConnections } from "./real-layer.ts";

export interface LayeredNetOptions {
  /** What the first stage reads, [image][stride]: real values, channels last. */
  readonly input: RealInput;
  /** Connections of the hidden stages, from the input up, and last of the read-out. The first does not upsample. */
  readonly stages: readonly StageConnections[];
  /** Batch norm before the units. */
  readonly norm: boolean;
  /** What the hidden stages' units do. Default "relu". */
  readonly activation?: Activation;
  /** Names of the stages, in the order of `stages`; they name tensors and draw weights. Default `perception.stage2` and up. */
  readonly names?: readonly string[];
  readonly seed: number;
}

/**
 * @example
 * const net = new LayeredNet(team, {
 *   input, norm: true, seed: 1,
 *   stages: [{ kind: "conv", channels: 32, pool: true }, { kind: "linear", shape: flat(10) }],
 * });
 * net.forward(64, false); // logits: net.readout.features.view, net.readout.featureWidth floats a row
 */
export class LayeredNet {
  readonly team: Team;
  /** Connections of all stages, the read-out's last. */
  readonly stages: readonly StageConnections[];
  /** Stages 2 .. L - 1. */
  readonly hidden: readonly RealLayer[];
  /** Stage L. */
  readonly readout: Layer;

  /** Draws all weights from the seed. Throws a `shape` error where a convolution leaves no pixel. */
  constructor(team: Team, options: LayeredNetOptions) {
    const { input, stages, norm, activation = "relu", seed } = options;
    const names = options.names ?? stages.map((_, k) => `perception.stage${k + 2}`);
    const { maxImages } = input;
    this.team = team;
    this.stages = stages;
    const hidden: RealLayer[] = [];
    let source = input;
    for (const [k, connections] of stages.slice(0, -1).entries()) {
      const next = stages[k + 1]!;
      const upsampled = next.kind === "conv" && (next.upsample ?? false);
      const name = names[k]!;
      const layer = new RealLayer(team, { name, source, connections, norm, activation, upsampled, maxImages });
      hidden.push(layer);
      source = layer.output;
    }
    this.hidden = hidden;
    const synapses = realSynapses(team, source, stages.at(-1)!, false);
    this.readout = new Layer(team, { name: names.at(-1)!, synapses, maxImages, steps: 1 });
    for (const layer of this.layers) initialise(layer, seed);
  }

  get layers(): readonly (RealLayer | Layer)[] {
    return [...this.hidden, this.readout];
  }

  /** The read-out of the input's first `images` rows. Training uses and moves the batch statistics. */
  forward(images: number, train: boolean): void {
    for (const layer of this.hidden) layer.forward(images, train);
    this.readout.forward(images, { train, alike: !train });
  }

  /** Everything learned and the running statistics, with AdamW's moments where asked. */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const { name, group, synapses, norm } of this.layers) {
      yield* layerSlots({ name, group, bundles: [synapses], norm, channels: synapses.shape.channels }, optimiser);
    }
  }
}
