/**
 * Backpropagation through time on the real-valued recurrent net: the exact gradient of the mean loss over the window.
 *
 *   xi_n = W_up^T delta_up,n + W_h^T delta_{n+1},  delta_n = xi_n (1 - h_n^2)
 *
 * delta_up: the errors of the layer above or of the read-out. Temporal credit: all of it, from every later position of the window; none
 * crosses the window's ends.
 */
import { BLOCK } from "../../engine/kernels.ts";
import type { Region } from "../../engine/memory.ts";
import type { RecurrentNet } from "../../network/real/recurrent-net.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import type { Rates } from "../rule.ts";
import type { SequenceStepReport } from "./learner.ts";
import { RealLearner } from "./real-learner.ts";

/**
 * Backpropagation through time on the recurrent net of real numbers: the exact gradient of the mean loss over the window. `rates.recall` is not used.
 *
 * @example
 * const learner = new RealBackprop(net, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.load(text, starts, 0, 64);
 * learner.step({ perception: 3e-3, recall: 0 }).loss;
 */
export class RealBackprop extends RealLearner {
  /** xi of each layer, all positions, laid out like the layer's values: columns past its width must stay 0. */
  readonly #xi: readonly Region<Float32Array>[];

  constructor(net: RecurrentNet, optimiser: OptimiserOptions) {
    super(net, optimiser);
    const { window, maxRows } = net.windows;
    this.#xi = net.layers.map(({ stride }) => net.team.arena.f32(window * maxRows * stride));
  }

  /** One update on the windows that were loaded. */
  step(rates: Rates): SequenceStepReport {
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
    this.updateNet(rates.perception);
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
