/**
 * Surrogate-gradient backprop through a spiking autoencoder's perception, stage by stage and step by step: the rival on the same spiking net (equations: learning/backprop/).
 */
import type { AutoencoderPair } from "../../network/autoencoder/pair.ts";
import type { Layer } from "../../network/layer.ts";
import { LayeredBackprop } from "../backprop/layered.ts";
import { SpikingStage } from "../backprop/spiking-stage.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import { type Activity, PerceptionLearner } from "./perception-learner.ts";
import { SpikingLatent } from "./spiking-latent.ts";

/**
 * @example
 * const pair = new AutoencoderPair(team, { ...options, networks: "perception", keepDrives: true });
 * const learner = new AutoencoderBackprop(pair, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.stimulus.view.set(pixels);
 * learner.step(64, { perception: 3e-3, recall: 0 }).loss;
 */
export class AutoencoderBackprop extends PerceptionLearner {
  /** Perception's; there is no recall to ask. */
  readonly latent: SpikingLatent;
  readonly #perception: readonly Layer[];

  /** @param pair one that keeps all drives and gradients; perception alone will do */
  constructor(pair: AutoencoderPair, optimiser: OptimiserOptions) {
    const { team, perception, stimulus, stimulusWidth } = pair;
    const readout = perception.at(-1)!;
    const hidden = perception.slice(0, -1).map((layer) => new SpikingStage(team, layer));
    const backprop = new LayeredBackprop(team, hidden, readout);
    const { maxImages } = pair.options;
    super({ team, maxImages, stimulus, stimulusWidth, layers: perception, readout, backprop }, optimiser);
    this.latent = new SpikingLatent(pair);
    this.#perception = perception;
  }

  protected override forward(images: number, train: boolean): void {
    for (const layer of this.#perception) {
      layer.forward(images, { train, alike: !train });
      layer.output?.list(images, train);
    }
  }

  protected override activity(): Activity {
    const hidden = this.#perception.slice(0, -1).map((layer) => {
      const own = layer.rates();
      const silent = own.reduce((count, rate) => count + (rate === 0 ? 1 : 0), 0);
      return { rate: own.reduce((sum, rate) => sum + rate, 0) / own.length, silent: silent / own.length };
    });
    return { rates: hidden.map(({ rate }) => rate), silent: hidden.map(({ silent }) => silent) };
  }
}
