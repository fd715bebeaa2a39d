/**
 * Predictive coding (Rao and Ballard 1999; for supervised nets Whittington and Bogacz 2017) on a real-valued net of images. Values of all hidden stages find the least energy with
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
import type { Address } from "../../engine/memory.ts";
import { InputGradient } from "../../network/input-gradient.ts";
import { pixelsOf, tilesOf } from "../../network/shape.ts";
import { finishDrive } from "../backprop/finish.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import type { Batch, Rates, StepReport } from "../rule.ts";
import { RealImageLearner } from "./image-learner.ts";
import type { RealImageNet } from "./image-net.ts";

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
 * `rates.recall` is not used. The reported loss and decisions are those before inference.
 *
 * @example
 * const learner = new ImagePredictiveCoding(realImageNet(team, net, "predictive-coding"), imagePredictiveCodingDefaults, { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 */
export class ImagePredictiveCoding extends RealImageLearner {
  readonly #options: ImagePredictiveCodingOptions;
  readonly #down: readonly InputGradient[];
  /** mu - x of each hidden stage, in tiles. */
  readonly #gaps: readonly Address[];
  /** What the stage above asks of the values of whichever stage is at work, in tiles. */
  readonly #pull: Address;

  constructor(image: RealImageNet, coding: ImagePredictiveCodingOptions, optimiser: OptimiserOptions) {
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

  step(batch: Batch, rates: Rates): StepReport {
    const { net, optimiser } = this;
    const { labels } = batch;
    const images = this.begin(batch);
    net.forward(images, true);
    const report = this.report(this.compare(labels, 1 / images), images);
    for (const k of net.hidden.keys()) this.#gap(k, images, 1);
    for (let step = 0; step < this.#options.inferenceSteps; step++) this.#infer(images);
    this.#learn(labels);
    this.updateNet(rates.perception);
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
