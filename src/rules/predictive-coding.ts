/**
 * Predictive coding (Rao and Ballard 1999; for supervised nets Whittington and Bogacz 2017) on a non-spiking net of images. Values of all hidden stages find the least energy with
 * the stimulus and the label given; then every weight descends along its own error and input.
 *
 *   mu_l = f(Norm(pool(W_l x_{l-1} + b_l))),  E = sum over images and stages of |x_l - mu_l|^2 / 2 + the top loss -ln softmax(W_L x_{L-1} + b_L)[label]
 *   start: x_l = mu_l;  then `inferenceSteps` times, all stages at once:  x_l = x_l - rate dE/dx_l,  dE/dx_l = (x_l - mu_l) - J_{l+1}^T (x_{l+1} - mu_{l+1})
 *   then  W_l, b_l, norm: descend along dE/dW_l / images, by the errors that are left
 *
 * J^T, the derivative of the next prediction, takes errors down by the transposes of W: weight transport (C1 is not met). The label is clamped through the top loss, which is
 * the other rules' too.
 *
 * Whittington and Bogacz define fully connected nets without norm or pooling; here both are parts of the prediction: a pool's winners and the batch's statistics follow the values
 * at every step (so E and its gradients are exact), the running statistics only the first prediction, which is how the net decides in use.
 */

import { BLOCK } from "../engine/kernels.ts";
import { type Matrix, multiply } from "../engine/matrix.ts";
import type { Address } from "../engine/memory.ts";
import type { RecurrentLayer } from "../nets/dense-recurrent.ts";
import type { ReadoutLoss, RecurrentNet } from "../nets/dense-recurrent-net.ts";
import { InputGradient } from "../nets/input-gradient.ts";

import { pixelsOf, tilesOf } from "../nets/shape.ts";
import { AnnImageLearner, type AnnImageNet } from "./ann-images.ts";
import { finishDrive } from "./backward-stage.ts";
import type { OptimiserOptions } from "./optimiser.ts";
import type { Batch, LearningRates, SequenceStepReport, StepReport } from "./rule.ts";

import { AnnLearner } from "./sequence-learners.ts";

/** What rule predictive-coding is told on images. */
export interface ImagePredictiveCodingOptions {
  /**
   * Steps of inference a batch. Default 20; 100 to 200 in published comparisons. Each is a pass up and the errors' way down. With fewer than there are hidden stages the lowest ones get no
   * error; of two hidden stages on MNIST, 10, 20 and 100 steps taught alike (93.4 % right after 5000 images, twice).
   */
  readonly inferenceSteps: number;
  /** Rate of each of them. */
  readonly inferenceLearningRate: number;
}

/** Defaults of rule predictive-coding on images: 20 steps of inference at a rate of 0.1. */
export const imagePredictiveCodingDefaults: ImagePredictiveCodingOptions = {
  inferenceSteps: 20,
  inferenceLearningRate: 0.1,
};

