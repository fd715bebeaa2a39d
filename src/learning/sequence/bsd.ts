/**
 * Bidirectional Spike-Based Distillation of sequences (Lv et al., ICLR 2026). At every position of a window the two networks' features are aligned, stage by stage:
 *
 *   stage 1             align(stimulus x_n, redrawn stimulus)     trains Theta_1
 *   stage i, 1 < i < L  align(perception's, recall's features)    trains W_x, W_h and Theta_y, Theta_h of the stage
 *   stage L             cross-entropy or squared error of u_L     trains the read-out W_L
 *
 * Temporal credit: none is carried back through time. A position's loss reaches the weights into its own neurons, through the neurons' own T steps; the spikes of the element
 * before are inputs, constants to it. What perception learns of the future comes from recall, which ran back from the window's end and so knows the targets to come.
 *
 * Perception is compared by its firing rates; recall by its own, or by its voltages (`recallFeatures`). Hidden stages are told apart by cosines or by mean products (`affinity`), as those of
 * images are; stage 1 stays with cosines.
 */

import type { AffinityKind } from "../../alignment/infonce.ts";
import { stageLoss, stimulusLoss } from "../../alignment/stage-loss.ts";
import { preferring } from "../../coding/population-code.ts";
import type { Feature } from "../../network/neuron.ts";
import type { RecurrentLayer } from "../../network/recurrent/recurrent-layer.ts";
import type { Statistics } from "../../network/recurrent/sequence-norm.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import { AdamW, type OptimiserOptions } from "../optimiser.ts";
import type { Rates } from "../rule.ts";
import type { SequenceOutputs, SequenceStepReport } from "./learner.ts";
import { Redraw } from "./redraw.ts";
import { SpikingLearner } from "./spiking-learner.ts";
import { WindowAlignment } from "./window-alignment.ts";

/** The rule's choices; the YAML section `rule`. */
export interface SequenceBsdOptions {
  /** What of recall is aligned with perception's firing rates: the time mean of its spikes, drive or membrane. Default rate. */
  readonly recallFeatures?: Feature;
  /** Take each neuron's mean away before comparing. */
  readonly centred: boolean;
  /** Alignment loss of the hidden stages and stage 1. */
  readonly loss: "infonce" | "reco";
  /** literal: every other row of a block is a negative; masked: those with another target: another symbol, or a value that another neuron of recall's code prefers. */
  readonly rivals: "literal" | "masked";
  /** Rows of a window that are compared with each other at most. */
  readonly block: number;
  /** InfoNCE: temperature of the softmax over affinities. */
  readonly temperature: number;
  /** InfoNCE of hidden stages: what rows are told apart by, cosines or mean products. Default cosines. */
  readonly affinity?: AffinityKind;
  /** ReCo: weight of the negatives. */
  readonly lambda: number;
  /** Weight of each hidden stage's loss. */
  readonly weight: number;
  /** Weight of stage 1's loss. */
  readonly stimulusWeight: number;
  /** Pull on neurons that fire above `rate` (spikes a step), with this weight; 0 switches it off. */
  readonly homeostasis: { readonly weight: number; readonly rate: number };
}

/**
 * Bidirectional Spike-Based Distillation (Lv et al., arXiv 2509.20284) on a recurrent pair. At each position every stage has one loss, to which its inputs and the spikes of the element before are constants:
 *
 *     stage 1             align(stimulus, redrawn stimulus)       trains Theta_1
 *     stage i, 1 < i < L  align(perception's, recall's features)  trains W_x, W_h and Theta_y, Theta_h of the stage
 *     stage L             cross-entropy or squared error          trains the read-out W_L
 *
 * @example
 * const options = { ...sequenceConfigDefaults.rule, rivals: "masked" } as const;
 * const learner = new SequenceBsd(pair, options, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.load(set, windowStarts(set.parts.train, 32, 32), 0, 64);
 * learner.step({ perception: 3e-3, recall: 3e-3 }).loss;
 */
export class SequenceBsd extends SpikingLearner {
  readonly optimiser: AdamW;
  /** Where the norms take their statistics from while learning. */
  statistics: Statistics = "batch";
  readonly #options: SequenceBsdOptions;
  readonly #alignment: WindowAlignment;
  readonly #redraw: Redraw;

