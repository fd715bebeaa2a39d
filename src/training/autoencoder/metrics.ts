/** The lines of an autoencoder run's `metrics.jsonl`. */
import type { StepFigures } from "../metrics.ts";

/** What is written of a step of an autoencoder. */
export interface AutoencoderStepMetrics extends StepFigures {
  /** Over this session. */
  readonly imagesPerSecond: number;
}

/** Held-out figures are in pixel units (0 black, 1 white); null where nothing is held out, or the network does not redraw. */
export interface AutoencoderEpochMetrics {
  readonly kind: "epoch";
  readonly epoch: number;
  readonly step: number;
  /** Mean squared error of perception's drawings. */
  readonly heldOutPerceptionMse: number | null;
  /** Of recall's. */
  readonly heldOutRecallMse: number | null;
  /** Peak signal-to-noise ratio of that error, in dB. */
  readonly heldOutPerceptionPsnr: number | null;
  /** Likewise of recall's. */
  readonly heldOutRecallPsnr: number | null;
  /** Mean over the epoch's images of all stages' losses. */
  readonly trainLoss: number;
  /** Mean of the loss of perception's drawings, in normalised pixels. */
  readonly trainPerceptionLoss: number;
  /** Of recall's. */
  readonly trainRecallLoss: number;
  /** Firing rates of perception's hidden stages, 2 to L - 1, while training, spikes a neuron and step. */
  readonly perceptionRates: readonly number[];
  /** Of recall's. */
  readonly recallRates: readonly number[];
  readonly warnings: readonly string[];
  /** Seconds of training so far. */
  readonly seconds: number;
}

/** A line of an autoencoder experiment's metrics. */
export type AutoencoderMetricLine = AutoencoderStepMetrics | AutoencoderEpochMetrics;
