/**
 * Feedback alignment (Lillicrap et al., Nature Communications 7, 2016): backprop with a fixed random matrix in place of each transpose,
 *
 *   dL/ds_k[t] = B_{k+1}^T dL/dz_{k+1}[t]
 *
 * B has the shape of W, of convolutions too (a fixed random kernel a pair of channels), whose authors define fully connected nets only. Weights need not be known where errors go
 * (C1), all else is as in backprop.
 */

import type { Address } from "../engine/memory.ts";
import { InputGradient } from "../nets/input-gradient.ts";
import { LinearSynapses } from "../nets/linear.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { Backprop } from "./backprop.ts";
import { SpikingStage } from "./backward-stage.ts";
import { FixedWeights } from "./error-weights.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import { assertKeepsDrives, type PerceptionOptions, PerceptionRule, type Reached } from "./perception-rule.ts";

/**
 * Feedback alignment (Lillicrap et al. 2016): backprop with a fixed random matrix B in place of each transpose,
 *
 *     dL/ds_k[t] = B_{k+1}^T dL/dz_{k+1}[t]
 *
 * Built and used as `Backprop`.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception", keepDrives: true });
 * new FeedbackAlignment(pair, { top: "cross-entropy", lambda: 0 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class FeedbackAlignment extends Backprop {
  constructor(pair: NetworkPair, options: PerceptionOptions, optimiser: OptimiserOptions) {
    const { team } = pair;
    const { seed } = pair.options;
    const errorWeights = pair.perception
      .slice(1)
      .map(({ synapses, name }) => new FixedWeights(team, synapses, `feedback ${name}`, seed));
    super(pair, options, optimiser, errorWeights);
  }
}

// Direct feedback alignment (Nokland, NeurIPS 2016): the top's error goes to every hidden stage through one fixed random matrix of that stage's own,
//
// dL/ds_k[t] = B_k^T e / T,   e = dL/d(concept's mean drive)
//
// and from there through the stage's neurons as in backprop. B_k has the shape of fully connected synapses from stage k to the concept; of a convolutional stage, every unit of the
// plane has a column of its own, as the authors have it.

/**
 * Direct feedback alignment (Nokland 2016): the top's error goes to every hidden stage k through one fixed random matrix of that stage's own,
 *
 *     dL/ds_k[t] = B_k^T e / T,   e = dL/d(concept's mean drive)
 *
 * Built and used as `Backprop`.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception", keepDrives: true });
 * new DirectFeedbackAlignment(pair, { top: "cross-entropy", lambda: 0 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class DirectFeedbackAlignment extends PerceptionRule {
  readonly #stages: readonly { readonly stage: SpikingStage; readonly down: InputGradient }[];
  /** dL/ds of whichever stage is at work, the same at all steps. */
  readonly #outputs: Address;

  /** @throws BispikeError "usage" for a pair without `keepDrives` */
  constructor(pair: NetworkPair, options: PerceptionOptions, optimiser: OptimiserOptions) {
    super(pair, options, optimiser);
    assertKeepsDrives(pair);
    const { team, conceptDrive } = pair;
    const { seed, maxImages } = pair.options;
    this.#stages = this.hidden.map((layer) => {
      // Their shape and packing alone: nothing is sent through them upwards.
      const direct = new LinearSynapses(team, layer.output!, conceptDrive.synapses.shape, false);
      const carrier = new FixedWeights(team, direct, `direct feedback ${layer.name}`, seed);
      return { stage: new SpikingStage(team, layer), down: new InputGradient(team, direct, carrier) };
    });
    const floats = this.#stages.map(({ down }) => down.floats(maxImages, 1));
    this.#outputs = team.arena.allocate(4 * Math.max(0, ...floats));
  }

  protected override atTop({ images, learningRates, gradient }: Reached): void {
    const { pair, optimiser } = this;
    const { conceptDrive } = pair;
    const at = this.#outputs;
    conceptDrive.backward(images, "rate", gradient);
    for (const { stage, down } of this.#stages) {
      down.run(images, conceptDrive.workspace, 1, at);
      const coefficients = stage.toDrive(images, { at, steps: 1 });
      stage.synapses.gradient(stage.group, images, stage.workspace, coefficients);
    }
    for (const { group } of pair.perception) optimiser.update(group, learningRates.perception);
  }
}
