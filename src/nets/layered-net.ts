/**
 * A non-spiking feed-forward net of the shapes a spiking one has: layers of real units and a read-out (a drive without neurons). Its tensors have the spiking net's names and orders.
 */
import type { Team } from "../engine/team.ts";
import { buildSynapses } from "./build.ts";
import { AnnLayer } from "./dense.ts";
import { Layer } from "./layer.ts";
import { initialise, type Slot } from "./parameters.ts";
import { type Activation, type LayerSpec, layerName, type PairSpec, type Side } from "./spec.ts";
import type { RealInput } from "./synapses.ts";

export interface LayeredNetOptions {
  /** What the first layer reads, [image][stride]: real values, channels last. */
  readonly input: RealInput;
  readonly spec: PairSpec;
  /** Which of the spec's networks. Default perception. */
  readonly side?: Side;
  readonly seed: number;
}

/**
 * @example
 * const connections = [{ kind: "conv", channels: 32, pool: true }, { kind: "linear", shape: flat(10) }] as const;
 * const net = new LayeredNet(team, { input, spec: realSpec(input.shape, connections, { norm: true }), seed: 1 });
 * net.forward(64, false); // logits: net.readout.features.view, net.readout.featureWidth floats a row
 */
export class LayeredNet {
  readonly team: Team;
  readonly spec: PairSpec;
  /** What its layers are in the order values go through them, the read-out last. */
  readonly specs: readonly LayerSpec[];
  /** Stages 2 .. L - 1. */
  readonly hidden: readonly AnnLayer[];
  /** Stage L. */
  readonly readout: Layer;

  /** Draws all weights from the seed. Throws a `shape` error where a convolution leaves no pixel. */
  constructor(team: Team, options: LayeredNetOptions) {
    const { input, spec, side = "perception", seed } = options;
    const { maxImages } = input;
    this.team = team;
    this.spec = spec;
    this.specs = side === "perception" ? spec.perception : spec.recall.toReversed();
    const hidden: AnnLayer[] = [];
    let source = input;
    for (const [k, layer] of this.specs.slice(0, -1).entries()) {
      const { synapses } = this.specs[k + 1]!;
      const upsampled = synapses.kind === "conv" && (synapses.upsample ?? false);
      const own = { ...layer, units: layer.units as { kind: Activation } };
      const name = layerName(spec, side, layer.stage);
      const built = new AnnLayer(team, { name, seed, source, spec: own, upsampled, maxImages });
      hidden.push(built);
      source = built.output;
    }
    this.hidden = hidden;
    const top = this.specs.at(-1)!;
    const name = layerName(spec, side, top.stage);
    const synapses = buildSynapses(team, { name, seed, source, spec: top, maxImages, stepwise: true });
    this.readout = new Layer(team, { name, synapses, maxImages, steps: 1 });
    for (const layer of this.layers) initialise(layer, seed);
  }

  get layers(): readonly (AnnLayer | Layer)[] {
    return [...this.hidden, this.readout];
  }

  /** What counts and writes a net asks of it as of a pair: its layers are perception's, and there is no recall. */
  get perception(): readonly (AnnLayer | Layer)[] {
    return this.layers;
  }
  readonly recall: readonly Layer[] = [];
  readonly recalls = false;

  /** The read-out of the input's first `images` rows. Training uses and moves the batch statistics. */
  forward(images: number, train: boolean): void {
    for (const layer of this.hidden) layer.run(images, { train });
    this.readout.forward(images, { train, alike: !train });
  }

  /** Everything learned and the running statistics, with AdamW's moments where asked. */
  *slots(optimiser: boolean): Generator<Slot> {
    for (const layer of this.layers) yield* layer.slots(optimiser);
  }
}
