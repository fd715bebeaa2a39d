/**
 * What the page and a training worker say to each other, by Comlink. One worker is one run: a model, its data and where its training stands.
 * Everything that crosses is plain data; typed arrays are handed over, not copied, where they are large.
 */

import type { ErrorCode } from "../../../src/errors.ts";
import type { ExperimentConfig } from "../../../src/index.ts";
import type { Arrival } from "../data/arrival.ts";
import type { DroppedFile } from "../data/dropped.ts";
import type { ChooseApi } from "./protocol-choose.ts";
import type { DrawApi } from "./protocol-draw.ts";
import type { KeepApi } from "./protocol-keep.ts";
import type { LookApi } from "./protocol-look.ts";

/** Where a run's images come from. */
export type DataSource =
  /** One of the data sets the site carries, `data/<name>/`. */
  | { readonly kind: "site"; readonly name: "mnist" | "fashion-mnist" }
  /** Files a person dropped in. */
  | { readonly kind: "files"; readonly name: string; readonly files: readonly DroppedFile[] };

export interface Setup {
  /** A configuration as a YAML file would hold it; checked by the worker as the command line does. */
  readonly config: unknown;
  readonly data: DataSource;
  /** The page's address, which the site's data are beside. */
  readonly base: string;
  /** Threads to train with; the worker takes 1 where memory cannot be shared. */
  readonly threads: number;
  /** Checkpoint to go on from, or to look at. */
  readonly checkpoint?: { readonly bytes: Uint8Array; readonly name: string };
}

/** A run that is ready. */
export interface About {
  /** With every default filled in. */
  readonly config: ExperimentConfig;
  readonly threads: number;
  /** Why there is one thread, where more were wanted; null otherwise. */
  readonly singleThreaded: string | null;
  readonly dataName: string;
  readonly classNames: readonly string[];
  readonly shape: { readonly height: number; readonly width: number; readonly channels: number };
  readonly images: { readonly train: number; readonly validation: number; readonly test: number };
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** Steps done: not 0 after a checkpoint was opened. */
  readonly step: number;
  /** Whether an opened checkpoint had no optimiser state, so that training starts anew from its networks. */
  readonly startedFrom: boolean;
  /** Both networks' hidden stages, from the stimulus up; empty for non-spiking nets. */
  readonly stages: readonly {
    readonly name: string;
    readonly neurons: number;
    readonly pixels: number;
    /** Of the plane the pixels are in. */
    readonly width: number;
    readonly channels: number;
  }[];
  /** Whether there is a recall network. */
  readonly recalls: boolean;
  /** Whether units spike. */
  readonly spikes: boolean;
  readonly parameters: { readonly perception: number; readonly recall: number };
}

/** What went wrong, as the command line would print it. */
export interface Failure {
  readonly code: ErrorCode | "bug";
  readonly message: string;
}

/** What a run tells of its own accord, at most a few times a second but for steps. */
export type LabEvent =
  /** While the run is made ready. */
  | { readonly kind: "fetching"; readonly arrival: Arrival }
  | { readonly kind: "step"; readonly line: StepLine }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      readonly step: number;
      readonly validationAccuracy: number | null;
      readonly warnings: readonly string[];
    }
  /** `running` false: paused, or done when `finished`. */
  | { readonly kind: "state"; readonly running: boolean; readonly finished: boolean; readonly step: number }
  | { readonly kind: "failure"; readonly failure: Failure };

export interface StepLine {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Stages 1..L; the last is the top loss. */
  readonly stageLosses: readonly number[];
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
  /** Share of right decisions in the batch, by the read-out. */
  readonly accuracy: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

/** Spikes of one population: bytes 0 or 1, [step][neuron]; neurons are [pixel][channel] in convolutional stages. */
export interface SpikeRows {
  readonly steps: number;
  readonly neurons: number;
  readonly spikes: Uint8Array;
}

/** The run as the newest training step left it; nothing is computed anew but recall's pictures. */
export interface Snapshot {
  readonly step: number;
  /** An image of the newest batch as the step saw it, bytes [height][width][channel], and its class. */
  readonly image: Uint8Array;
  readonly label: number;
  /** Of that image, hidden stages from the stimulus up; empty for non-spiking nets. */
  readonly perception: readonly SpikeRows[];
  /** Of recall of its class, in the same order; empty where there is no recall. */
  readonly recall: readonly SpikeRows[];
  /**
   * A hidden stage each: mean cosine over the batch between perception's firing rates and recall's of the same class, less its mean over the other
   * classes; both centred. Empty where there is no recall.
   */
  readonly agreement: readonly { readonly own: number; readonly others: number }[];
  /** Every class as recall reconstructs it, bytes [class][height][width][channel]; null where there is no recall. */
  readonly recalled: Uint8Array | null;
  /** Classes whose recalled image is most like their own mean image; null where there is no recall. */
  readonly ownIsNearest: number | null;
}

/** What the training worker does. Every call but `open` needs an open run. */
export interface LabApi extends ChooseApi, DrawApi, KeepApi, LookApi {
  /** Makes a run ready, in place of the one before. Rejects with a `Failure`. */
  open(setup: Setup, tell: (event: LabEvent) => void): Promise<About>;
  run(): Promise<void>;
  pause(): Promise<void>;
  /** Trains on one batch, then pauses. */
  step(): Promise<void>;
  /** Steps a second at most; null for as fast as it goes. */
  setSpeed(stepsPerSecond: number | null): Promise<void>;
  /** @param sample which image of the newest batch */
  snapshot(sample: number): Promise<Snapshot | null>;
  /** A whole checkpoint, to be kept as a file or opened by the command line. Rejects for `best` before there is one. */
  checkpoint(which: "last" | "best"): Promise<Uint8Array>;
  /** Accuracy on the test images. */
  test(): Promise<{
    readonly accuracy: number;
    readonly images: number;
    readonly confusion: readonly (readonly number[])[];
  }>;
  close(): Promise<void>;
}
