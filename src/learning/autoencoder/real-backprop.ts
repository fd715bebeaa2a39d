/**
 * Backprop through an autoencoder of real numbers, of the spiking one's shapes: rectified units in place of neurons, no steps. The yardstick that shares nothing with spikes but
 * sizes, norm and optimiser.
 */
import { padded } from "../../engine/kernels.ts";
import type { Team } from "../../engine/team.ts";
import { LayeredNet } from "../../network/real/layered-net.ts";
import { type Shape, sizeOf } from "../../network/shape.ts";
import { type AutoencoderShape, realAutoencoderSpec } from "../../network/specs.ts";
import { LayeredBackprop } from "../backprop/layered.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import { type Activity, PerceptionLearner } from "./perception-learner.ts";

export interface RealAutoencoderOptions extends AutoencoderShape {
  /** The frame an image comes in; for a cnn as `autoencoderFrame` says. */
  readonly image: Shape;
  readonly norm: boolean;
  readonly maxImages: number;
  readonly seed: number;
}

/**
 * @example
 * const options = { kind: "mlp", image, hidden: [256], latent: 64, norm: true, maxImages: 128, seed: 1 } as const;
 * const learner = new AutoencoderRealBackprop(team, options, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.stimulus.view.set(pixels);
 * learner.step(64, { perception: 3e-3, recall: 0 }).loss;
 */
export class AutoencoderRealBackprop extends PerceptionLearner {
  readonly #net: LayeredNet;

  /** Throws a `shape` error where the image cannot be halved as often as there are convolutions. */
  constructor(team: Team, options: RealAutoencoderOptions, optimiser: OptimiserOptions) {
    const { image, maxImages, seed } = options;
    const spec = realAutoencoderSpec(options);
    const stimulusWidth = padded(sizeOf(image));
    const stimulus = team.arena.f32(maxImages * stimulusWidth);
    const input = { kind: "real", shape: spec.stimulus, at: stimulus.at, stride: stimulusWidth, maxImages } as const;
    const net = new LayeredNet(team, { input, spec, seed });
    const { layers, hidden, readout } = net;
    const backprop = new LayeredBackprop(team, hidden, readout);
    super({ team, maxImages, stimulus, stimulusWidth, layers, readout, backprop }, optimiser);
    this.#net = net;
  }

  protected override forward(images: number, train: boolean): void {
    this.#net.forward(images, train);
  }

  protected override activity(): Activity {
    return { rates: [], silent: [] };
  }
}
