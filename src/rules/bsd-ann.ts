/**
 * BSD's stage losses on units that do not spike: two non-spiking nets that teach each other stage by stage (mirrored-nets.ts), by the losses, centring and class prototypes of
 * rule BSD (losses/), on values a_i and c_i where that has firing rates. What is left to tell from BSD are the spikes.
 *
 *   stage 1             align(stimulus, reconstructed stimulus)   trains the feedback net's last weights
 *   stage i, 1 < i < L  align(a_i, c_i)                     trains W into a_i and Theta into c_i
 *   stage L             cross-entropy                       trains the last W
 */

import { type StageLossOptions, stageLoss, stimulusLoss } from "../losses/stage-loss.ts";
import type { AnnImageNet } from "./ann-images.ts";
import type { Freeze } from "./bsd.ts";
import { MirroredNets } from "./mirrored-nets.ts";
import type { OptimiserOptions } from "./optimiser.ts";

/** What rule bsd-ann is told. */
export interface AnnBsdOptions extends StageLossOptions {
  /** Take each unit's mean away before comparing. */
  readonly centred: boolean;
  /** Weight of each hidden stage's loss. */
  readonly weight: number;
  /** Weight of stage 1's loss. */
  readonly stimulusWeight: number;
  /** Networks that stay as they are drawn; of perception the hidden stages. Default "none". */
  readonly freeze?: Freeze;
}

/**
 * The stage losses of BSD (arXiv 2509.20284) on units that do not spike, between a net and a feedback net that runs down from the classes.
 * `rates.perception` is W's rate, `learningRates.recall` Theta's. Each stage reports its own loss.
 *
 * @example
 * const own = { loss: "infonce", temperature: 0.1, lambda: 4, centred: true, weight: 1, stimulusWeight: 1 } as const;
 * const learner = new AnnBsd(annImageNet(team, net, "bsd-ann"), own, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class AnnBsd extends MirroredNets {
  /** Throws a `shape` error where a cnn's sides cannot be halved as often as it pools. */
  constructor(image: AnnImageNet, own: AnnBsdOptions, optimiser: OptimiserOptions) {
    const { weight, stimulusWeight, centred, freeze = "none" } = own;
    const loss = (stage: number, features: number) =>
      stage === 1 ? stimulusLoss(own, stimulusWeight, features) : stageLoss(own, weight, features);
    super(image, { loss, centred, freeze }, optimiser);
  }
}
