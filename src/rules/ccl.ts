/**
 * Counter-current learning (Kao and Hariharan, NeurIPS 2024, arXiv 2409.19841) on non-spiking nets of images: two nets that teach each other stage by stage (mirrored-nets.ts), by
 * the label match of the affinities of a_i (a row an image) and c_i (a row a class; equations: losses/infonce.ts).
 *
 * Affinities are dot products as in the authors' fully connected nets, or cosines as in their convolutional ones, whose two further terms (self-affinities against the identity,
 * images that are right already left out) are not implemented. Down, convolutions upsample (nearest) first, where up they pool after, as the authors' pooled net does. Theirs
 * descend by plain gradients at a rate near 1 with a clip a net; here the optimiser is the other rules' own, to which a loss's weight matters only through its clip.
 */

import { labelMatch } from "../losses/infonce.ts";
import type { AnnImageNet } from "./ann-images.ts";
import { MirroredNets } from "./mirrored-nets.ts";
import type { OptimiserOptions } from "./optimiser.ts";

/** What rule ccl is told. */
export interface CounterCurrentOptions {
  /** What rows are compared by. */
  readonly affinity: "dots" | "cosines";
  /** Weight of each stage's label match. */
  readonly weight: number;
}

/**
 * Cosines, for all nets. Dots, the authors' choice for fully connected nets (at a weight of 128, by plain gradients), learn worse under AdamW: of MNIST 784-256-128-10, 10 000 images,
 * 3 epochs, at the best of four rates they named 79 % of validation images right with norm and 89 % without, where cosines named 95 % and 94 %.
 */
export const counterCurrentDefaults: CounterCurrentOptions = { affinity: "cosines", weight: 1 };

/**
 * Counter-current learning (Kao and Hariharan 2024, arXiv 2409.19841): a net and a feedback net that runs down from the classes teach each other stage by stage.
 * `rates.perception` is W's rate, `learningRates.recall` Theta's. Each stage reports its own loss.
 *
 * @example
 * const learner = new CounterCurrent(annImageNet(team, net, "ccl"), counterCurrentDefaults, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class CounterCurrent extends MirroredNets {
  /** Throws a `shape` error where a cnn's sides cannot be halved as often as it pools. */
  constructor(image: AnnImageNet, own: CounterCurrentOptions, optimiser: OptimiserOptions) {
    super(image, { loss: (_stage, features) => labelMatch({ ...own, features }), centred: false }, optimiser);
  }
}
