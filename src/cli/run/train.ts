/** The work of `bispike train`. */

import { BispikeError } from "../../errors.ts";
import { describeStages } from "../../network/pair.ts";
import { commonStep, partFolder, partsOf, resumeCommand } from "../../node/part-folder.ts";
import { RUN_FILES, RunFolder } from "../../node/run-folder.ts";
import { type AnyConfig, resolveAnyConfig } from "../../training/any-config.ts";
import { readAnyExperiment } from "../../training/config-file.ts";
import { type Judge, judges } from "../../training/judge.ts";
import { renamed } from "../../training/metric-lines.ts";
import { hindrances, PLACES, RESUMED_KEYS } from "../../training/same-training.ts";
import { EXIT, whenReaderGoes } from "../report.ts";
import { anew, assertAsTrained } from "./as-trained.ts";
import { startFrom } from "./init.ts";
import { withJob } from "./job.ts";
import { movedFrom } from "./moved-data.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { beginRun, continueRun, runSession } from "./session.ts";
import type { AnySummary } from "./summary.ts";

export interface TrainRequest {
  /** The experiment's file; may be absent when a run is resumed. */
  readonly file?: string;
  /** As `--key=value`. */
  readonly overrides: readonly string[];
  readonly out?: string;
  /** Folder of the run to go on with; true for `out`, or the experiment's latest. */
  readonly resume?: string | true;
  /** What the run's results are of. Default: test; of a resumed run what it was begun with. */
  readonly judge?: Judge;
  /** File of weights to start from. */
  readonly init?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export async function trainRun(given: TrainRequest): Promise<void> {
  const request = withFile(given);
  if (request.init !== undefined && request.resume !== undefined)
    throw new BispikeError(
      "usage",
      "expected --init or --resume, got both: a resumed run goes on with its own weights",
    );
  const reporter = createReporter(request);
  // Until the session is there, which saves.
  whenReaderGoes(() => {
    process.stderr.write("bispike: stdout was closed by its reader before training began: nothing was trained\n");
    process.exit(EXIT.interrupted);
  });
  try {
    const summary =
      request.resume === undefined ? await startRun(request, reporter) : await resumeRun(request, reporter);
    if (!summary) process.exitCode = EXIT.interrupted;
  } finally {
    whenReaderGoes(undefined);
    reporter.close();
  }
}

/** `--resume FILE.yaml`: the option takes the argument that follows it, but a run is a folder. */
function withFile(request: TrainRequest): TrainRequest {
  const { file, resume } = request;
  const isExperiment = file === undefined && typeof resume === "string" && /\.ya?ml$/.test(resume);
  return isExperiment ? { ...request, file: resume, resume: true } : request;
}

async function startRun(request: TrainRequest, reporter: Reporter): Promise<AnySummary | undefined> {
  const config = readFile(request);
  return trainNew(config, () => RunFolder.create(config, request.out), reporter, request);
}

/**
 * Trains a new run; its folder is made once data, network and the weights to start from are known to be good.
 *
 * @param init file of weights to start from
 * @returns undefined when a signal stopped it
 */
export function trainNew(
  config: AnyConfig,
  makeFolder: () => RunFolder,
  reporter: Reporter,
  { judge = "test", init }: Pick<TrainRequest, "judge" | "init"> = {},
): Promise<AnySummary | undefined> {
  return withJob(config, judge, reporter, async (job) => {
    const began = init === undefined ? undefined : startFrom(init, job);
    const folder = makeFolder();
    try {
      beginRun(folder, job, began);
      const summary = await runSession(job, folder, reporter);
      if (summary) reporter.done(summary, false);
      return summary;
    } finally {
      folder.close();
    }
  });
}

async function resumeRun(request: TrainRequest, reporter: Reporter): Promise<AnySummary | undefined> {
  const folder = RunFolder.open(findRun(request));
  try {
    const config = changedConfig(folder, request);
    const judge = judgeOf(folder, request);
    const finished = folder.readJson(RUN_FILES.summary);
    if (finished) {
      assertAsTrained(
        folder.path,
        config,
        `, and --resume shows the run's results. It is finished, and is not trained further: for other settings or more epochs ${anew(folder.path)}`,
      );
      // Moved or copied folders keep their summary; it should name the folder it is read from.
      const summary = { ...(renamed(finished) as unknown as AnySummary), runFolder: folder.path };
      reporter.done(summary, true);
      return summary;
    }
    assertJoined(folder);
    return await withJob(config, judge, reporter, async (job) => {
      const last = continueRun(folder, job, reporter);
      const summary = await runSession(job, folder, reporter, last);
      if (summary) reporter.done(summary, false);
      return summary;
    }).catch(movedFromRun(folder.config(), config));
  } finally {
    folder.close();
  }
}

/** Without a file, overrides that say what data to train on are a whole configuration: all else has a default. */
function readFile({ file, overrides }: TrainRequest): AnyConfig {
  if (file === undefined) {
    if (overrides.some((override) => override.startsWith("--data."))) return resolveAnyConfig({}, overrides);
    throw new BispikeError(
      "usage",
      "expected an experiment's YAML file, as in: bispike train experiments/mnist-mlp.yaml (or --data.name=mnist and other keys alone, or --resume RUN)",
    );
  }
  return readAnyExperiment(file, overrides);
}

function findRun(request: TrainRequest): string {
  const { resume, out } = request;
  if (typeof resume === "string") {
    if (out !== undefined)
      throw new BispikeError("usage", "expected --resume RUN or --out, got both: a resumed run stays in its folder");
    return resume;
  }
  if (out !== undefined) return out;
  const config = readFile(request);
  const latest = RunFolder.latest(config);
  if (latest === undefined) {
    throw new BispikeError(
      "usage",
      `--resume: there is no run of ${config.name} with seed ${config.train.seed} in runs/; give its folder`,
    );
  }
  return latest;
}

/** One process knows nothing of what parts have learned until they are joined: it would begin anew. */
function assertJoined(folder: RunFolder): void {
  const { path } = folder;
  const ranges = partsOf(path);
  if (ranges.length === 0) return;
  const saved = commonStep(ranges.map((range) => partFolder(path, range)));
  const joined = folder.last()?.position.step;
  if (joined !== undefined && joined >= (saved ?? 0)) return;
  const orJoin = saved === undefined ? "" : `, or join its parts to go on as one process: bispike join ${path}`;
  throw new BispikeError(
    "usage",
    `${path}: was begun in parts (stages ${ranges.map(describeStages).join(", ")}); go on with: ${resumeCommand(path)}${orJoin}`,
  );
}

/** What a run was begun to be judged by: a resumed one must not look at a test part that was to be left alone. */
function judgeOf(folder: RunFolder, { judge }: TrainRequest): Judge {
  const begun = folder.readJson(RUN_FILES.environment)?.judge;
  const before = judges.find((name) => name === begun) ?? "test";
  if (judge !== undefined && judge !== before)
    throw new BispikeError(
      "usage",
      `${folder.path}: --judge ${judge} differs from the run's, which is judged by its ${before} part; train anew for another`,
    );
  return before;
}

/** What to do with an error of data that are not where the run has them. */
function movedFromRun({ data: before }: AnyConfig, { data: now }: AnyConfig): (error: unknown) => never {
  const [key, value] = Object.entries(now).find(([name]) => PLACES.includes(`data.${name}`)) ?? [];
  const recorded = Object.entries(before).some(([name, place]) => name === key && place === value);
  return movedFrom(recorded ? String(value) : undefined, `--data.${key} ${key === "path" ? "FOLDER" : "FILE"}`);
}

/** The run's configuration with the threads and saving interval of this session, and its data where they now lie. */
function changedConfig(folder: RunFolder, request: TrainRequest): AnyConfig {
  const before = folder.config();
  const config = request.file === undefined ? folder.config(request.overrides) : readFile(request);
  const [other] = hindrances(before, config);
  if (other) {
    throw new BispikeError(
      "usage",
      `${folder.path}: ${other.key} differs from the run's; a resumed run may change only ${RESUMED_KEYS}. For other settings or more epochs ${anew(folder.path)}`,
    );
  }
  return config;
}
