/** One session of training in a run folder, from its start or from its last checkpoint to the end or to a signal. */
import { existsSync } from "node:fs";
import type { FileRecord } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { describeEnvironment, type Environment } from "../../node/environment.ts";
import { CHECKPOINT_FILES } from "../../node/open.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import type { AnyConfig } from "../../training/any-config.ts";
import type { AnyCheckpoint } from "../../training/checkpoint.ts";
import { PLACES } from "../../training/same-training.ts";
import { train } from "../../training/trainer.ts";
import { anew, assertAsTrained } from "./as-trained.ts";
import { type InitialWeights, startAgain } from "./init.ts";
import type { AnySummary, Job } from "./job.ts";
import type { Reporter } from "./reporter.ts";
import { breathe, watchSignals } from "./signals.ts";

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
    const result = await train(job, {
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
