/**
 * Backprop: stage by stage on feed-forward nets and through time on recurrent ones, by surrogate gradients where they spike: the rival on the same net (equations: ways-down.ts). Of the criteria of
 * plausibility spiking nets meet binary messages (C4) alone, others none.
 */

import { BLOCK, padded } from "../engine/kernels.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { RecurrentNet } from "../nets/dense-recurrent-net.ts";
import type { WeightSource } from "../nets/input-gradient.ts";
import type { Layer } from "../nets/layer.ts";
import type { NetworkPair } from "../nets/pair.ts";
import type { SequencePair } from "../nets/sequence-pair.ts";
import { type FromAbove, ThroughTime } from "../nets/through-time.ts";
import { AnnImageLearner, type AnnImageNet } from "./ann-images.ts";
import { SpikingStage } from "./backward-stage.ts";
import { AdamW, type OptimiserOptions } from "./optimiser.ts";
import {
  assertKeepsDrives,
  classEnds,
  type PerceptionOptions,
  type Reached,
  type UpwardEnds,
  type UpwardNet,
  UpwardRule,
} from "./perception-rule.ts";
import type { Batch, LearningRates, Rule, SequenceStepReport, StepReport } from "./rule.ts";
import { AnnLearner, SpikingLearner } from "./sequence-learners.ts";
import { LayeredBackprop } from "./ways-down.ts";

/**
 * Backprop on a feed-forward net, spiking or not, whatever it learns: the exact gradient of the top loss, through the surrogate where neurons spike.
 *
 * @example
 * new UpwardBackprop(pair, ends, { weightDecay: 0.01, clip: 1, clipScope: "stage" }).step({ images: 64 }, { perception: 3e-3, recall: 0 }).loss;
 */
export class UpwardBackprop<B, Net extends UpwardNet = UpwardNet> extends UpwardRule<B, Net> {
  readonly #backprop: LayeredBackprop;

  /**
   * @param net whose layers keep their drives and gradients to the step's end
   * @param errorWeights weights that carry errors down, of stage 3 first. Default perception's own
   */
  constructor(net: Net, ends: UpwardEnds<B>, optimiser: OptimiserOptions, errorWeights?: readonly WeightSource[]) {
    super(net, ends, optimiser);
    const { team, perception } = net;
    const stages = perception.slice(0, -1).map((layer) => ("neurons" in layer ? new SpikingStage(team, layer) : layer));
    this.#backprop = new LayeredBackprop(team, stages, perception.at(-1) as Layer, errorWeights);
  }

  protected override atTop({ images, learningRates, gradient }: Reached<B>): void {
    this.#backprop.backward(images, gradient);
    for (const { group } of this.pair.perception) this.optimiser.update(group, learningRates.perception);
  }
}

/**
 * Surrogate-gradient backprop through the spiking perception, stage by stage and step by step (ATan surrogate, see `NeuronParameters`). Trains perception alone; `learningRates.recall` is not used.
 *
 * @example
 * const pair = new NetworkPair(team, { ...options, networks: "perception", keepDrives: true });
 * const rule = new Backprop(pair, { top: "cross-entropy", lambda: 0 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * rule.step({ labels, counter: 0 }, { perception: 3e-3, recall: 0 }).correct;
 */
export class Backprop extends UpwardBackprop<Batch, NetworkPair> implements Rule {
  /**
   * @param errorWeights weights that carry errors down, of stage 3 first. Default perception's own
   * @throws BispikeError "usage" for a pair without `keepDrives`
   */
  constructor(
    pair: NetworkPair,
    options: PerceptionOptions,
    optimiser: OptimiserOptions,
    errorWeights?: readonly WeightSource[],
  ) {
    assertKeepsDrives(pair);
    super(pair, classEnds(pair, options), optimiser, errorWeights);
  }
}

// Backprop on a non-spiking net: the yardstick that shares nothing with a spiking net but shapes, norm, optimiser and loss. None of the criteria of plausibility is met.
//
// dL/dz_L = (softmax(y) - one-hot) / images,  dL/dy_k = W_{k+1}^T dL/dz_{k+1},  dL/dz_k by f' and the norm (equations: ways-down.ts)

/**
 * Backprop on a non-spiking net, with cross-entropy at the top.
 * `learningRates.recall` is not used.
 *
 * @example
 * const net = { kind: "mlp", image: { height: 28, width: 28, channels: 1 }, hidden: [512, 256], classes: 10, norm: true, maxImages: 128, seed: 1 } as const;
 * const learner = new ImageAnnBackprop(annImageNet(team, net, "backprop-ann"), { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.stimulus.view.set(pixels); // rows of learner.stimulusWidth floats
 * learner.step({ labels, counter: 0 }, { perception: 1e-3, recall: 0 }).loss;
 */
