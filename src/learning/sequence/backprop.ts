/**
 * Surrogate-gradient backprop through time on perception alone: the rival on the same spiking net. The read-out's loss goes back through every stage, every step and every position of
 * the window. None of the criteria but binary messages (C4) is met: errors travel by transposed weights, after the forward pass, and need the whole window's drives.
 */

import { padded } from "../../engine/kernels.ts";
import type { Address } from "../../engine/memory.ts";
import type { SequencePair } from "../../network/recurrent/sequence-pair.ts";
import { type FromAbove, ThroughTime } from "../../network/recurrent/through-time.ts";
import { AdamW, type OptimiserOptions } from "../optimiser.ts";
import type { Rates } from "../rule.ts";
import type { SequenceStepReport } from "./learner.ts";
import { SpikingLearner } from "./spiking-learner.ts";

/**
 * Surrogate-gradient backprop through time on the spiking net of sequences: through every stage, step and position of the window. Trains perception alone; `rates.recall` is not used.
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
    this.#down = pair.perception.map(({ neurons }, k) => {
      const above = pair.perception[k + 1]?.neurons ?? targets.width;
      const rows = images * (k === pair.perception.length - 1 ? 1 : steps);
      return {
        transposed: team.arena.allocate((padded(neurons) / 16) * above * 64),
        gradient: team.arena.allocate(rows * padded(neurons) * 4),
      };
    });
    this.#readout = team.arena.allocate(images * padded(targets.width) * 4);
    const groups = [...pair.perception, pair.conceptDrive].map(({ group }) => group);
    this.optimiser = new AdamW(team, optimiser, groups);
  }

  /** One update on the windows that were loaded. */
  step(rates: Rates): SequenceStepReport {
    const { pair, optimiser, positions, rows } = this;
    const { perception, conceptDrive } = pair;
    const images = positions * rows;
    const seen = optimiser.steps;
    optimiser.begin();
    pair.reset(positions, rows);
    for (const layer of perception) layer.forward(positions, rows, { learn: "batch" });
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
      optimiser.update(layer.group, rates.perception);
      layer.observe(positions, rows, seen);
    }
    optimiser.update(conceptDrive.group, rates.perception);
    optimiser.finish();
    const perceptionRates = perception.map((layer) => {
      const own = layer.rates(positions, rows);
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
    const { neurons } = pair.perception.at(-1)!;
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
    const { neurons } = pair.perception[k - 1]!;
    const { transposed, gradient } = this.#down[k - 1]!;
    const tiles = padded(neurons) / 16;
    const rows = images * pair.options.steps;
    team.run("transposeWeights", tiles, {
      inputs: neurons,
      outputs: layer.neurons,
      factor: 1,
      weights: layer.group.at("weight"),
      out: transposed,
    });
    team.run("spikeGradient", tiles, {
      rows,
      outputs: layer.neurons,
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
