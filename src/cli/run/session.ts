/** One session of training in a run folder, from its start or from its last checkpoint to the end or to a signal. */
import { existsSync } from "node:fs";
import type { Dataset } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { describeEnvironment } from "../../node/environment.ts";
import { CHECKPOINT_FILES } from "../../node/open.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import type { Checkpoint } from "../../training/checkpoint.ts";
import type { ExperimentConfig } from "../../training/config.ts";
import type { Experiment } from "../../training/experiment.ts";
import { train } from "../../training/trainer.ts";
import type { Reporter } from "./reporter.ts";
import { differingKeys } from "./same-config.ts";
import { breathe, watchSignals } from "./signals.ts";
import { finishRun, type Summary } from "./summary.ts";

/** Thrown inside a session to give up on a signal once training itself is done. */
class Stopped extends Error {}

/**
 * Trains and finishes the run.
 *
 * @param resume where to go on; undefined trains from the start
 * @returns the summary, or undefined when a signal stopped the run (it is saved)
 */
export async function runSession(
  experiment: Experiment,
  folder: RunFolder,
  reporter: Reporter,
  resume?: Checkpoint,
): Promise<Summary | undefined> {
  const { config, dataset, trainIndices, heldOutIndices, totalSteps, model } = experiment;
  const secondsBefore = folder.cutMetrics(resume?.position);
  const { threads } = model.pair.team;
  const { name } = config;
  const { seed, epochs } = config.train;
  const counts = { images: trainIndices.length, heldOut: heldOutIndices.length, classes: dataset.classes };
  const step = resume?.position.step ?? 0;
  const signal = watchSignals(() => reporter.stopping());
  reporter.start({ name, seed, runFolder: folder.path, ...counts, epochs, totalSteps, threads, step });
  try {
    const result = await train(experiment, {
      sink: {
        onStep: (report, line, progress) => reporter.step(report, line, progress),
        onMetrics: (line) => {
          folder.addMetrics(line);
          reporter.metrics(line);
        },
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
      return await finishRun(experiment, folder, result, async () => {
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
  const kept = existsSync(last) ? `the last good checkpoint is ${last}` : "no checkpoint was saved yet";
  return new BispikeError("training", `${error.message}; ${kept}`, { cause: error });
}

/** Writes what a new run starts with. */
export function beginRun(folder: RunFolder, config: ExperimentConfig, dataset: Dataset, threads: number): void {
  folder.writeJson(RUN_FILES.environment, { ...describeEnvironment(threads, dataset.provenance), resumed: [] });
  folder.writeConfig(config);
}

/**
 * Reads where a run stood, and adds this session to its environment.
 *
 * @throws BispikeError "checkpoint" when the checkpoint is of another configuration than the folder's
 */
export function continueRun(
  folder: RunFolder,
  config: ExperimentConfig,
  dataset: Dataset,
  threads: number,
  reporter: Reporter,
): Checkpoint | undefined {
  const last = folder.last();
  const [key] = last ? differingKeys(last.config, config) : [];
  if (key !== undefined) {
    throw new BispikeError(
      "checkpoint",
      `${folder.path}: ${key} in ${RUN_FILES.config} is not what the checkpoint was trained with; put it back, or train anew in another folder`,
    );
  }
  const now = describeEnvironment(threads, dataset.provenance);
  const before = folder.readJson(RUN_FILES.environment) ?? { ...now, resumed: [] };
  if (JSON.stringify(before.data) !== JSON.stringify(now.data)) {
    reporter.warning(
      `the data's files are not those the run began with (see data in ${folder.file(RUN_FILES.environment)})`,
    );
  }
  const { data: _, ...session } = now;
  const resumed = Array.isArray(before.resumed) ? before.resumed : [];
  folder.writeJson(RUN_FILES.environment, {
    ...before,
    resumed: [...resumed, { ...session, step: last?.position.step ?? 0 }],
  });
  return last;
}