export class ImageAnnBackprop extends AnnImageLearner {
  readonly #backprop: LayeredBackprop;

  constructor(image: AnnImageNet, optimiser: OptimiserOptions) {
    super(image, optimiser);
    this.#backprop = new LayeredBackprop(image.net.team, image.net.hidden, image.net.readout);
  }

  step(batch: Batch, learningRates: LearningRates): StepReport {
    const { net, optimiser } = this;
    const { labels } = batch;
    const images = this.begin(batch);
    net.forward(images, true);
    const report = this.report(this.compare(labels, 1 / images), images);
    this.#backprop.backward(images, this.errors.at);
    this.updateNet(learningRates.perception);
    optimiser.finish();
    return report;
  }
}

// Surrogate-gradient backprop through time on perception alone: the rival on the same spiking net. The read-out's loss goes back through every stage, every step and every position of
// the window. None of the criteria but binary messages (C4) is met: errors travel by transposed weights, after the forward pass, and need the whole window's drives.

/**
 * Surrogate-gradient backprop through time on the spiking net of sequences: through every stage, step and position of the window. Trains perception alone; `learningRates.recall` is not used.
 *
 * @example
 * const pair = new SequencePair(team, { ...options, perceptionOnly: true });
 * const learner = new SequenceBackprop(pair, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.load(set, windowStarts(set.parts.train, 32, 32), 0, 64);
 * learner.step({ perception: 3e-3, recall: 0 }).loss;
 */
export class SequenceBackprop extends SpikingLearner {
  readonly optimiser: AdamW;
  readonly #layers: readonly ThroughTime[];
  /** Transposed weights from a stage down to the one below, and what they send there. */
  readonly #down: readonly { transposed: Address; gradient: Address }[];
  /** The read-out's gradient, summed over the steps: [tile][image][16]. */
  readonly #readout: Address;

  /** `pair` has no recall and keeps every stage's drives (`perceptionOnly`). */
  constructor(pair: SequencePair, optimiser: OptimiserOptions) {
    super(pair);
    const { team } = pair;
    const { window, maxRows, steps, targets } = pair.options;
    const images = window * maxRows;
    this.#layers = pair.perception.map((layer) => new ThroughTime(team, layer, steps, images));
    this.#down = pair.perception.map(({ featureWidth }, k) => {
      const above = pair.perception[k + 1]?.synapses.shape.channels ?? targets.width;
      const rows = images * (k === pair.perception.length - 1 ? 1 : steps);
      return {
        transposed: team.arena.allocate((featureWidth / 16) * above * 64),
        gradient: team.arena.allocate(rows * featureWidth * 4),
      };
    });
    this.#readout = team.arena.allocate(images * padded(targets.width) * 4);
    const groups = [...pair.perception, pair.conceptDrive].map(({ group }) => group);
    this.optimiser = new AdamW(team, optimiser, groups);
  }

  /** One update on the windows that were loaded. */
  step(learningRates: LearningRates): SequenceStepReport {
    const { pair, optimiser, positions, rows } = this;
    const { perception, conceptDrive } = pair;
    const images = positions * rows;
    const span = { positions, rows };
    const seen = optimiser.steps;
    optimiser.begin();
    pair.reset(positions, rows);
    for (const layer of perception) layer.forward(span, { train: true });
    conceptDrive.forward(images, { train: true });
    const top = this.topLoss();
    this.assertFinite(pair.stages, top.loss);
    conceptDrive.backward(images, "rate", top.gradient);
    let above = this.#fromReadout(images);
    for (let k = perception.length - 1; k >= 0; k--) {
      this.#layers[k]!.backward(positions, rows, above);
      if (k > 0) above = this.#fromStage(k, images);
    }
    for (const layer of perception) {
      optimiser.update(layer.group, learningRates.perception);
      layer.settle(span, seen);
    }
    optimiser.update(conceptDrive.group, learningRates.perception);
    optimiser.finish();
    const perceptionRates = perception.map((layer) => {
      const own = layer.rates();
      return own.reduce((sum, rate) => sum + rate, 0) / own.length;
    });
    const stageLosses = [...new Array<number>(pair.stages - 1).fill(0), top.loss];
    return { loss: top.loss, stageLosses, perceptionRates, recallRates: [], correct: top.correct, positions: images };
  }

  /** What the read-out sends to the topmost stage: its gradient is the same at all steps, so it is summed and W^T / T applied once. */
  #fromReadout(images: number): FromAbove {
    const { pair } = this;
    const { team } = pair;
    const { steps, targets } = pair.options;
    const neurons = pair.perception.at(-1)!.synapses.shape.channels;
    const { transposed, gradient } = this.#down.at(-1)!;
    const tiles = padded(neurons) / 16;
    const { group, workspace } = pair.conceptDrive;
    team.run("sumSteps", (padded(targets.width) / 16) * images, { steps, x: workspace.g, out: this.#readout });
    team.run("transposeWeights", tiles, {
      inputs: neurons,
      outputs: targets.width,
      factor: 1 / steps,
      weights: group.at("weight"),
      out: transposed,
    });
    team.run("spikeGradient", tiles, {
      rows: images,
      outputs: targets.width,
      gFirst: 0,
      gRows: images,
      first: 0,
      allRows: images,
      repeat: 1,
      g: this.#readout,
      weights: transposed,
      constant: 0,
      out: gradient,
    });
    return { at: gradient, held: true };
  }

  /** What stage k's drives send to the spikes of stage k - 1. */
  #fromStage(k: number, images: number): FromAbove {
    const { pair } = this;
    const { team } = pair;
    const layer = pair.perception[k]!;
    const neurons = pair.perception[k - 1]!.synapses.shape.channels;
    const { transposed, gradient } = this.#down[k - 1]!;
    const tiles = padded(neurons) / 16;
    const rows = images * pair.options.steps;
    team.run("transposeWeights", tiles, {
      inputs: neurons,
      outputs: layer.synapses.shape.channels,
      factor: 1,
      weights: layer.group.at("weight"),
      out: transposed,
    });
    team.run("spikeGradient", tiles, {
      rows,
      outputs: layer.synapses.shape.channels,
      gFirst: 0,
      gRows: rows,
      first: 0,
      allRows: rows,
      repeat: 1,
      g: layer.workspace.g,
      weights: transposed,
      constant: 0,
      out: gradient,
    });
    return { at: gradient, held: false };
  }
}

