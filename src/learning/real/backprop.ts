/**
 * Backprop on a net of real numbers: the yardstick that shares nothing with a spiking net but shapes, norm, optimiser and loss. None of the criteria of plausibility is met.
 *
 *   dL/dz_L = (softmax(y) - one-hot) / images,  dL/dy_k = W_{k+1}^T dL/dz_{k+1},  dL/dz_k by f' and the norm (equations: learning/backprop/layered.ts)
 */
import { LayeredBackprop } from "../backprop/layered.ts";
import type { OptimiserOptions } from "../optimiser.ts";
import type { Batch, Rates, StepReport } from "../rule.ts";
import { RealImageLearner } from "./image-learner.ts";
import type { RealImageNet } from "./image-net.ts";

/**
 * Backprop on a net of real numbers, with cross-entropy at the top.
 * `rates.recall` is not used.
 *
 * @example
 * const net = { kind: "mlp", image: { height: 28, width: 28, channels: 1 }, hidden: [512, 256], classes: 10, norm: true, maxImages: 128, seed: 1 } as const;
 * const learner = new ImageRealBackprop(realImageNet(team, net, "backprop-ann"), { weightDecay: 0.01, clip: 1, clipScope: "stage" });
 * learner.stimulus.view.set(pixels); // rows of learner.stimulusWidth floats
 * learner.step({ labels, counter: 0 }, { perception: 1e-3, recall: 0 }).loss;
 */
export class ImageRealBackprop extends RealImageLearner {
  readonly #backprop: LayeredBackprop;

  constructor(image: RealImageNet, optimiser: OptimiserOptions) {
    super(image, optimiser);
    this.#backprop = new LayeredBackprop(image.net.team, image.net.hidden, image.net.readout);
  }

  step(batch: Batch, rates: Rates): StepReport {
    const { net, optimiser } = this;
    const { labels } = batch;
    const images = this.begin(batch);
    net.forward(images, true);
    const report = this.report(this.compare(labels, 1 / images), images);
    this.#backprop.backward(images, this.errors.at);
    this.updateNet(rates.perception);
    optimiser.finish();
    return report;
  }
}
