/** One session of training in a run folder, from its start or from its last checkpoint to the end or to a signal. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Dataset, type FileRecord, withoutTest } from "../../data/dataset.ts";
import { loadDataset } from "../../data/load.ts";
import { loadSequence } from "../../data/sequence/load.ts";
import { xxHash32 } from "../../engine/checksum.ts";
import type { Team } from "../../engine/team.ts";
import { BispikeError } from "../../errors.ts";
import { decodeSafetensors } from "../../formats/safetensors.ts";
import { decodeWeights, WEIGHTS_KIND } from "../../formats/weights.ts";
import type { Slot } from "../../nets/parameters.ts";
import { describeEnvironment, type Environment } from "../../node/environment.ts";
import { imagesContent, sequenceContent, systemFailure } from "../../node/files.ts";
import { CHECKPOINT_FILES, createTeam, openAnyCheckpoint } from "../../node/open.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import type { ProblemName } from "../../problems/problem.ts";
import type { AutoencoderReport, SequenceStepReport, StepReport } from "../../rules/rule.ts";
import type { AnyConfig } from "../../training/any-config.ts";
import type { AnyCheckpoint, CheckpointFor } from "../../training/checkpoint.ts";
import { sequenceRequest } from "../../training/data-sources.ts";
import { createAutoencoderExperiment, createExperiment, createSequenceExperiment } from "../../training/experiment.ts";
import type {
  AutoencoderEpochMetrics,
  AutoencoderStepMetrics,
  EpochMetrics,
  SequenceEpochMetrics,
  SequenceStepMetrics,
  StepMetrics,
} from "../../training/metrics.ts";
import { problemOf } from "../../training/read-checkpoint.ts";
import { PLACES } from "../../training/same-training.ts";
import { importSlots } from "../../training/state.ts";
import type { Judge, Trainable, TrainableKind } from "../../training/trainable.ts";
import { type TrainingResult, trainExperiment } from "../../training/trainer.ts";
import { anew, assertAsTrained } from "../data.ts";
import { breathe, watchSignals } from "../process.ts";
import {
  type AnySummary,
  type Ending,
  finishRun,
  measureAutoencoder,
  measureImages,
  measureSequence,
} from "../report/summary.ts";
import type { DataCounts, Reporter } from "../report/training.ts";

// `bispike train --init`: the weights a run starts from.

/** What a run's environment keeps of the weights it began with. */
export interface InitialWeights {
  readonly file: string;
  /** xxHash32 of its bytes. */
  readonly checksum: string;
}

const MAX_BYTES = 4 * 2 ** 30 - 1;

/**
 * Puts the weights of a file into a job's nets: a checkpoint (or a run's folder, its best), or weights in PyTorch's layout.
 *
 * @throws BispikeError "checkpoint" that names the tensor which is missing, unknown or of another shape
 */
export function startFrom(path: string, job: Job): InitialWeights {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? openAnyCheckpoint(path).file : path;
  const bytes = read(file);
  if (isCheckpoint(bytes)) {
    try {
      importSlots(job.slots(), openAnyCheckpoint(file).checkpoint.tensors);
    } catch (cause) {
      if (!(cause instanceof BispikeError) || cause.message.startsWith(file)) throw cause;
      throw new BispikeError(cause.code, `${file}: ${cause.message}`, { cause });
    }
  } else decodeWeights(bytes, file, job.slots());
  return { file: resolve(file), checksum: xxHash32(bytes, 0).toString(16).padStart(8, "0") };
}

/** The same for a run that was killed before its first checkpoint, by what its environment says. */
export function startAgain(recorded: unknown, job: Job): void {
  const { file, checksum } = recorded as Partial<InitialWeights>;
  if (typeof file !== "string")
    throw new BispikeError("checkpoint", "environment.json: init: expected file and checksum");
  const found = startFrom(file, job).checksum;
  if (found !== checksum)
    throw new BispikeError(
      "checkpoint",
      `${file}: its checksum is ${found}, but the run began with ${checksum}; put the file back, or train anew`,
    );
}

