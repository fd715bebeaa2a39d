/** A pair of autoencoders trained by the float64 reference alone: its own parameters and AdamW's moments, gradients clipped by each layer's own norm. Without local reconstructs. */
import type { Network } from "../../src/nets/autoencoder-pair.ts";
import { type AdamwState, adamwDefaults, adamwStep } from "./adamw.ts";
import {
  type AutoencoderRule,
  type AutoencoderStep,
  autoencoderStep,
  type NetworkHalf,
} from "./autoencoder-reference.ts";
import type { Block, BlockGradients } from "./block.ts";

/** A layer's arrays under the names of its gradients, with their moments. */
export type LayerState = ReadonlyMap<keyof BlockGradients, AdamwState>;

export interface TrainingOptions {
  readonly learningRate: Readonly<Record<Network, number>>;
  /** Of the layers before the latent, a multiple of the others'. */
  readonly seeing: number;
  readonly weightDecay: number;
  /** Largest norm of a layer's gradient. */
  readonly clip: number;
}

/** Trained parts; `step` moves them on. */
export class ReferenceTraining {
  readonly states: Record<Network, LayerState[]>;
  readonly #nets: Readonly<Record<Network, NetworkHalf>>;
  readonly #rule: AutoencoderRule;
  readonly #options: TrainingOptions;

  /** `nets` give the shapes; the numbers are those of `states`, layer by layer as the image goes through them. */
  constructor(
    nets: Readonly<Record<Network, NetworkHalf>>,
    states: Readonly<Record<Network, readonly LayerState[]>>,
    rule: AutoencoderRule,
    options: TrainingOptions,
  ) {
    this.#nets = nets;
    this.#rule = rule;
    this.#options = options;
    this.states = { perception: [...states.perception], recall: [...states.recall] };
  }

  step(image: Float64Array, batch: number): AutoencoderStep {
    const { seeing, learningRate } = this.#options;
    const step = autoencoderStep(this.#net("perception"), this.#net("recall"), image, batch, this.#rule);
    for (const network of ["perception", "recall"] as const) {
      const { halves, drawingGradients } = step[network];
      const latent = (halves.length - 1) / 2;
      this.states[network] = this.states[network].map((state, k) => {
        const rate = learningRate[network] * (k < latent ? seeing : 1);
        return this.#updated(state, halves[k]?.gradients ?? drawingGradients, rate);
      });
    }
    return step;
  }

  #net(network: Network): NetworkHalf {
    const net = this.#nets[network];
    const blocks = net.blocks.map((block, k): Block => {
      const of = (name: keyof BlockGradients) => this.states[network][k]!.get(name)?.parameter;
      const norm = block.norm && { ...block.norm, scale: of("scale")!, shift: of("shift")! };
      return { ...block, weight: of("weight")!, bias: of("bias") ?? block.bias, norm };
    });
    return { ...net, blocks };
  }

  #updated(state: LayerState, gradients: BlockGradients, rate: number): LayerState {
    const { clip, weightDecay } = this.#options;
    let square = 0;
    for (const name of state.keys()) for (const g of gradients[name]!) square += g * g;
    const factor = Math.min(1, clip / (Math.sqrt(square) + 1e-6));
    const options = { ...adamwDefaults, learningRate: rate, weightDecay };
    return new Map(
      [...state].map(([name, own]) => [
        name,
        adamwStep(
          own,
          gradients[name]!.map((g) => g * factor),
          options,
        ),
      ]),
    );
  }
}
