/**
 * The top stage of a sequence: the concept's drive u_L, averaged over an element's steps, against the target. It trains perception's last weights only.
 *
 *   symbols   cross-entropy of softmax(u_L)          values   mean over rows and values of (u_L - y)^2
 */
import { placeOfLargest } from "../../engine/largest.ts";
import type { Address, Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { Layer } from "../../network/layer.ts";

export class SequenceTop {
  readonly #team: Team;
  readonly #layer: Layer;
  readonly #width: number;
  readonly #labels: Region<Uint16Array>;
  readonly #losses: Region<Float64Array>;
  readonly gradient: Region<Float32Array>;

  /** `width`: symbols of the alphabet, or values. */
  constructor(team: Team, layer: Layer, width: number, images: number) {
    this.#team = team;
    this.#layer = layer;
    this.#width = width;
    this.#labels = team.arena.u16(images);
    this.#losses = team.arena.f64(images);
    this.gradient = team.arena.f32(images * layer.featureWidth);
  }

  /** Mean cross-entropy in nats, and the gradient's address; `correct`: rows whose largest logit is the target's. */
  symbols(targets: ArrayLike<number>): { loss: number; correct: number; gradient: Address } {
    const { featureWidth, features } = this.#layer;
    const images = targets.length;
    this.#labels.view.set(targets);
    this.#team.run("softmaxCrossEntropy", images, {
      classes: this.#width,
      stride: featureWidth,
      factor: 1 / images,
      logits: features.at,
      labels: this.#labels.at,
      losses: this.#losses.at,
      gradients: this.gradient.at,
    });
    let loss = 0;
    let correct = 0;
    for (let k = 0; k < images; k++) {
      loss += this.#losses.view[k]!;
      if (placeOfLargest(features.view, k * featureWidth, this.#width) === targets[k]) correct++;
    }
    return { loss: loss / images, correct, gradient: this.gradient.at };
  }

  /** Mean squared error of `images` rows of values, and the gradient's address. */
  values(targets: ArrayLike<number>, images: number): { loss: number; correct: number; gradient: Address } {
    const { featureWidth, features } = this.#layer;
    const gradient = this.gradient.view.fill(0, 0, images * featureWidth);
    const scale = 2 / (images * this.#width);
    let squares = 0;
    for (let k = 0; k < images; k++) {
      for (let d = 0; d < this.#width; d++) {
        const error = features.view[k * featureWidth + d]! - targets[k * this.#width + d]!;
        squares += error * error;
        gradient[k * featureWidth + d] = scale * error;
      }
    }
    return { loss: squares / (images * this.#width), correct: 0, gradient: this.gradient.at };
  }
}