function read(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES)
      throw new BispikeError("checkpoint", `${file}: expected weights of less than 4 GiB, got ${size} bytes`);
    return readFileSync(file);
  } catch (error) {
    throw error instanceof BispikeError ? error : systemFailure(error, "read", file);
  }
}

/** Whether a file is one of our checkpoints; damage is reported when it is read. */
function isCheckpoint(bytes: Uint8Array): boolean {
  try {
    const kind = decodeSafetensors(bytes).metadata.get("kind");
    return kind !== WEIGHTS_KIND && (kind?.startsWith("bispike-") ?? false);
  } catch (error) {
    if (error instanceof BispikeError) return false;
    throw error;
  }
}

/** Thrown inside a session to give up on a signal once training itself is done. */
class Stopped extends Error {}

/**
 * Trains and finishes the run.
 *
 * @param resume where to go on; undefined trains from the start
 * @returns the summary, or undefined when a signal stopped the run (it is saved)
 */
export async function runSession(
  job: Job,
  folder: RunFolder,
  reporter: Reporter,
  resume?: AnyCheckpoint,
): Promise<AnySummary | undefined> {
  const { config, counts, threads } = job;
  const { totalSteps } = job.task;
  const secondsBefore = folder.cutMetrics(resume?.position);
  const { name } = config;
  const { seed, epochs } = config.train;
  const step = resume?.position.step ?? 0;
  const signal = watchSignals(() => reporter.stopping(), `bispike train --resume ${folder.path}`);
  reporter.start({ name, seed, runFolder: folder.path, ...counts, epochs, totalSteps, threads, step });
  try {
    const result = await trainExperiment(job, {
      sink: {
        onStep: (report, line, progress) => reporter.step(report, line, progress),
        onMetrics: (line) => {
          folder.addMetrics(line);
          reporter.metrics(line);
        },
        onObservation: (observation) => folder.addObservation(observation),
        onCheckpoint: (which, bytes) => folder.save(which, bytes),
      },
      stopped: signal.stopped,
      pause: breathe,
      secondsBefore,
      ...(resume ? { resume } : {}),
    });
    const stopped = () => {
      reporter.stopped({ runFolder: folder.path, step: result.step, totalSteps });
      return undefined;
    };
    if (!result.finished) return stopped();
    try {
      return await job.finish(folder, result, async () => {
        await breathe();
        if (signal.stopped()) throw new Stopped();
      });
    } catch (error) {
      if (error instanceof Stopped) return stopped();
      throw error;
    }
  } catch (error) {
    throw withCheckpoint(error, folder);
  } finally {
    signal.dispose();
  }
}

/** Tells where a failed training can be taken up from. */
function withCheckpoint(error: unknown, folder: RunFolder): unknown {
  if (!(error instanceof BispikeError) || error.code !== "training") return error;
  const last = folder.file(CHECKPOINT_FILES.last);
  const kept = existsSync(last)
    ? `the last good checkpoint is ${last}`
    : `no checkpoint was saved yet: remove ${folder.path} or choose another folder with --out`;
  return new BispikeError("training", `${error.message}; ${kept}`, { cause: error });
}

/** Writes what a new run starts with. */
export function beginRun(folder: RunFolder, job: Job, init?: InitialWeights): void {
  const { config, judge } = job;
  const environment = { ...environmentOf(job), judge, resumed: [] };
  folder.writeJson(RUN_FILES.environment, init ? { ...environment, init } : environment);
  folder.writeConfig(config);
}

/** As it is now, and what the data hold. */
function environmentOf({ threads, provenance, content }: Job): Environment & { readonly content: string } {
  return { ...describeEnvironment(threads, provenance), content };
}