/**
 * Predictive coding (Rao and Ballard 1999; Whittington and Bogacz 2017): the values x_l of all hidden stages descend the energy
 *
 *     E = sum over images and stages of |x_l - mu_l|^2 / 2 + the top's cross-entropy,   mu_l the prediction from the stage below
 *
 * with the label given, then every weight learns from its own error and input.
 * `learningRates.recall` is not used. The reported loss and decisions are those before inference.
 *
 * @example
 * const learner = new ImagePredictiveCoding(annImageNet(team, net, "predictive-coding"), imagePredictiveCodingDefaults, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class ImagePredictiveCoding extends AnnImageLearner {
  readonly #options: ImagePredictiveCodingOptions;
  readonly #down: readonly InputGradient[];
  /** mu - x of each hidden stage, in tiles. */
  readonly #gaps: readonly Address[];
  /** What the stage above asks of the values of whichever stage is at work, in tiles. */
  readonly #pull: Address;

  constructor(image: AnnImageNet, coding: ImagePredictiveCodingOptions, optimiser: OptimiserOptions) {
    const { options } = image;
    const { team } = image.net;
    super(image, optimiser);
    this.#options = coding;
    const { hidden, layers } = image.net;
    this.#down = hidden.map(({ shape }, k) => {
      const { synapses, group } = layers[k + 1]!;
      return new InputGradient(team, synapses, group, shape);
    });
    const floats = this.#down.map((down) => down.floats(options.maxImages, 1));
    this.#gaps = floats.map((length) => team.arena.f32(length).at);
    this.#pull = team.arena.f32(Math.max(0, ...floats)).at;
  }

  step(batch: Batch, learningRates: LearningRates): StepReport {
    const { net, optimiser } = this;
    const { labels } = batch;
    const images = this.begin(batch);
    net.forward(images, true);
    const report = this.report(this.compare(labels, 1 / images), images);
    for (const k of net.hidden.keys()) this.#gap(k, images, 1);
    for (let step = 0; step < this.#options.inferenceSteps; step++) this.#infer(images);
    this.#learn(labels);
    this.updateNet(learningRates.perception);
    optimiser.finish();
    return report;
  }

  /** One step of all values, and what follows from them: predictions and their errors. */
  #infer(images: number): void {
    const { net, team } = this;
    this.#outputErrors(images);
    let { workspace } = net.readout;
    for (let k = net.hidden.length - 1; k >= 0; k--) {
      const stage = net.hidden[k]!;
      const { shape, output } = stage;
      const gap = this.#gaps[k]!;
      this.#down[k]!.run(images, workspace, 1, this.#pull);
      if (k > 0) finishDrive(team, images, stage, stage.toDrive(images, { at: gap }));
      ({ workspace } = stage);
      team.run("relaxRows", tilesOf(shape) * images, {
        images,
        pixels: pixelsOf(shape),
        channels: shape.channels,
        stride: output.stride,
        inferenceRate: this.#options.inferenceLearningRate,
        pull: this.#pull,
        gap,
        x: output.at,
      });
    }
    for (const [k, stage] of net.hidden.entries()) {
      // The lowest stage's prediction reads the stimulus, which stays.
      if (k > 0) stage.drive(images, true, 0);
      this.#gap(k, images, 1);
    }
    net.readout.forward(images, { train: true });
  }

  /** dE/dz of the read-out to its workspace: softmax(y) - one-hot. */
  #outputErrors(images: number): void {
    const { team, options } = this;
    const { features, featureWidth, synapses, workspace } = this.net.readout;
    const at = this.errors.at;
    team.run("softmaxError", images, {
      classes: options.classes,
      stride: featureWidth,
      logits: features.at,
      labels: this.labels.at,
      errors: at,
    });
    team.run("readoutBackward", tilesOf(synapses.shape) * images, {
      images,
      zSteps: 1,
      pixels: 1,
      channels: options.classes,
      width: featureWidth,
      gradients: at,
      g: workspace.g,
    });
  }

  /** factor (mu - x) of a hidden stage, from its newest drive and its values. */
  #gap(k: number, images: number, factor: number): void {
    const { norm, workspace, shape, output, activationCode } = this.net.hidden[k]!;
    this.team.run("predictionGap", tilesOf(shape) * images, {
      kind: activationCode,
      images,
      pixels: pixelsOf(shape),
      channels: shape.channels,
      stride: output.stride,
      factor,
      scale: norm.scale.at,
      shift: norm.shift.at,
      z: workspace.z,
      x: output.at,
      gap: this.#gaps[k]!,
    });
  }

  /** All gradients of E / images, with the values as they are. */
  #learn(labels: Uint16Array): void {
    const { net } = this;
    const images = labels.length;
    this.compare(labels, 1 / images);
    net.readout.backward(images, "rate", this.errors.at);
    for (const [k, stage] of net.hidden.entries()) {
      this.#gap(k, images, 1 / images);
      const coefficients = stage.toDrive(images, { at: this.#gaps[k]! });
      stage.synapses.gradient(stage.group, images, stage.workspace, coefficients);
    }
  }
}

