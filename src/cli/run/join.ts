/** The work of `bispike join`: the parts of a training become a run like any other. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { joinParts } from "../../distributed/join.ts";
import { BispikeError } from "../../errors.ts";
import { describeStages } from "../../network/pair.ts";
import { writeDurably } from "../../node/durable.ts";
import { describeEnvironment } from "../../node/environment.ts";
import { CHECKPOINT_FILES } from "../../node/open.ts";
import { commonStep, partFolder, partsConfig, partsOf, readPart, savedSteps } from "../../node/part-folder.ts";
import { RUN_FILES, RunFolder } from "../../node/run-folder.ts";
import { remediesOf } from "../../training/metrics.ts";
import { decodeCheckpoint } from "../../training/read-checkpoint.ts";
import { withJob } from "./job.ts";
import { joinMetrics, type PartLine } from "./join-metrics.ts";
import { createReporter, type Reporter } from "./reporter.ts";
import { breathe } from "./signals.ts";

export interface JoinRequest {
  /** Folder of the run, with `parts/`. */
  readonly run: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** As `--key=value`: threads of the test. */
  readonly overrides?: readonly string[];
}

export async function joinRun(request: JoinRequest): Promise<void> {
  const reporter = createReporter(request);
  try {
    await joinInto(request.run, request.overrides ?? [], reporter);
  } finally {
    reporter.close();
  }
}

/** Joins the latest common step of a run's parts; if that is the end of training, the test figures and pictures of a run follow. */
export async function joinInto(run: string, overrides: readonly string[], reporter: Reporter): Promise<void> {
  const ranges = partsOf(run);
  if (ranges.length === 0)
    throw new BispikeError(
      "checkpoint",
      `${run}: expected the folder of a training in parts (parts/stages-...), found none`,
    );
  const folder = RunFolder.open(run);
  try {
    const paths = ranges.map((range) => partFolder(run, range));
    const step = latestCommon(paths, ranges.map(describeStages));
    const bytes = joinParts(paths.map((path) => readPart(path, step)));
    writeDurably(folder.file(CHECKPOINT_FILES.last), bytes);
    const checkpoint = decodeCheckpoint(bytes, folder.file(CHECKPOINT_FILES.last));
    const { lines, seconds } = joinMetrics(paths.map(readLines), step, remediesOf(checkpoint.config));
    const write = () =>
      writeDurably(folder.file(RUN_FILES.metrics), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    write();
    await withJob(partsConfig(run, overrides), "test", reporter, async (job) => {
      folder.writeJson(RUN_FILES.environment, {
        ...describeEnvironment(job.threads, job.provenance),
        ...{ content: job.content, judge: job.judge, resumed: [] },
      });
      const { totalSteps } = job.task;
      if (step < totalSteps) {
        reporter.stopped({ runFolder: run, step, totalSteps });
        return;
      }
      job.task.restore(checkpoint);
      const { epochs } = job.config.train;
      const { score, line } = await job.task.endEpoch({ epoch: epochs, step }, () => seconds, breathe);
      const last = lines.at(-1);
      if (last?.kind === "epoch" && "hamming" in line) {
        const { validationAccuracy, hamming, hammingShuffled, rates } = line;
        lines.splice(-1, 1, { ...last, validationAccuracy, hamming, hammingShuffled, rates });
        write();
        reporter.metrics(lines.at(-1)!, epochs);
      }
      const best = score === null ? null : { score, epoch: epochs };
      reporter.done(await job.finish(folder, { finished: true, step, best, seconds }, breathe), false);
    });
  } finally {
    folder.close();
  }
}

function latestCommon(paths: readonly string[], names: readonly string[]): number {
  const step = commonStep(paths);
  if (step !== undefined) return step;
  const found = names.map((name, k) => `stages ${name}: ${savedSteps(paths[k]!).join(", ") || "none"}`).join("; ");
  throw new BispikeError("checkpoint", `expected a step that all parts have saved, got steps of ${found}`);
}

function readLines(path: string): PartLine[] {
  const file = join(path, RUN_FILES.metrics);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line, index) => {
      try {
        return JSON.parse(line) as PartLine;
      } catch (cause) {
        throw new BispikeError("checkpoint", `${file}: line ${index + 1} is not JSON`, { cause });
      }
    });
}
