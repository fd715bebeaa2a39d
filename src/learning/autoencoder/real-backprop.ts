/**
 * Backprop through an autoencoder of real numbers, of the spiking one's shapes: rectified units in place of neurons, no steps. The yardstick that shares nothing with spikes but
 * sizes, norm and optimiser.
 */
import { padded } from "../../engine/kernels.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import { LayeredNet } from "../../network/real/layered-net.ts";
import type { StageConnections } from "../../network/real/real-layer.ts";
import { describeShape, flat, type Shape, sizeOf } from "../../network/shape.ts";
import { LayeredBackprop } from "../backprop/layered.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import { type Activity, PerceptionLearner } from "./perception-learner.ts";

export interface RealAutoencoderOptions {
  /** mlp: fully connected. cnn: 3x3 convolutions of stride 2 down, nearest upsampling with 3x3 convolutions up. */
  readonly kind: "mlp" | "cnn";
  /** The frame an image comes in; for a cnn its sides are divisible by 2 to the number of hidden stages. */
  readonly image: Shape;
  /** Units (mlp) or channels (cnn) of the stages between image and latent. */
  readonly hidden: readonly number[];
  /** Units of the latent. */
  readonly latent: number;
  readonly norm: boolean;
  readonly maxImages: number;
  readonly seed: number;
}

/** Connections from the image through the latent and back; the last draws the image. */
export function autoencoderConnections({ kind, image, hidden, latent }: RealAutoencoderOptions): StageConnections[] {
  if (kind === "mlp") {
    const widths = [...hidden, latent, ...hidden.toReversed(), sizeOf(image)];
    return widths.map((width) => ({ kind: "linear", shape: flat(width) }));
  }
  const unit = 2 ** hidden.length;
  if (image.height % unit !== 0 || image.width % unit !== 0) {
    throw new BispikeError(
      "shape",
      `an autoencoder of ${hidden.length} convolutions halves its image as often: expected sides divisible by ${unit}, got ${describeShape(image)}`,
    );
  }
  const down = hidden.map((channels) => ({ kind: "conv", channels, stride: 2 }) as const);
  const [deepest, ...wider] = hidden.toReversed();
  const middle: StageConnections = { kind: "linear", shape: flat(latent) };
  if (deepest === undefined) return [middle, { kind: "linear", shape: image }];
  const plane = { height: image.height / unit, width: image.width / unit, channels: deepest };
  const up = [...wider, image.channels].map((channels) => ({ kind: "conv", channels, upsample: true }) as const);
  return [...down, middle, { kind: "linear", shape: plane }, ...up];
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
    const stages = autoencoderConnections(options);
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
