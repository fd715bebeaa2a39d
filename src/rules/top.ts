/**
 * The top stage: the concept's drive u_L, averaged over time, against the target. It trains perception's last weights only.
 *
 * cross-entropy: softmax over the classes; the logit of a class is u_L . code / sqrt(active neurons), u_L itself for one-hot codes. Signed.
 * reco, mse: the stage losses, between u_L and the target code; their errors are unsigned (criterion C5 in full).
 */

import { placeOfLargest } from "../engine/elementary.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { Team } from "../engine/team.ts";
import { type AlignedStage, Alignment, combine } from "../losses/align.ts";
import { mse, reco } from "../losses/stage-loss.ts";

import type { Layer } from "../nets/layer.ts";
import type { NetworkPair } from "../nets/pair.ts";

/** What the read-out learns by: cross-entropy of its mean drive, or ReCo or squared error against the label's code, whose errors have no sign. */
export type TopLoss = "cross-entropy" | "reco" | "mse";

export class Top {
  readonly #pair: NetworkPair;
  readonly #labels: Region<Uint16Array>;
  readonly #losses: Region<Float64Array>;
  /** Where the top loss is an alignment, with the codes. */
  readonly #aligned: { readonly alignment: Alignment; readonly stage: AlignedStage } | undefined;
  readonly #codes: Region<Float32Array>;
  readonly #zeros: Region<Float32Array>;
  readonly #gradient: Region<Float32Array>;
  /** Logits [image][classStride] where the code is not one-hot. */
  readonly #logits: Region<Float32Array>;
  readonly #logitGradient: Region<Float32Array>;
  readonly #classStride: number;

  constructor(pair: NetworkPair, kind: TopLoss, lambda: number) {
    const { team, target, options } = pair;
    const { arena } = team;
    const width = pair.conceptDrive.featureWidth;
    this.#pair = pair;
    this.#labels = arena.u16(options.maxImages);
    this.#losses = arena.f64(options.maxImages);
    this.#zeros = arena.f32(options.maxImages);
    if (kind === "cross-entropy") this.#gradient = arena.f32(options.maxImages * width);
    else {
      const features = target.width;
      const loss = kind === "reco" ? reco({ lambda, weight: 1 }) : mse({ features, weight: 1 });
      const stage: AlignedStage = { width, features, loss: () => loss, rivals: "prototypes", centred: false };
      const room = { rows: options.maxImages, columns: target.classes, stages: [stage] };
      this.#aligned = { stage, alignment: new Alignment(team, room) };
      this.#gradient = this.#aligned.alignment.rowGradient;
    }
    this.#codes = arena.f32(target.classes * width);
    this.#classStride = Math.ceil(target.classes / 4) * 4;
    const logits = this.#projects ? options.maxImages * this.#classStride : 0;
    this.#logits = arena.f32(logits);
    this.#logitGradient = arena.f32(logits);
    for (let c = 0; c < target.classes; c++) {
      const active = target.bits.subarray(c * target.width, (c + 1) * target.width);
      const scale =
        this.#projects && kind === "cross-entropy" ? 1 / Math.sqrt(active.reduce((sum, bit) => sum + bit, 0)) : 1;
      for (let i = 0; i < target.width; i++) this.#codes.view[c * width + i] = active[i]! * scale;
    }
  }

  get #projects(): boolean {
    return this.#pair.options.target !== "one-hot";
  }

  /** Loss of the batch, and where the gradient of the concept's mean drive is. `correct` counts decisions by the largest logit. */
  loss(labels: Uint16Array): { loss: number; gradient: Address; correct: number } {
    const { team, target, conceptDrive } = this.#pair;
    const images = labels.length;
    const width = conceptDrive.featureWidth;
    const logits = this.#projects
      ? this.#project(images)
      : { view: conceptDrive.features.view, stride: width, at: conceptDrive.features.at };
    const correct = countCorrect(logits.view, logits.stride, labels, target.classes);
    if (this.#aligned) {
      const { alignment, stage } = this.#aligned;
      const sides = { v: conceptDrive.features.at, rows: images, w: this.#codes.at, columns: target.classes, labels };
      const { loss, rows: gradient } = alignment.align(stage, sides, { rows: true, columns: false });
      return { loss, gradient, correct };
    }
    this.#labels.view.set(labels);
    const out = this.#projects ? this.#logitGradient : this.#gradient;
    team.run("softmaxCrossEntropy", images, {
      classes: target.classes,
      stride: logits.stride,
      factor: 1 / images,
      logits: logits.at,
      labels: this.#labels.at,
      losses: this.#losses.at,
      gradients: out.at,
    });
    if (this.#projects) {
      combine(team, {
        rows: images,
        others: target.classes,
        width,
        v: conceptDrive.features.at,
        w: this.#codes.at,
        mix: { at: this.#logitGradient.at, rowStep: this.#classStride, columnStep: 1 },
        own: this.#zeros.at,
        out: this.#gradient.at,
      });
    }
    let sum = 0;
    for (let k = 0; k < images; k++) sum += this.#losses.view[k]!;
    return { loss: sum / images, gradient: this.#gradient.at, correct };
  }

  #project(images: number) {
    const { target, conceptDrive } = this.#pair;
    const width = conceptDrive.featureWidth;
    const drive = conceptDrive.features.view;
    for (let k = 0; k < images; k++) {
      for (let c = 0; c < target.classes; c++) {
        let sum = 0;
        for (let i = 0; i < target.width; i++) sum += drive[k * width + i]! * this.#codes.view[c * width + i]!;
        this.#logits.view[k * this.#classStride + c] = sum;
      }
    }
    return { view: this.#logits.view, stride: this.#classStride, at: this.#logits.at };
  }
}

function countCorrect(logits: Float32Array, stride: number, labels: Uint16Array, classes: number): number {
  let correct = 0;
  for (let k = 0; k < labels.length; k++) if (placeOfLargest(logits, k * stride, classes) === labels[k]) correct++;
  return correct;
}

/**
 * The top stage of a sequence: the concept's drive u_L, averaged over an element's steps, against the target. It trains perception's last weights only.
 *
 *   symbols   cross-entropy of softmax(u_L)          values   mean over rows and values of (u_L - y)^2
 */

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

/**
 * How far a network's drawing is from the image it was shown, the loss at either end of an autoencoder:
 *
 *   L = weight / (K n) sum_k |y_k - x_k|^2,   dL/dy = 2 weight / (K n) (y - x),   K images of n values
 */

export class Drawing {
  /** Gradient of the newest loss, rows like the drawings'. */
  readonly gradient: Region<Float32Array>;
  readonly #team: Team;
  readonly #losses: Region<Float64Array>;
  readonly #width: number;
  readonly #stride: number;

  /** `width`: values of an image, whose rows lie `stride` floats apart. */
  constructor(team: Team, maxImages: number, width: number, stride: number) {
    this.#team = team;
    this.#width = width;
    this.#stride = stride;
    this.gradient = team.arena.f32(maxImages * stride);
    this.#losses = team.arena.f64(maxImages);
  }

  /** Weighted loss of `images` drawings at `y` against the images at `x`; fills `gradient`. */
  loss(y: Address, x: Address, images: number, weight: number): number {
    const factor = (2 * weight) / (images * this.#width);
    this.#team.run("squaredError", images, {
      width: this.#width,
      stride: this.#stride,
      factor,
      y,
      targets: x,
      losses: this.#losses.at,
      gradients: this.gradient.at,
    });
    let sum = 0;
    for (let k = 0; k < images; k++) sum += this.#losses.view[k]!;
    return (weight * sum) / images;
  }
}
