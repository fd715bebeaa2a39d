/** What a trainer and the commands know of an autoencoder, whatever its rule and whether it spikes. */
import type { Region } from "../../engine/memory.ts";
import type { Team } from "../../engine/team.ts";
import type { Network } from "../../network/autoencoder/pair.ts";
import type { Slot } from "../../network/slots.ts";
import type { AdamW } from "../optimiser.ts";
import type { Rates, StageReport } from "../rule.ts";

/** Losses are means over images. `correct` is 0; the last stage loss is the top's: the mean squared error of perception's drawing, in normalised pixels, times its weight. */
export interface AutoencoderReport extends StageReport {
  /** Share of neurons in each hidden stage of perception that did not fire once in the batch; empty for nets that do not spike. */
  readonly silent: readonly number[];
  /** Images of the batch. */
  readonly images: number;
}

/** The latent of a net that spikes: what a sampler draws from. */
export interface LatentAccess {
  /** Neurons of the latent. */
  readonly neurons: number;
  /** T. */
  readonly steps: number;
  /** Spikes (0 or 1) of a network's latent for the loaded images, [image][step][neuron]; a new array. Throws a `usage` error for more images than the learner's `maxImages`. */
  encode(images: number, by: Network): Uint8Array;
  /**
   * Images drawn from latent spikes laid out as `encode`'s, [image][stimulusWidth] normalised pixels; valid until the next call. An image's bytes do not depend on those beside it.
   *
   * @throws BispikeError "usage" for more images than the learner's `maxImages`, "shape" for another number of spikes
   */
  decode(spikes: Uint8Array, images: number, by: Network): Float32Array;
}

/** A learning rule for autoencoders, as the trainer knows it. */
export interface AutoencoderLearner {
  readonly team: Team;
  /** Largest batch. */
  readonly maxImages: number;
  readonly optimiser: AdamW;
  /** Where the images of a batch are put, [image][stimulusWidth]: normalised pixels, channels last. */
  readonly stimulus: Region<Float32Array>;
  /** Floats a row, whole tiles; those past the image stay 0. */
  readonly stimulusWidth: number;
  /** Which networks redraw images: both for BSD, perception alone for rules that train one. */
  readonly redrawers: readonly Network[];
  /** One update from the loaded images. Throws a `training` error when a loss stops being finite, a `usage` error for none or more than `maxImages`. */
  step(images: number, rates: Rates): AutoencoderReport;
  /** The loaded images as a network draws them without learning, [image][stimulusWidth] normalised pixels; valid until the next call. Throws a `usage` error for more than `maxImages`. */
  redraw(images: number, by: Network): Float32Array;
  /** Absent where the latent does not spike. */
  readonly latent?: LatentAccess;
  /** Everything learned as named tensors, with AdamW's moments where asked. */
  slots(optimiser: boolean): Iterable<Slot>;
}
