/** Variants of a training's images, drawn in a net's rows in place of the images themselves. Runs once a batch, so: tables and plain loops, and nothing is allocated. */
import { checkFit, checkImageIndex } from "../batch.ts";
import { imageBytes, type Split } from "../dataset.ts";
import type { FrameLayout } from "../frame-rows.ts";
import { eraseSquare } from "./erased.ts";
import { type Ground, groundOf } from "./ground.ts";
import { drawMoved } from "./moved.ts";
import { type AugmentOptions, checkAugment } from "./options.ts";
import { TurnedImages } from "./turned.ts";
import { VariantDraws } from "./variant.ts";

/** A batch that is to be loaded as variants. */
export interface VariedBatch {
  readonly augmenter: Augmenter;
  /** Number of the training step, from 0: the same step shows the same variant of an image, another step another one. */
  readonly counter: number;
}

/**
 * What makes variants of images.
 *
 * @example
 * const augmenter = model.augmenter({ shift: 2, flip: true, rotate: 0, erase: 0 }, config.train.seed);
 * model.load(dataset.train, order, from, count, augmenter && { augmenter, counter: step });
 */
export class Augmenter {
  readonly options: AugmentOptions;
  readonly #ground: Ground;
  readonly #erased: readonly number[];
  readonly #draws: VariantDraws;
  readonly #turned: TurnedImages | undefined;

  /**
   * @param seed integer from 0 to 2^53 - 1
   * @param layout of the net's rows, and how pixels become their values
   * @param means what an erased pixel shows, in units of pixel / 255, one a channel
   * @throws BispikeError "config" for options out of range or beyond such images
   */
  constructor(options: AugmentOptions, seed: number, layout: FrameLayout, means: readonly number[]) {
    checkAugment(options, layout.shape);
    this.options = options;
    const { mean, std } = layout.statistics;
    this.#ground = groundOf(layout);
    this.#erased = means.map((value, channel) => (value - mean[channel]!) / std[channel]!);
    this.#turned = options.rotate > 0 ? new TurnedImages(this.#ground) : undefined;
    this.#draws = new VariantDraws(options, layout.shape, seed);
  }

  /** How the net's rows hold an image. */
  get layout(): FrameLayout {
    return this.#ground;
  }

  /**
   * Writes variants of the images at `indices[from .. from + count)` as rows, as `fillBatch` writes the images: what of a row lies behind its frame is left alone.
   *
   * @param out at least `count` rows of the layout's stride
   * @param counter number of the training step, from 0
   * @throws BispikeError "shape" when something does not fit
   */
  fill(
    out: Float32Array,
    split: Split,
    indices: Int32Array | Uint32Array,
    from: number,
    count: number,
    counter: number,
  ): void {
    const ground = this.#ground;
    const { shape, frame, stride } = ground;
    const { erase } = this.options;
    checkFit(out, indices, from, count, shape, frame, stride);
    const size = imageBytes(shape);
    for (let k = 0; k < count; k++) {
      const image = indices[from + k]!;
      checkImageIndex(image, split);
      const variant = this.#draws.draw(image, counter);
      const start = k * stride;
      if (this.#turned) this.#turned.draw(out, start, split.images, image * size, variant);
      else drawMoved(out, start, split.images, image * size, ground, variant);
      if (erase > 0) eraseSquare(out, start, ground, variant, erase, this.#erased);
    }
  }
}