// Temporal predictive coding (Millidge, Tang, Osanlouy, Harper, Bogacz, "Predictive coding networks for temporal prediction", PLoS
// Computational Biology 2024; bioRxiv 2023) on the non-spiking recurrent net. At each position the values of all layers find the least
// energy, with the target given and what the position before passes on, m_l[n-1], held fixed:
//
// mu_l = tanh(W_x x_{l-1} + W_h m_l[n-1] + b),  E = sum_l |x_l - mu_l|^2 / 2 + loss(y, target),  y = W_y x_top + c
// start: x_l = mu_l;  then `inferenceSteps` times, all layers at once:  x_l = x_l - rate dE/dx_l,  dE/dx_l = (x_l - mu_l) + W_up^T delta_up
// delta_l = (mu_l - x_l)(1 - mu_l^2) = dE/dz_l,  delta_y = softmax(y) - one-hot (symbols), y - target (values: loss = |y - target|^2 / 2)
//
// x_0: the input. Then every weight descends along its own error and input: delta_l x_{l-1}^T, delta_l m_l[n-1]^T, delta_y x_top^T.
//
// Temporal credit: none comes from later positions. With `carry` "inferred" m is the value after inference, as in the paper, so that positions
// are taken one after the other and a position knows the targets before it. Nothing gives it those when it predicts, so this suits tasks whose
// inputs hold them anyway (next symbols). With "predicted" m is the value before inference, the same as when it predicts, and all positions
// find their least energy at once.

/** What rule predictive-coding is told on sequences. */
export interface PredictiveCodingOptions {
  /** Steps of inference a position. */
  readonly inferenceSteps: number;
  /** Rate of each of them. */
  readonly inferenceLearningRate: number;
  /** What a position passes on to the next: its value before inference, or after. */
  readonly carry: "predicted" | "inferred";
}

/** Defaults of rule predictive-coding on sequences: 100 steps of inference at a rate of 0.1, `carry` "predicted". */
export const predictiveCodingDefaults: PredictiveCodingOptions = {
  inferenceSteps: 100,
  inferenceLearningRate: 0.1,
  carry: "predicted",
};

/** A layer's room for the positions that settle together, all rows. */
interface Workspace {
  readonly layer: RecurrentLayer;
  /** mu. */
  readonly prediction: Matrix;
  /** The part of z that is fixed during inference: W_h m[n-1] + b; of use above the first layer. */
  readonly fixed: Matrix;
  /** The gradient of the errors above by x. */
  readonly pull: Matrix;
  /** m. */
  readonly carried: Matrix;
}

