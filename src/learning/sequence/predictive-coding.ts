/**
 * Temporal predictive coding (Millidge, Tang, Osanlouy, Harper, Bogacz, "Predictive coding networks for temporal prediction", PLoS
 * Computational Biology 2024; bioRxiv 2023) on the real-valued recurrent net. Positions are taken one after the other; at each one the values
 * of all layers find the least energy, with the target given and the values of the position before held fixed:
 *
 *   mu_l = tanh(W_x x_{l-1} + W_h x_l[n-1] + b),  E = sum_l |x_l - mu_l|^2 / 2 + loss(y, target),  y = W_y x_top + c
 *   start: x_l = mu_l;  then `inferenceSteps` times, all layers at once:  x_l = x_l - rate dE/dx_l,  dE/dx_l = (x_l - mu_l) + W_up^T delta_up
 *   delta_l = (mu_l - x_l)(1 - mu_l^2) = dE/dz_l,  delta_y = softmax(y) - one-hot (symbols), y - target (values: loss = |y - target|^2 / 2)
 *
 * x_0: the input. Then every weight descends along its own error and input: delta_l x_{l-1}^T, delta_l x_l[n-1]^T, delta_y x_top^T.
 *
 * Temporal credit: none comes from later positions. A position passes its inferred value on, so that what its target has taught it is known to
 * the next one; at prediction time there are no targets, and values are the predictions alone.
 */
import { BLOCK } from "../../engine/kernels.ts";
import type { Matrix } from "../../engine/matrix.ts";
import { multiply } from "../../engine/matrix.ts";
import type { Address } from "../../engine/memory.ts";
import type { ReadoutLoss } from "../../network/real/linear-readout.ts";
import type { RecurrentLayer } from "../../network/real/recurrent-layer.ts";
import type { RecurrentNet } from "../../network/real/recurrent-net.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import type { Rates } from "../rule.ts";
import type { SequenceStepReport } from "./learner.ts";
import { RealLearner } from "./real-learner.ts";

export interface PredictiveCodingOptions {
  /** Steps of inference a position. */
  readonly inferenceSteps: number;
  /** Rate of each of them. */
  readonly inferenceRate: number;
}

export const predictiveCodingDefaults: PredictiveCodingOptions = { inferenceSteps: 100, inferenceRate: 0.1 };

/** A layer's room for one position, all rows. */
interface Workspace {
  readonly layer: RecurrentLayer;
  /** mu. */
  readonly prediction: Matrix;
  /** The part of z that is fixed during inference: W_h x[n-1] + b. */
  readonly fixed: Matrix;
  /** The gradient of the errors above by x. */
  readonly pull: Matrix;
}

/**
 * @example
 * const learner = new PredictiveCoding(net, predictiveCodingDefaults, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class PredictiveCoding extends RealLearner {
  readonly #options: PredictiveCodingOptions;
  readonly #workspaces: readonly Workspace[];

  constructor(net: RecurrentNet, options: PredictiveCodingOptions, optimiser: OptimiserOptions) {
    super(net, optimiser);
    this.#options = options;
    const { maxRows } = net.windows;
    this.#workspaces = net.layers.map((layer) => {
      const room = (): Matrix => ({ at: net.team.arena.f32(maxRows * layer.stride).at, stride: layer.stride });
      return { layer, prediction: room(), fixed: room(), pull: room() };
    });
  }

  /** The reported loss and decisions are those before inference, from the inferred values of the position before. */
  step(rates: Rates): SequenceStepReport {
    const { net, optimiser } = this;
    const { window, rows, positions } = net.windows;
    const sums = { loss: 0, correct: 0 };
    for (let position = 0; position < window; position++) {
      const { loss, correct } = this.#settle(position);
      sums.loss += loss;
      sums.correct += correct;
    }
    const report = this.report(sums);
    optimiser.begin();
    const scale = 1 / positions;
    net.readout.gradient(positions, scale);
    for (const layer of net.layers) layer.gradient(window, rows, scale);
    this.updateNet(rates.perception);
    optimiser.finish();
    return report;
  }

  /** Inference at one position: leaves its values and errors in the layers, and returns what was predicted before. */
  #settle(position: number): ReadoutLoss {
    const { net } = this;
    const { rows } = net.windows;
    const from = position * rows;
    for (const workspace of this.#workspaces) this.#predict(workspace, position);
    net.readout.forward(from, rows);
    net.readout.compare(from, rows, 1);
    const predicted = net.readout.sums(from, rows);
    for (const workspace of this.#workspaces) this.#error(workspace, from);
    for (let step = 0; step < this.#options.inferenceSteps; step++) {
      for (const [index, workspace] of this.#workspaces.entries()) {
        net.above(index).pull(from, rows, workspace.pull);
      }
      for (const workspace of this.#workspaces) this.#relax(workspace, from);
      for (const workspace of this.#workspaces.slice(1)) {
        this.#predictAgain(workspace, from);
        this.#error(workspace, from);
      }
      net.readout.forward(from, rows);
      net.readout.errorsOnly(from, rows);
    }
    // The lowest layer has nothing below to tell before its weights learn.
    this.#error(this.#workspaces[0]!, from);
    return predicted;
  }

  /** Prediction of a layer's value from the layer below and the position before; the value begins there. */
  #predict({ layer, prediction, fixed }: Workspace, position: number): void {
    const { rows } = this.net.windows;
    const from = position * rows;
    layer.drive(from, rows);
    layer.advance(position, rows);
    this.#copy(layer.valuesAt(from).at, prediction.at, rows * layer.stride);
    if (layer === this.net.layers[0]) return;
    const bias = layer.parameters.matrix("bias").at;
    if (position > 0) layer.recur(position, rows, fixed, bias);
    else for (let row = 0; row < rows; row++) this.#copy(bias, fixed.at + row * layer.stride * 4, layer.stride);
  }

  /** Prediction from the value that the layer below has now. */
  #predictAgain({ layer, prediction, fixed }: Workspace, from: number): void {
    const { rows } = this.net.windows;
    const { input } = layer;
    if (input.kind !== "values") return;
    this.#copy(fixed.at, prediction.at, rows * layer.stride);
    multiply(this.team, {
      rows,
      columns: layer.width,
      depth: input.width,
      a: { at: input.at + from * input.stride * 4, stride: input.stride },
      b: layer.parameters.matrix("input"),
      c: prediction,
      base: "own",
    });
    layer.activate(prediction, rows);
  }

  #error({ layer, prediction }: Workspace, from: number): void {
    const length = this.net.windows.rows * layer.stride;
    const places = [layer.valuesAt(from).at, prediction.at, layer.errorsAt(from).at];
    this.team.run("predictionError", Math.ceil(length / BLOCK), length, ...places);
  }

  #relax({ layer, prediction, pull }: Workspace, from: number): void {
    const length = this.net.windows.rows * layer.stride;
    const places = [layer.valuesAt(from).at, prediction.at, pull.at];
    this.team.run("relax", Math.ceil(length / BLOCK), length, this.#options.inferenceRate, ...places);
  }

  #copy(from: Address, to: Address, length: number): void {
    new Uint8Array(this.team.arena.memory.buffer).copyWithin(to, from, from + length * 4);
  }
}
