/** The lines of an autoencoder run's `metrics.jsonl`. */
import type { StepFigures } from "../metrics.ts";

/** What is written of a step of an autoencoder. */
export interface AutoencoderStepMetrics extends StepFigures {
  readonly imagesPerSecond: number;
}

/** Held-out figures are in pixel units (0 black, 1 white); null where nothing is held out, or the network does not redraw. */
export interface AutoencoderEpochMetrics {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly step: number;
  /** Mean squared error of perception's drawings and of recall's. */
  readonly heldOutPerceptionMse: number | null;
  readonly heldOutRecallMse: number | null;
  /** Peak signal-to-noise ratio of that error, in dB. */
  readonly heldOutPerceptionPsnr: number | null;
  readonly heldOutRecallPsnr: number | null;
  /** Means over the epoch's images: of all stages' losses, and of the losses of either end, in normalised pixels. */
  readonly trainLoss: number;
  readonly trainPerceptionLoss: number;
  readonly trainRecallLoss: number;
  /** Firing rates of the hidden stages, 2 to L - 1, while training. */
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** A line of an autoencoder experiment's metrics. */
export type AutoencoderMetricLine = AutoencoderStepMetrics | AutoencoderEpochMetrics;
