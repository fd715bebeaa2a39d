/**
 * Backprop through an autoencoder of real numbers, of the spiking one's shapes: rectified units in place of neurons, no steps. The yardstick that shares nothing with spikes but
 * sizes, norm and optimiser.
 */
import { padded } from "../../engine/kernels.ts";
import type { Team } from "../../engine/team.ts";
import { type AutoencoderShape, autoencoderShapes } from "../../network/autoencoder/shapes.ts";
import { LayeredNet } from "../../network/real/layered-net.ts";
import type { StageConnections } from "../../network/real/real-layer.ts";
import { flat, type Shape, sizeOf } from "../../network/shape.ts";
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

/** The spiking net's connections between the same shapes; the last draws the image. */
function connections(options: RealAutoencoderOptions): StageConnections[] {
  const { kind, image, hidden } = options;
  const latent = hidden.length;
  const shapes = [...autoencoderShapes(options, image), kind === "mlp" ? flat(sizeOf(image)) : image];
  return shapes.map((shape, index): StageConnections => {
    // Full connections lead into the latent and out of it.
    if (kind === "mlp" || index === latent || index === latent + 1) return { kind: "linear", shape };
    const { channels } = shape;
    return index < latent ? { kind: "conv", channels, stride: 2 } : { kind: "conv", channels, upsample: true };
  });
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
    const { kind, image, norm, maxImages, seed } = options;
    const stages = connections(options);
    const stimulusWidth = padded(sizeOf(image));
    const stimulus = team.arena.f32(maxImages * stimulusWidth);
    const shape = kind === "mlp" ? flat(sizeOf(image)) : image;
    const input = { kind: "real", shape, at: stimulus.at, stride: stimulusWidth, maxImages } as const;
    const net = new LayeredNet(team, { input, stages, norm, seed });
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
