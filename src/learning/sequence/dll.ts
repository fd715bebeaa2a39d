/**
 * Dendritic Localized Learning (Lv et al. 2025, arXiv 2501.09976) on the real-valued recurrent net: errors come down by weights of their own.
 *
 *   xi_n = clip(Theta_up^T delta_up,n [+ Theta_h^T delta_{n+1}], +-limit),  delta_n = xi_n (1 - h_n^2)
 *   W_x, W_h, W_y descend along delta_n x_n^T, delta_n h_{n-1}^T, delta_y,n h_n^T;  Theta^T descends along xi delta^T, at a tenth of W's rate
 *
 * delta_up: the errors of the layer above, or delta_y = softmax(y) - one-hot (symbols), y - target (values) of the read-out; [out][in] of
 * Theta_up^T: [width][width above]. Errors here are output minus target, the paper's target minus output; both signs give the same updates.
 *
 * Temporal credit: by default none comes from later positions. The state of the position before is an input like any other, each position's
 * weights learn from that position's own error. With `temporal`, the next position's error comes back too, through weights Theta_h of its own.
 */
import { BLOCK } from "../../engine/kernels.ts";
import { multiply } from "../../engine/matrix.ts";
import type { Region } from "../../engine/memory.ts";
import { DenseParameters } from "../../network/real/dense-parameters.ts";
import type { RecurrentNet } from "../../network/real/recurrent-net.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import type { Rates } from "../rule.ts";
import type { SequenceStepReport } from "./learner.ts";
import { RealLearner } from "./real-learner.ts";

/** What rule dll is told on sequences. */
export interface DllOptions {
  /** Theta's learning rate over W's. */
  readonly feedbackLearningRate: number;
  /** Largest size of an error xi. */
  readonly errorLimit: number;
  /** Whether errors also come from the next position, through Theta_h. */
  readonly temporal: boolean;
  /** Draws Theta. */
  readonly seed: number;
}

/** Defaults of rule dll on sequences: feedbackLearningRate 0.1, errorLimit 50, not temporal, seed 0. */
export const dllDefaults: DllOptions = { feedbackLearningRate: 0.1, errorLimit: 50, temporal: false, seed: 0 };

/**
 * Dendritic Localized Learning (Lv et al. 2025, arXiv 2501.09976) on the recurrent net of real numbers: errors come down by learned weights Theta of their own,
 *
 *     xi_n = clip(Theta_up^T delta_up,n [+ Theta_h^T delta_{n+1}], +-limit),   delta_n = xi_n (1 - h_n^2)
 *
 * `rates.perception` is W's rate; `rates.recall` is not used.
 *
 * @example
 * const learner = new Dll(net, { ...dllDefaults, seed: 1 }, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class Dll extends RealLearner {
  readonly #options: DllOptions;
  /** Theta of each layer: "above" [width][width above], "next" [width][width]. */
  readonly #feedback: readonly DenseParameters[];
  /** xi of each layer, all positions, laid out like the layer's values. */
  readonly #xi: readonly Region<Float32Array>[];

  constructor(net: RecurrentNet, options: DllOptions, optimiser: OptimiserOptions) {
    const { window, maxRows } = net.windows;
    const feedback = net.layers.map(({ width }, index) => {
      const above = [width, net.above(index).width] as const;
      const shapes = options.temporal ? { above, next: [width, width] as const } : { above };
      return new DenseParameters(net.team, `feedback.stage${index + 2}`, shapes);
    });
    super(net, optimiser, feedback);
    for (const [index, parameters] of feedback.entries()) {
      parameters.initialise(options.seed, { above: net.above(index).width, next: net.layers[index]!.width });
    }
    this.#options = options;
    this.#feedback = feedback;
    this.#xi = net.layers.map(({ stride }) => net.team.arena.f32(window * maxRows * stride));
  }

  /** One update on the windows that were loaded. */
  step(rates: Rates): SequenceStepReport {
    const { net, optimiser } = this;
    const { window, rows, positions } = net.windows;
    net.forward();
    net.readout.compare(0, positions, 1);
    optimiser.begin();
    const report = this.report(net.readout.sums(0, positions));
    for (let index = net.layers.length - 1; index >= 0; index--) this.#send(index);
    const scale = 1 / positions;
    net.readout.gradient(positions, scale);
    for (const [index, layer] of net.layers.entries()) {
      layer.gradient(window, rows, scale);
      this.#feedbackGradient(index, scale);
    }
    this.updateNet(rates.perception);
    for (const { group } of this.#feedback)
      optimiser.update(group, rates.perception * this.#options.feedbackLearningRate);
    optimiser.finish();
    return report;
  }

  /** Errors of a layer at all positions, from those of the part above. */
  #send(index: number): void {
    const { net, team } = this;
    const { errorLimit, temporal } = this.#options;
    const { window, rows, positions } = net.windows;
    const layer = net.layers[index]!;
    const above = net.above(index);
    const { stride, width } = layer;
    const feedback = this.#feedback[index]!;
    const xi = { at: this.#xi[index]!.at, stride };
    const product = { columns: width, b: feedback.matrix("above"), c: xi };
    multiply(team, { ...product, rows: positions, depth: above.width, a: above.errorsAt(0) });
    const step = rows * stride;
    if (!temporal) {
      const length = positions * stride;
      team.run("tanhBackward", Math.ceil(length / BLOCK), {
        length,
        errorLimit,
        xi: xi.at,
        h: layer.values.at,
        delta: layer.errors.at,
      });
      return;
    }
    for (let position = window - 1; position >= 0; position--) {
      const from = position * rows;
      const c = { at: xi.at + position * step * 4, stride };
      if (position < window - 1) {
        const a = layer.errorsAt(from + rows);
        multiply(team, { rows, columns: width, depth: width, a, b: feedback.matrix("next"), c, base: "own" });
      }
      team.run("tanhBackward", Math.ceil(step / BLOCK), {
        length: step,
        errorLimit,
        xi: c.at,
        h: layer.valuesAt(from).at,
        delta: layer.errorsAt(from).at,
      });
    }
  }

  #feedbackGradient(index: number, scale: number): void {
    const { net, team } = this;
    const { window, rows, positions } = net.windows;
    const layer = net.layers[index]!;
    const above = net.above(index);
    const feedback = this.#feedback[index]!;
    const b = { at: this.#xi[index]!.at, stride: layer.stride };
    const shared = { columns: layer.width, b, transposed: "a", scale } as const;
    const c = feedback.gradient("above");
    multiply(team, { ...shared, rows: above.width, depth: positions, a: above.errorsAt(0), c });
    // A window of one position has no next one: the gradient stays 0.
    if (!this.#options.temporal || window === 1) return;
    const a = layer.errorsAt(rows);
    multiply(team, { ...shared, rows: layer.width, depth: positions - rows, a, c: feedback.gradient("next") });
  }
}
