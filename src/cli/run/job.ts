/** An experiment as the command line trains it: what a session needs to know, whatever the problem. */
import { type Dataset, type FileRecord, withoutTest } from "../../data/dataset.ts";
import { loadDataset } from "../../data/load.ts";
import { loadSequence } from "../../data/sequence/load.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import type { Slot } from "../../network/parameters.ts";
import { imagesContent, sequenceContent } from "../../node/content.ts";
import { createTeam } from "../../node/open.ts";
import type { RunFolder } from "../../node/run-folder.ts";
import type { ProblemName } from "../../problems/problem.ts";
import type { AutoencoderReport, SequenceStepReport, StepReport } from "../../rules/rule.ts";
import type { AnyConfig } from "../../training/any-config.ts";
import type { AnyCheckpoint, CheckpointFor } from "../../training/checkpoint.ts";
import { createAutoencoderExperiment, createExperiment, createSequenceExperiment } from "../../training/experiment.ts";
import type { Judge } from "../../training/judge.ts";
import type {
  AutoencoderEpochMetrics,
  AutoencoderStepMetrics,
  EpochMetrics,
  SequenceEpochMetrics,
  SequenceStepMetrics,
  StepMetrics,
} from "../../training/metrics.ts";
import { problemOf } from "../../training/read-checkpoint.ts";
import { sequenceRequest } from "../../training/sequence/request.ts";
import type { Trainable, TrainableKind } from "../../training/trainable.ts";
import type { TrainingResult } from "../../training/trainer.ts";
import type { DataCounts, Reporter } from "./reporter.ts";
import {
  type AnySummary,
  type Ending,
  finishRun,
  measureAutoencoder,
  measureImages,
  measureSequence,
} from "./summary.ts";

/** Any kind of experiment. */
export interface AnyKind extends TrainableKind {
  readonly report: StepReport | SequenceStepReport | AutoencoderReport;
  readonly step: StepMetrics | SequenceStepMetrics | AutoencoderStepMetrics;
  readonly epoch: EpochMetrics | SequenceEpochMetrics | AutoencoderEpochMetrics;
  readonly checkpoint: AnyCheckpoint;
}

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

/** Data that have been loaded, and the experiment on them. */
interface Source {
  /** Name of the data. */
  readonly name: string;
  readonly provenance: readonly FileRecord[];
  readonly warnings?: readonly string[];
  content(): string;
  build(team: Team): Pick<Job, "task" | "slots" | "counts"> & {
    /** Images or windows that are held out. */
    readonly validation: number;
    /** Measures the trained nets, as `finishRun` asks. */
    readonly measure: Ending;
  };
}

/** Loads the data of each problem. */
const SOURCES: {
  readonly [P in ProblemName]: (config: CheckpointFor<P>["config"], judge: Judge) => Promise<Source>;
} = {
  async classify(config, judge) {
    const dataset = await loadImages(config, judge);
    return {
      ...aboutImages(dataset),
      build(team) {
        const experiment = createExperiment(team, config, dataset);
        const { task, model, trainIndices, validationIndices } = experiment;
        const validation = validationIndices.length;
        const counts = { images: trainIndices.length, heldOut: validation, classes: dataset.classes };
        const measure = measureImages(experiment);
        return { task, slots: () => model.slots(false), counts, validation, measure };
      },
    };
  },
  async sequence(config) {
    const sequence = await loadSequence(sequenceRequest(config));
    const { about, windows } = sequence;
    const { name, provenance } = about;
    return {
      name,
      provenance,
      warnings: about.kind === "series" ? seriesWarnings(about.constant, about.standardise) : [],
      content: () => sequenceContent(sequence.set),
      build(team) {
        const experiment = createSequenceExperiment(team, config, sequence);
        const { task, learner } = experiment;
        const { heldOut, test } = about.parts;
        const counts = {
          task: config.task,
          rule: config.rule.name,
          windows: windows.train.length,
          window: about.window,
          heldOut: heldOut.to - heldOut.from,
          test: test.to - test.from,
          ...(about.kind === "text"
            ? { characters: about.alphabet.length }
            : { inputs: about.inputs.length, targets: about.targets.length }),
        };
        const measure = measureSequence(experiment);
        return { task, slots: () => learner.slots(false), counts, validation: windows.heldOut.length, measure };
      },
    };
  },
  async autoencode(config, judge) {
    const dataset = await loadImages(config, judge);
    return {
      ...aboutImages(dataset),
      build(team) {
        const experiment = createAutoencoderExperiment(team, config, dataset);
        const { task, model, trainIndices, validationIndices } = experiment;
        const validation = validationIndices.length;
        const counts = {
          task: config.task,
          rule: config.rule.name,
          images: trainIndices.length,
          heldOut: validation,
          latent: config.network.latent,
        };
        const measure = measureAutoencoder(experiment);
        return { task, slots: () => model.learner.slots(false), counts, validation, measure };
      },
    };
  },
};

/**
 * Loads the data and builds the networks of a configuration, and takes them down after use.
 *
 * @throws BispikeError "config" where a run is to be judged by what is held out, and nothing is
 */
export async function withJob<T>(
  config: AnyConfig,
  judge: Judge,
  reporter: Reporter,
  use: (job: Job) => Promise<T>,
): Promise<T> {
  const load = SOURCES[problemOf(config)] as (config: AnyConfig, judge: Judge) => Promise<Source>;
  const { name, provenance, warnings = [], content, build } = await load(config, judge);
  // Files that bear a known name and hold something else.
  for (const { file } of provenance.filter(({ verified }) => verified === false))
    reporter.warning(`${file} is not the published file of ${name}: results may not compare with others'`);
  for (const warning of warnings) reporter.warning(warning);
  const team = await createTeam(config.train.threads);
  try {
    const { task, slots, counts, validation, measure } = build(team);
    if (judge === "held-out" && validation === 0)
      throw new BispikeError(
        "config",
        "--judge held-out: nothing is held out of training; set data.validation above 0",
      );
    const finish: Job["finish"] = (folder, result, pause) =>
      finishRun({ config, task, slots, measure }, { folder, result, pause, judge });
    const { threads } = team;
    return await use({ config, judge, task, threads, slots, provenance, content: content(), counts, finish });
  } finally {
    await team.close();
  }
}

async function loadImages(
  { data }: CheckpointFor<"classify" | "autoencode">["config"],
  judge: Judge,
): Promise<Dataset> {
  const dataset = await loadDataset(data);
  return judge === "test" ? dataset : withoutTest(dataset);
}

function aboutImages(dataset: Dataset): Pick<Source, "name" | "provenance" | "content"> {
  return { name: dataset.name, provenance: dataset.provenance, content: () => imagesContent(dataset) };
}

function seriesWarnings(constant: readonly string[], standardise: "train" | "all"): string[] {
  const warnings: string[] = [];
  if (constant.length > 0)
    warnings.push(`constant in the rows trained on, so of no use there: column ${constant.join(", ")}`);
  if (standardise === "all")
    warnings.push(
      "data.standardise all: means and deviations are the whole series', so the test part leaks into training",
    );
  return warnings;
}