/**
 * Temporal predictive coding (Millidge et al. 2024) on the non-spiking recurrent net: at each position the values x_l of all layers descend
 *
 *     E = sum_l |x_l - mu_l|^2 / 2 + the read-out's loss,   mu_l the prediction from the layer below and the position before
 *
 * with the target given, then every weight learns from its own error and input. `learningRates.recall` is not used.
 *
 * @example
 * const learner = new PredictiveCoding(net, predictiveCodingDefaults, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class PredictiveCoding extends AnnLearner {
  readonly #options: PredictiveCodingOptions;
  readonly #workspaces: readonly Workspace[];

  constructor(net: RecurrentNet, options: PredictiveCodingOptions, optimiser: OptimiserOptions) {
    super(net, optimiser);
    this.#options = options;
    const { maxRows, window } = net.windows;
    const together = options.carry === "predicted";
    this.#workspaces = net.layers.map((layer) => {
      const positions = together ? window * maxRows : maxRows;
      const room = (): Matrix => ({ at: net.team.arena.f32(positions * layer.stride).at, stride: layer.stride });
      const carried = together ? room() : layer.valuesAt(0);
      return { layer, prediction: room(), fixed: room(), pull: room(), carried };
    });
  }

  /** The reported loss and decisions are those before inference. */
  step(learningRates: LearningRates): SequenceStepReport {
    const { net, optimiser } = this;
    const { window, rows, positions } = net.windows;
    optimiser.begin();
    const report = this.report(this.#options.carry === "predicted" ? this.#together() : this.#oneByOne());
    const scale = 1 / positions;
    net.readout.gradient(positions, scale);
    for (const { layer, carried } of this.#workspaces) layer.gradient(window, rows, scale, carried);
    this.updateNet(learningRates.perception);
    optimiser.finish();
    return report;
  }

  /** Predicts all positions, then lets them settle; returns what was predicted. */
  #together(): ReadoutLoss {
    const { rows, positions } = this.net.windows;
    this.net.forward();
    for (const { layer, prediction, fixed, carried } of this.#workspaces) {
      const { values, stride } = layer;
      this.#copy(values.at, prediction.at, positions * stride);
      this.#copy(values.at, carried.at, positions * stride);
      this.#rest(layer, rows, fixed);
      const later = { at: fixed.at + rows * stride * 4, stride };
      layer.recur(0, positions - rows, later, layer.parameters.matrix("bias").at);
    }
    return this.#settle(0, positions);
  }

  /** Predicts and settles one position after the other; returns what was predicted. */
  #oneByOne(): ReadoutLoss {
    const { net } = this;
    const { window, rows } = net.windows;
    const sums = { loss: 0, correct: 0 };
    for (let position = 0; position < window; position++) {
      const from = position * rows;
      for (const { layer, prediction, fixed } of this.#workspaces) {
        layer.drive(from, rows);
        layer.advance(position, rows);
        this.#copy(layer.valuesAt(from).at, prediction.at, rows * layer.stride);
        if (position > 0) layer.recur(from - rows, rows, fixed, layer.parameters.matrix("bias").at);
        else this.#rest(layer, rows, fixed);
      }
      net.readout.forward(from, rows);
      const { loss, correct } = this.#settle(from, rows);
      sums.loss += loss;
      sums.correct += correct;
    }
    return sums;
  }

  /** The fixed part of the drive where there is no position before: the bias in each row. */
  #rest(layer: RecurrentLayer, rows: number, fixed: Matrix): void {
    const bias = layer.parameters.matrix("bias").at;
    for (let row = 0; row < rows; row++) this.#copy(bias, fixed.at + row * layer.stride * 4, layer.stride);
  }

  /**
   * Inference at the row indices from .. from + count, whose values, predictions and outputs are there: leaves values and errors in the layers,
   * and returns what was predicted.
   */
  #settle(from: number, count: number): ReadoutLoss {
    const { net } = this;
    net.readout.compare(from, count, 1);
    const predicted = net.readout.sums(from, count);
    for (const workspace of this.#workspaces) this.#error(workspace, from, count);
    for (let step = 0; step < this.#options.inferenceSteps; step++) {
      for (const [index, workspace] of this.#workspaces.entries()) {
        net.above(index).pull(from, count, workspace.pull);
      }
      for (const workspace of this.#workspaces) this.#relax(workspace, from, count);
      for (const workspace of this.#workspaces.slice(1)) {
        this.#predictAgain(workspace, from, count);
        this.#error(workspace, from, count);
      }
      net.readout.forward(from, count);
      net.readout.errorsOnly(from, count);
    }
    // The lowest layer has nothing below to tell before its weights learn.
    this.#error(this.#workspaces[0]!, from, count);
    return predicted;
  }

  /** Prediction from the value that the layer below has now. */
  #predictAgain({ layer, prediction, fixed }: Workspace, from: number, count: number): void {
    const { input } = layer;
    if (input.kind !== "values") return;
    this.#copy(fixed.at, prediction.at, count * layer.stride);
    multiply(this.team, {
      rows: count,
      columns: layer.width,
      depth: input.width,
      a: { at: input.at + from * input.stride * 4, stride: input.stride },
      b: layer.parameters.matrix("input"),
      c: prediction,
      base: "own",
    });
    layer.activate(prediction, count);
  }

  #error({ layer, prediction }: Workspace, from: number, count: number): void {
    const length = count * layer.stride;
    this.team.run("predictionError", Math.ceil(length / BLOCK), {
      length,
      x: layer.valuesAt(from).at,
      mu: prediction.at,
      delta: layer.errorsAt(from).at,
    });
  }

  #relax({ layer, prediction, pull }: Workspace, from: number, count: number): void {
    const length = count * layer.stride;
    this.team.run("relax", Math.ceil(length / BLOCK), {
      length,
      inferenceRate: this.#options.inferenceLearningRate,
      x: layer.valuesAt(from).at,
      mu: prediction.at,
      pull: pull.at,
    });
  }

  #copy(from: Address, to: Address, length: number): void {
    new Uint8Array(this.team.arena.memory.buffer).copyWithin(to, from, from + length * 4);
  }
}
