/**
 * R-STDP: spike-timing-dependent plasticity whose sign and size a reward decides (Florian, Neural Computation 19, 2007; Izhikevich, Cerebral Cortex 17, 2007; for images Mozafari et
 * al., IEEE TNNLS 29, 2018). No gradient of anything: all that a synapse learns from is its own two neurons' spikes and one number an image, the same everywhere.
 *
 *   eligibility   e_ji = sum over t of  A s_j[t] x_i[t] - D s_i[t] y_j[t]
 *   traces        x_i[t] = s_i[t] + p x_i[t-1]      y_j[t] = q (y_j[t-1] + s_j[t-1])      p = q = exp(-1 / trace)
 *   weights       Delta W_ji ~ sum over images of  (r - mean of r) e_ji,   r = 1 for a right decision, -1 for a wrong one
 *
 * - A neuron that is reached within a step fires after those that reached it, so pairs of one step are causal.
 * - The decision is the class of the largest mean drive. It is one spike of that neuron, the winner, when the stimulus ends (t = T), and the concept's only one: a right decision
 *   potentiates the winner's recent inputs, a wrong one depresses them.
 * - The batch's mean reward is taken away, so that what is usual teaches nothing: with right decisions scaled by the share of wrong ones and the other way round, as Mozafari et al. do.
 * - The sum goes to the optimiser in place of a gradient, as under every rule; hidden stages learn at `hidden` times the concept's rate. Biases and norms are left alone.
 * - A direct stimulus has no spikes: its value counts in their place, at every step.
 * - A convolution's drive is that of its pool's winner, whose inputs alone are eligible. The authors of R-STDP train such stages by STDP without reward, and define no deeper net of
 *   fully connected ones; that the same rule runs in all stages is a choice made here.
 */
import { exponential, placeOfLargest } from "../engine/elementary.ts";

import type { Region } from "../engine/memory.ts";
import { BispikeError } from "../errors.ts";
import type { Layer } from "../nets/layer.ts";
import type { NetworkPair } from "../nets/pair.ts";
import { pixelsOf, tilesOf } from "../nets/shape.ts";
import { stepsOf } from "../nets/synapses.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import { assertKeepsDrives, type PerceptionOptions, PerceptionRule, type Reached } from "./perception-rule.ts";

/** How spikes' order changes weights. */
export interface SpikeTimingOptions {
  /** Time constant of both traces, in steps. */
  readonly trace: number;
  /** A: weight of pairs whose sender fires first. */
  readonly potentiation: number;
  /** D: weight of pairs whose sender fires last. */
  readonly depression: number;
  /** Learning rate of hidden stages as a multiple of the concept's; 0 leaves them as they were drawn. */
  readonly hidden: number;
}

/** What rule r-stdp is told. */
export interface RewardTimingOptions extends PerceptionOptions {
  readonly stdp: SpikeTimingOptions;
}

/**
 * R-STDP (Florian 2007; Izhikevich 2007; for images Mozafari et al. 2018): spike-timing-dependent plasticity times reward r, 1 for a right decision and -1 for a wrong one,
 *
 *     Delta W_ji ~ sum over images of  (r - mean of r) e_ji,   e_ji = sum over t of  A s_j[t] x_i[t] - D s_i[t] y_j[t]
 *
 * with the traces x of the sender's spikes s_i and y of the receiver's s_j. Trains perception alone; `learningRates.recall` is not used.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception", keepDrives: true });
 * const stdp = { trace: 2, potentiation: 1, depression: 0.5, hidden: 0.1 };
 * const rule = new RewardTiming(pair, { top: "cross-entropy", lambda: 0, stdp }, { weightDecay: 0, clip: 1, clipScope: "stage" });
 */
export class RewardTiming extends PerceptionRule {
  readonly #options: SpikeTimingOptions;
  /** The winner's spike, u16 masks [image][step][tile]. */
  readonly #winner: Region<Uint16Array>;
  /** What an image's eligibility is multiplied with for the optimiser, which goes against it. */
  readonly #factors: Region<Float32Array>;

  /**
   * @param pair of one-hot targets: a winner is one neuron. With `keepDrives`, as a stage's pairs of spikes wait for the reward
   * @throws BispikeError "usage" for another pair
   */
  constructor(pair: NetworkPair, options: RewardTimingOptions, optimiser: OptimiserOptions) {
    super(pair, options, optimiser);
    assertKeepsDrives(pair);
    if (pair.options.target !== "one-hot")
      throw new BispikeError("usage", `rule: expected a pair with target one-hot, got ${pair.options.target}`);
    const { arena } = pair.team;
    const { maxImages, steps } = pair.options;
    this.#options = options.stdp;
    this.#winner = arena.u16(maxImages * steps * tilesOf(pair.conceptDrive.synapses.shape));
    this.#factors = arena.f32(maxImages);
  }

  protected override atTop({ images, batch: { labels }, learningRates }: Reached): void {
    const { pair, optimiser } = this;
    const { conceptDrive } = pair;
    this.#reward(this.#decide(images), labels);
    for (const layer of this.hidden) {
      this.#gradient(layer, images, layer.output!.masks.at);
      optimiser.update(layer.group, learningRates.perception * this.#options.hidden);
    }
    this.#gradient(conceptDrive, images, this.#winner.at);
    optimiser.update(conceptDrive.group, learningRates.perception);
  }

  /** Each image's winner, whose spike is set. */
  #decide(images: number): number[] {
    const { conceptDrive, target, options } = this.pair;
    const { view } = conceptDrive.features;
    const tiles = tilesOf(conceptDrive.synapses.shape);
    this.#winner.view.fill(0);
    return Array.from({ length: images }, (_, k) => {
      const best = placeOfLargest(view, k * conceptDrive.featureWidth, target.classes);
      const end = (k * options.steps + options.steps - 1) * tiles;
      this.#winner.view[end + Math.floor(best / 16)] = 1 << (best % 16);
      return best;
    });
  }

  /** Minus each image's reward less their mean, divided by the number of images. */
  #reward(decisions: readonly number[], labels: Uint16Array): void {
    const rewards = decisions.map((decision, k) => (decision === labels[k] ? 1 : -1));
    const mean = rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
    for (const [k, reward] of rewards.entries()) this.#factors.view[k] = (mean - reward) / rewards.length;
  }

  /** The group's gradient: of weights minus what reward and spike times make of them, of all else 0. */
  #gradient({ synapses, group, workspace }: Layer, images: number, spikes: number): void {
    const { team, options } = this.pair;
    const { trace, potentiation, depression } = this.#options;
    const decay = exponential(-1 / trace);
    const tiles = tilesOf(synapses.shape);
    team.run("spikeTiming", tiles * images, {
      images,
      steps: options.steps,
      zSteps: stepsOf(synapses.source),
      pixels: pixelsOf(synapses.shape),
      tiles,
      potentiationDecay: decay,
      depressionDecay: decay,
      potentiation,
      depression,
      masks: spikes,
      factors: this.#factors.at,
      g: workspace.g,
    });
    synapses.gradient(group, images, workspace, 0);
    for (const block of ["bias", "gamma", "beta"]) if (group.has(block)) group.view(block, group.gradients).fill(0);
  }
}
