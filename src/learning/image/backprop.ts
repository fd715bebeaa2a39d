/**
 * Surrogate-gradient backprop through the spiking perception, stage by stage and step by step: the rival on the same spiking net (equations: learning/backprop/). Of the criteria
 * of plausibility it meets binary messages (C4) alone.
 */
import type { WeightSource } from "../../network/input-gradient.ts";
import type { NetworkPair } from "../../network/pair.ts";
import { LayeredBackprop } from "../backprop/layered.ts";
import { SpikingStage } from "../backprop/spiking-stage.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import { assertKeepsDrives, type PerceptionOptions, PerceptionRule, type Reached } from "./perception-rule.ts";

/**
 * Surrogate-gradient backprop through the spiking perception, stage by stage and step by step (ATan surrogate, see `NeuronParameters`). Trains perception alone; `rates.recall` is not used.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception", keepDrives: true });
 * const rule = new Backprop(pair, { top: "cross-entropy", lambda: 0 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 0 }).correct;
 */
export class Backprop extends PerceptionRule {
  readonly #backprop: LayeredBackprop;

  /**
   * @param carriers weights that carry errors down, of stage 3 first. Default perception's own
   * @throws BispikeError "usage" for a pair without `keepDrives`
   */
  constructor(
    pair: NetworkPair,
    options: PerceptionOptions,
    optimiser: OptimiserOptions,
    carriers?: readonly WeightSource[],
  ) {
    super(pair, options, optimiser);
    assertKeepsDrives(pair);
    const stages = this.hidden.map((layer) => new SpikingStage(pair.team, layer));
    this.#backprop = new LayeredBackprop(pair.team, stages, pair.conceptDrive, carriers);
  }

  protected override atTop({ images, rates, gradient }: Reached): void {
    this.#backprop.backward(images, gradient);
    for (const { group } of this.pair.perception) this.optimiser.update(group, rates.perception);
  }
}