/**
 * Reads where a run stood, and adds this session to its environment.
 *
 * @throws BispikeError "checkpoint" when the checkpoint is of another configuration than the folder's, or of other data
 */
export function continueRun(folder: RunFolder, job: Job, reporter: Reporter): AnyCheckpoint | undefined {
  const { config } = job;
  const last = folder.last();
  if (last) {
    assertAsTrained(folder.path, config, `, or ${anew(folder.path)}`, last.config);
    // Refuses other data before anything of the folder is written.
    job.task.restore(last);
  }
  const begun = folder.readJson(RUN_FILES.environment);
  if (begun) assertSameContent(folder, begun, job, reporter);
  // Where they were moved to, commands that read the run look for them, too.
  const recorded = folder.config();
  const moved = JSON.stringify(recorded.data) !== JSON.stringify(config.data);
  if (moved) folder.writeConfig({ ...recorded, data: config.data } as AnyConfig);
  const now = environmentOf(job);
  const before = begun ?? { ...now, resumed: [] };
  // Killed before its first checkpoint: the run begins again, from the same weights.
  if (!last && before.init !== undefined) startAgain(before.init, job);
  const { data: _, content: __, ...session } = now;
  const resumed = Array.isArray(before.resumed) ? before.resumed : [];
  folder.writeJson(RUN_FILES.environment, {
    ...before,
    resumed: [...resumed, { ...session, step: last?.position.step ?? 0 }],
  });
  return last;
}

/** What a run's environment says of its data. */
interface RecordedData {
  /** Checksum of what they held; runs of earlier versions have none. */
  readonly content?: unknown;
  readonly data?: unknown;
}

/**
 * Checks that a resumed run has the data it began with: a checkpoint knows their statistics, the folder what they held.
 *
 * @param before as the run began
 * @throws BispikeError "checkpoint" for other data, which the rest of the training would silently be of
 */
function assertSameContent(folder: RunFolder, before: RecordedData, job: Job, reporter: Reporter): void {
  const files = otherFiles(before.data, job.provenance);
  if (typeof before.content === "string") {
    if (job.content === before.content) return;
    const [place] = Object.entries(job.config.data).filter(([key]) => PLACES.includes(`data.${key}`));
    const remedy = place ? `, or give where they now lie by --data.${place[0]}` : "";
    throw new BispikeError(
      "checkpoint",
      `${folder.path}: expected the data the run began with (content ${short(before.content)}), got others (${[`content ${short(job.content)}`, ...files].join(", ")}); put them back${remedy}; to train on others ${anew(folder.path)}`,
    );
  }
  if (JSON.stringify(before.data) !== JSON.stringify(job.provenance))
    reporter.warning(
      `the data's files are not those the run began with (see data in ${folder.file(RUN_FILES.environment)})`,
    );
}

/** Files whose bytes the run did not begin with, in words. */
function otherFiles(recorded: unknown, now: readonly FileRecord[]): string[] {
  const known = new Set(
    Array.isArray(recorded) ? recorded.map((record: Partial<FileRecord> | null) => record?.sha256) : [],
  );
  return now.filter(({ sha256 }) => !known.has(sha256)).map(({ file }) => `${file} differs`);
}

const short = (sum: string): string => sum.slice(0, 12);

// An experiment as the command line trains it: what a session needs to know, whatever the problem.

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
        const counts = { images: trainIndices.length, validation, classes: dataset.classes };
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
        const { validation, test } = about.parts;
        const counts = {
          task: config.task,
          rule: config.rule.name,
          windows: windows.train.length,
          window: about.window,
          validation: validation.to - validation.from,
          test: test.to - test.from,
          ...(about.kind === "text"
            ? { characters: about.alphabet.length }
            : { inputs: about.inputs.length, targets: about.targets.length }),
        };
        const measure = measureSequence(experiment);
        return { task, slots: () => learner.slots(false), counts, validation: windows.validation.length, measure };
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
          validation,
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
