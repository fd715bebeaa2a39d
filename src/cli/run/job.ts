/** An experiment as the command line trains it: what a session needs to know, whatever the kind. */
import type { FileRecord } from "../../data/dataset.ts";
import type { AutoencoderReport } from "../../learning/autoencoder/learner.ts";
import type { StepReport } from "../../learning/rule.ts";
import type { SequenceStepReport } from "../../learning/sequence/learner.ts";
import type { Slot } from "../../network/slots.ts";
import type { RunFolder } from "../../node/run-folder.ts";
import { type AnyConfig, isAutoencoderConfig, isSequenceConfig } from "../../training/any-config.ts";
import type { AnyCheckpoint } from "../../training/checkpoint.ts";
import type { Judge } from "../../training/judge.ts";
import type {
  AutoencoderEpochMetrics,
  AutoencoderStepMetrics,
  EpochMetrics,
  SequenceEpochMetrics,
  SequenceStepMetrics,
  StepMetrics,
} from "../../training/metrics.ts";
import type { Trainable, TrainableKind } from "../../training/trainable.ts";
import type { TrainingResult } from "../../training/trainer.ts";
import type { AutoencoderRunSummary } from "./autoencoder-summary.ts";
import { withAutoencoder } from "./job-autoencoder.ts";
import { withImages } from "./job-images.ts";
import { withSequence } from "./job-sequence.ts";
import type { DataCounts, Reporter } from "./reporter.ts";
import type { SequenceRunSummary } from "./sequence-summary.ts";
import type { Summary } from "./summary.ts";

/** Any kind of experiment. */
export interface AnyKind extends TrainableKind {
  readonly report: StepReport | SequenceStepReport | AutoencoderReport;
  readonly step: StepMetrics | SequenceStepMetrics | AutoencoderStepMetrics;
  readonly epoch: EpochMetrics | SequenceEpochMetrics | AutoencoderEpochMetrics;
  readonly checkpoint: AnyCheckpoint;
}

export type AnySummary = Summary | SequenceRunSummary | AutoencoderRunSummary;

export interface Job {
  readonly config: AnyConfig;
  /** What its results are of. */
  readonly judge: Judge;
  readonly task: Trainable<AnyKind>;
  readonly threads: number;
  /** The nets' tensors, without the optimiser's moments. */
  slots(): Iterable<Slot>;
  /** The data's files. */
  readonly provenance: readonly FileRecord[];
  /** Checksum of what they hold. */
  readonly content: string;
  /** What there is to train on, for the first line. */
  readonly counts: DataCounts;
  /**
   * Tests the best weights and writes pictures and summary.
   *
   * @param pause awaited between batches; may throw to give up
   */
  finish(folder: RunFolder, result: TrainingResult, pause: () => Promise<void>): Promise<AnySummary>;
}

/** Loads the data and builds the networks of a configuration, and takes them down after use. */
export function withJob<T>(
  config: AnyConfig,
  judge: Judge,
  reporter: Reporter,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  if (isSequenceConfig(config)) return withSequence(config, judge, reporter, use);
  if (isAutoencoderConfig(config)) return withAutoencoder(config, judge, reporter, use);
  return withImages(config, judge, reporter, use);
}