  constructor(pair: SequencePair, options: SequenceBsdOptions, optimiser: OptimiserOptions) {
    super(pair);
    const { team } = pair;
    const { window, maxRows } = pair.options;
    const images = window * maxRows;
    this.#options = options;
    const width = Math.max(...pair.perception.map(({ featureWidth }) => featureWidth));
    this.#alignment = new WindowAlignment(team, images, options.block, width, (share, features) =>
      stageLoss(options, share * options.weight, features),
    );
    this.#redraw = new Redraw(pair, options.block, options.centred, (share, features) =>
      stimulusLoss(options, share * options.stimulusWeight, features),
    );
    const groups = pair.layers.map(({ group }) => group);
    this.optimiser = new AdamW(team, optimiser, groups);
  }

  /** One update on the windows that were loaded, from silence. */
  step(rates: Rates): SequenceStepReport {
    this.pair.reset(this.positions, this.rows);
    return this.stepFromHere(rates);
  }

  /**
   * The same where something precedes the windows: what the layers' `resume` left.
   *
   * @param seen batches of windows that the norms' running statistics are of. Default the optimiser's steps
   */
  stepFromHere(rates: Rates, seen: number = this.optimiser.steps): SequenceStepReport {
    const { pair, optimiser, positions, rows, statistics } = this;
    const images = positions * rows;
    const stageLosses = new Array<number>(pair.stages).fill(0);
    const perceptionRates: number[] = [];
    const recallRates: number[] = [];
    const { recallFeatures = "rate" } = this.#options;
    optimiser.begin();

    this.presentTargets();
    for (const layer of pair.recall.toReversed())
      layer.forward(positions, rows, { learn: statistics, feature: recallFeatures });
    stageLosses[0] = this.#learnToRedraw(images, rates.recall);

    for (const [k, perception] of pair.perception.entries()) {
      const recall = pair.recall[k]!;
      perception.forward(positions, rows, { learn: statistics, feature: "rate" });
      const own = this.#pull(perception);
      const other = this.#pull(recall);
      const { featureWidth: width, neurons: features } = perception;
      const value = this.#alignment.align(
        { v: perception.features.at, w: recall.features.at, images, width, features },
        { ...this.#comparison, rowGradient: true, columnGradient: rates.recall > 0 },
      );
      stageLosses[k + 1] = value + own.cost + other.cost;
      this.assertFinite(k + 2, stageLosses[k + 1]!);
      perception.backward(positions, rows, "rate", this.#alignment.rowGradient.at);
      optimiser.update(perception.group, rates.perception);
      perception.observe(positions, rows, seen);
      if (rates.recall > 0) {
        recall.backward(positions, rows, recallFeatures, this.#alignment.columnGradient.at);
        optimiser.update(recall.group, rates.recall);
      }
      // Statistics are no weights: a frozen recall is normalised by its own, too.
      recall.observe(positions, rows, seen);
      perceptionRates.push(own.rate);
      recallRates.push(other.rate);
    }

    const { conceptDrive } = pair;
    conceptDrive.forward(images, { train: true });
    const top = this.topLoss();
    stageLosses[pair.stages - 1] = top.loss;
    this.assertFinite(pair.stages, top.loss);
    conceptDrive.backward(images, "rate", top.gradient);
    optimiser.update(conceptDrive.group, rates.perception);
    optimiser.finish();
    const loss = stageLosses.reduce((sum, value) => sum + value, 0);
    return { loss, stageLosses, perceptionRates, recallRates, correct: top.correct, positions: images };
  }

  /**
   * The stimulus of the loaded windows as recall redraws it from their targets, in evaluation: recall runs back from the end of each window, which nothing follows. Rows
   * [position][row][stride] of `inputs.width` values, whose scale and mean no loss has decided; valid until the next call.
   */
  redraw(): SequenceOutputs {
    const { pair, positions, rows } = this;
    const redrawn = pair.redrawn!;
    pair.reset(positions, rows);
    this.presentTargets();
    for (const layer of pair.recall.toReversed()) layer.forward(positions, rows);
    redrawn.forward(positions * rows, { train: false, alike: true });
    return { view: redrawn.features.view, stride: redrawn.featureWidth };
  }

  get #comparison() {
    const { centred, rivals } = this.#options;
    return { centred, labels: rivals === "masked" ? this.#labels : undefined };
  }

  /** Rows of the same label have the same target. */
  get #labels(): ArrayLike<number> {
    const { targets, pair } = this;
    if (targets instanceof Uint16Array) return targets;
    const { population, steps } = pair.options;
    const { width } = pair.options.targets;
    const code = { ...population, steps };
    const images = this.positions * this.rows;
    // Several values are the same target where all are.
    const seen = new Map<string, number>();
    return Array.from({ length: images }, (_, row) => {
      const neurons = Array.from({ length: width }, (_, d) => preferring(code, targets[row * width + d]!)).join();
      const label = seen.get(neurons) ?? seen.size;
      seen.set(neurons, label);
      return label;
    });
  }

  /** Stage 1: recall's last weights learn to redraw the stimulus. */
  #learnToRedraw(images: number, rate: number): number {
    const { pair } = this;
    const { redrawn } = pair;
    if (!redrawn || rate === 0 || this.#options.stimulusWeight === 0) return 0;
    redrawn.forward(images, { train: true });
    const { loss, gradient } = this.#redraw.align(redrawn.features.at, images);
    this.assertFinite(1, loss);
    redrawn.backward(images, "rate", gradient);
    this.optimiser.update(redrawn.group, rate);
    return loss;
  }

  /** A layer's firing rate and homeostatic cost, weight * mean over neurons of max(0, rate - target)^2, whose gradient becomes its pull. */
  #pull(layer: RecurrentLayer): { rate: number; cost: number } {
    const { positions, rows } = this;
    const { weight, rate: target } = this.#options.homeostasis;
    const rates = layer.rates(positions, rows);
    const perSpike = (2 * weight) / (rates.length * positions * rows * this.pair.options.steps);
    let sum = 0;
    let squares = 0;
    for (let u = 0; u < rates.length; u++) {
      const rate = rates[u]!;
      sum += rate;
      const excess = Math.max(0, rate - target);
      squares += excess * excess;
      layer.pull.view[u] = perSpike * excess;
    }
    return { rate: sum / rates.length, cost: (weight * squares) / rates.length };
  }
}
