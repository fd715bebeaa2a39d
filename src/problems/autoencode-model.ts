/** A learner together with what it knows of its data: how images become its stimulus, and its drawings images again. */
import { type Frame, fillRows } from "../data/batch.ts";
import { imageBytes, type Split } from "../data/dataset.ts";
import { fromFrameRows } from "../data/frame-rows.ts";
import type { Network } from "../nets/autoencoder-pair.ts";
import type { DataSummary } from "../nets/model.ts";
import type { AutoencoderLearner } from "../rules/rule.ts";

/**
 * An autoencoder with what the data it was made for are like.
 *
 * @example
 * const { model, team } = await openAutoencoder("runs/mnist-autoencoder-seed1");
 * model.load(dataset.test, indices, 0, 8);
 * model.reconstruct(8, "perception"); // 8 pictures, 0..1
 */
export class AutoencoderModel {
  readonly data: DataSummary;
  readonly learner: AutoencoderLearner;
  /** The frame images are centred in. */
  readonly frame: Frame;

  constructor(learner: AutoencoderLearner, frame: Frame, data: DataSummary) {
    this.learner = learner;
    this.frame = frame;
    this.data = data;
  }

  /**
   * Puts the images at `indices[from .. from + count)` into the learner's rows, normalised.
   *
   * @throws BispikeError "shape" when they are more than `learner.maxImages`, or are none of the split's
   */
  load(split: Split, indices: Int32Array | Uint32Array, from: number, count: number): void {
    const { learner, frame, data } = this;
    const { shape, statistics } = data;
    fillRows(learner.stimulus.view, learner.stimulusWidth, split, indices, from, count, shape, frame, statistics);
  }

  /** The loaded images as a network draws them: [image][height][width][channel], 0 (black) to 1; a new array. */
  reconstruct(images: number, by: Network): Float32Array {
    return this.pixels(this.learner.reconstruct(images, by), images);
  }

  /**
   * Pictures of normalised rows: cut out of their frame, in units of pixel / 255, values outside 0..1 cut off, as no picture can show them.
   *
   * @param rows [image][stimulusWidth], as `learner.redraw` and `learner.latent.decode` give them
   * @returns [image][height][width][channel]; a new array
   */
  pixels(rows: Float32Array, images: number): Float32Array {
    const { frame, data, learner } = this;
    const { shape, statistics } = data;
    const out = fromFrameRows(rows, images, { shape, frame, stride: learner.stimulusWidth, statistics });
    for (let i = 0; i < out.length; i++) out[i] = Math.min(1, Math.max(0, out[i]!));
    return out;
  }

  /** The images at `indices[from .. from + count)` themselves, in the same units and order as `reconstruct`. */
  originals(split: Split, indices: Int32Array | Uint32Array, from: number, count: number): Float32Array {
    const size = imageBytes(this.data.shape);
    const out = new Float32Array(count * size);
    for (let k = 0; k < count; k++) {
      const start = indices[from + k]! * size;
      for (let i = 0; i < size; i++) out[k * size + i] = split.images[start + i]! / 255;
    }
    return out;
  }
}
