/** `bispike join`. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { joinParts } from "../../cluster/join.ts";
import { commonStep, partFolder, partsConfig, partsOf, readPart, savedSteps } from "../../cluster/part-folder.ts";
import { BispikeError } from "../../errors.ts";
import { describeStages } from "../../nets/pair.ts";
import { writeDurably } from "../../node/durable.ts";
import { describeEnvironment } from "../../node/environment.ts";
import { CHECKPOINT_FILES } from "../../node/open.ts";
import { RUN_FILES, RunFolder } from "../../node/run-folder.ts";
import {
  type EpochMetrics,
  healthWarnings,
  type MetricLine,
  type Remedies,
  remediesOf,
  type StepMetrics,
} from "../../training/metrics.ts";
import { decodeCheckpoint } from "../../training/read-checkpoint.ts";
import { breathe, runAction } from "../process.ts";
import { createReporter, type Reporter } from "../report/training.ts";
import { withJob } from "./train-session.ts";

export function joinCommand(): Command {
  return new Command("join")
    .description(
      "Puts the parts of a pair that was trained by `bispike train --stages` together again: the run's folder gets a checkpoint (of parts in step: the weights and optimiser's state of one process, tensor for tensor), metrics, the test figures and pictures; images held out are measured then, at the end of training alone. " +
        "Parts from other hosts: copy their folders (parts/stages-...) into one run's folder first. Parts that are not at the end are joined at the latest step that all have saved.",
    )
    .argument("<run>", "the run's folder, which has parts/")
    .option("--json", "print one JSON object a line")
    .option("--quiet", "print only warnings and the result")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike join runs/mnist-mlp-seed1
  $ bispike eval runs/mnist-mlp-seed1`,
    )
    .action(runAction(joinRun));
}

interface JoinOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** As `--key=value`: threads of the test. */
  readonly overrides?: readonly string[];
}

/** @param run folder of the run, with `parts/` */
export async function joinRun(run: string, options: JoinOptions): Promise<void> {
  const reporter = createReporter(options);
  try {
    await joinInto(run, options.overrides ?? [], reporter);
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

// The metrics of parts put together: the lines a training in one process writes, but for what is measured on validation images.

/** A line of a part's `metrics.jsonl`: of its stages `first` to `last` alone. */
export type PartLine =
  | (Pick<
      StepMetrics,
      "kind" | "step" | "epoch" | "perceptionRates" | "recallRates" | "learningRate" | "imagesPerSecond" | "seconds"
    > & {
      readonly first: number;
      readonly last: number;
      readonly losses: readonly number[];
    })
  | (Pick<EpochMetrics, "kind" | "step" | "epoch" | "seconds"> & {
      readonly losses: readonly number[];
      readonly correct: number;
      readonly dead: readonly number[];
    });

type Joined = { lines: MetricLine[]; seconds: number };

/**
 * @param parts lines of each part, from the stimulus up
 * @param step last step to keep
 */
export function joinMetrics(parts: readonly (readonly PartLine[])[], step: number, remedies: Remedies): Joined {
  const lines: MetricLine[] = [];
  let seconds = 0;
  for (const own of parts[0] ?? []) {
    const same = parts.map((part) => part.find((line) => line.kind === own.kind && line.step === own.step));
    if (own.step > step || same.some((line) => line === undefined)) continue;
    const all = same as PartLine[];
    const losses = all.flatMap((line) => line.losses);
    const loss = losses.reduce((sum, value) => sum + value, 0);
    // Parts work side by side: the slowest tells the time.
    seconds = Math.max(...all.map((line) => line.seconds));
    if (own.kind === "step") lines.push(stepOf(own, all, losses, loss, seconds));
    else lines.push(epochOf(own, all, { trainLoss: loss, seconds, remedies }, lines));
  }
  return { lines, seconds };
}

function stepOf(
  { step, epoch, learningRate }: PartLine & { kind: "step" },
  all: readonly PartLine[],
  losses: readonly number[],
  loss: number,
  seconds: number,
): StepMetrics {
  const rates = (of: "perceptionRates" | "recallRates") =>
    all.flatMap((line) => (line.kind === "step" ? line[of] : []));
  return {
    ...{ kind: "step", step, epoch, loss, learningRate, seconds },
    imagesPerSecond: Math.min(
      ...all.map((line) => (line.kind === "step" ? line.imagesPerSecond : Number.POSITIVE_INFINITY)),
    ),
    ...{ stageLosses: losses.slice(0, -1), topLoss: losses.at(-1)! },
    ...{ perceptionRates: rates("perceptionRates"), recallRates: rates("recallRates") },
  };
}

function epochOf(
  { step, epoch }: PartLine & { kind: "epoch" },
  all: readonly PartLine[],
  { trainLoss, seconds, remedies }: { trainLoss: number; seconds: number; remedies: Remedies },
  before: readonly MetricLine[],
): EpochMetrics {
  const shares = all.filter((line) => line.kind === "epoch");
  const dead = shares.flatMap((line) => line.dead);
  const newest = before.findLast((line) => line.kind === "step");
  const warnings = newest
    ? [
        ...healthWarnings("perception", newest.perceptionRates, remedies, dead),
        ...healthWarnings("recall", newest.recallRates, remedies),
      ]
    : [];
  const trainAccuracy = Math.max(...shares.map((line) => line.correct));
  const nothing = { validationAccuracy: null, hamming: [], hammingShuffled: [], rates: [] };
  return { kind: "epoch", epoch, step, trainLoss, trainAccuracy, ...nothing, warnings, seconds };
}