// Backpropagation through time on the non-spiking recurrent net: the exact gradient of the mean loss over the window.
//
// xi_n = W_up^T delta_up,n + W_h^T delta_{n+1},  delta_n = xi_n (1 - h_n^2)
//
// delta_up: the errors of the layer above or of the read-out. Temporal credit: all of it, from every later position of the window; none
// crosses the window's ends.

/**
 * Backpropagation through time on the non-spiking recurrent net: the exact gradient of the mean loss over the window. `learningRates.recall` is not used.
 *
 * @example
 * const learner = new AnnBackprop(net, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.load(text, starts, 0, 64);
 * learner.step({ perception: 3e-3, recall: 0 }).loss;
 */
export class AnnBackprop extends AnnLearner {
  /** xi of each layer, all positions, laid out like the layer's values: columns past its width must stay 0. */
  readonly #xi: readonly Region<Float32Array>[];

  constructor(net: RecurrentNet, optimiser: OptimiserOptions) {
    super(net, optimiser);
    const { window, maxRows } = net.windows;
    this.#xi = net.layers.map(({ stride }) => net.team.arena.f32(window * maxRows * stride));
  }

  /** One update on the windows that were loaded. */
  step(learningRates: LearningRates): SequenceStepReport {
    const { net, optimiser } = this;
    const { window, rows, positions } = net.windows;
    net.forward();
    net.readout.compare(0, positions, net.readout.meanFactor(positions));
    optimiser.begin();
    const report = this.report(net.readout.sums(0, positions));
    net.readout.gradient(positions, 1);
    for (let index = net.layers.length - 1; index >= 0; index--) {
      this.#backward(index);
      net.layers[index]!.gradient(window, rows, 1);
    }
    this.updateNet(learningRates.perception);
    optimiser.finish();
    return report;
  }

  /** Errors of a layer at all positions, from those of the part above. */
  #backward(index: number): void {
    const { net, team } = this;
    const { window, rows, positions } = net.windows;
    const layer = net.layers[index]!;
    const { stride } = layer;
    const { at } = this.#xi[index]!;
    net.above(index).pull(0, positions, { at, stride });
    const length = rows * stride;
    for (let position = window - 1; position >= 0; position--) {
      const xi = at + position * length * 4;
      if (position < window - 1) layer.pullBack(position + 1, rows, { at: xi, stride });
      const h = layer.valuesAt(position * rows).at;
      const delta = layer.errorsAt(position * rows).at;
      team.run("tanhBackward", Math.ceil(length / BLOCK), {
        length,
        errorLimit: Number.POSITIVE_INFINITY,
        xi,
        h,
        delta,
      });
    }
  }
}
