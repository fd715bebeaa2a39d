/**
 * The top stage: the concept's drive u_L, averaged over time, against the target. It trains perception's last weights only.
 *
 * cross-entropy: softmax over the classes; the logit of a class is u_L . code / sqrt(active neurons), u_L itself for one-hot codes. Signed.
 * reco, mse: the stage losses, between u_L and the target code; their errors are unsigned (criterion C5 in full).
 */
import { type Pairing, pairing, pairingRoom } from "../alignment/affinity.ts";
import { mse } from "../alignment/mse.ts";
import { reco } from "../alignment/reco.ts";
import { placeOfLargest } from "../engine/largest.ts";
import type { Address, Region } from "../engine/memory.ts";
import type { NetworkPair } from "../network/pair.ts";
import { combine, type StageAlignment } from "./stage-alignment.ts";

/** What the read-out learns by: cross-entropy of its mean drive, or ReCo or squared error against the label's code, whose errors have no sign. */
export type TopLoss = "cross-entropy" | "reco" | "mse";

export class Top {
  readonly #pair: NetworkPair;
  readonly #kind: TopLoss;
  readonly #lambda: number;
  readonly #labels: Region<Uint16Array>;
  readonly #losses: Region<Float64Array>;
  /** Which code each image belongs to; room where the top loss is an alignment. */
  readonly #pairs: Pairing;
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
    this.#kind = kind;
    this.#lambda = lambda;
    this.#labels = arena.u16(options.maxImages);
    this.#losses = arena.f64(options.maxImages);
    this.#pairs = pairingRoom(arena, options.maxImages, kind === "cross-entropy" ? 0 : target.classes);
    this.#zeros = arena.f32(options.maxImages);
    this.#gradient = arena.f32(options.maxImages * width);
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
  loss(labels: Uint16Array, alignment: StageAlignment): { loss: number; gradient: Address; correct: number } {
    const { team, target, conceptDrive } = this.#pair;
    const images = labels.length;
    const width = conceptDrive.featureWidth;
    const logits = this.#projects
      ? this.#project(images)
      : { view: conceptDrive.features.view, stride: width, at: conceptDrive.features.at };
    const correct = countCorrect(logits.view, logits.stride, labels, target.classes);
    if (this.#kind !== "cross-entropy") {
      const pairs = pairing("prototypes", labels, target.classes, this.#pairs);
      const loss =
        this.#kind === "reco" ? reco({ lambda: this.#lambda, weight: 1 }) : mse({ features: target.width, weight: 1 });
      const sides = { v: conceptDrive.features.at, rows: images, w: this.#codes.at, columns: target.classes, width };
      const value = alignment.align(loss, pairs, sides, { centred: false, rowGradient: true, columnGradient: false });
      return { loss: value, gradient: alignment.rowGradient.at, correct };
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
