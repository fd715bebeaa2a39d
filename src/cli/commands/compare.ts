/** `bispike compare`. */

import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { type Comparison, MOST_SEEDS, readComparison } from "../../comparison/axes.ts";
import type { Measures } from "../../comparison/measures.ts";
import { jobsOf, type PlannedJob, runsOf } from "../../comparison/plan.ts";
import { BispikeError } from "../../errors.ts";
import type { Child } from "../../node/child.ts";
import { runPool } from "../../node/child.ts";
import { COMPARISONS_FOLDER, ComparisonFolder } from "../../node/comparison-folder.ts";
import { coreCount } from "../../node/threads.ts";
import { readRawExperiment } from "../../training/config-file.ts";
import { joinName } from "../../training/config-raw.ts";
import { differences } from "../../training/same-training.ts";
import { wholeNumber } from "../arguments.ts";
import { type Asked, fullSummary, trainJob } from "../jobs.ts";
import { EXIT, note, print, runAction, watchSignals } from "../process.ts";
import { writeReport } from "../report/comparison.ts";
import { type CompareReporter, createCompareReporter } from "../report/comparison-lines.ts";
import { alignTable, printable } from "../report/tables.ts";

/** Trains the runs of a comparison and measures them, each in a process of its own. */

export interface Outcome {
  /** Whether a signal came; runs under way have been saved. */
  readonly interrupted: boolean;
  readonly failed: readonly PlannedJob[];
  /** Runs with a summary, and all that there are. */
  readonly finished: number;
  readonly total: number;
}

/**
 * Trains the runs that have not finished, and measures those that are to be; a run that was interrupted goes on where it stood.
 *
 * @param limit runs at a time
 */
export async function runJobs(
  folder: ComparisonFolder,
  jobs: readonly PlannedJob[],
  asked: Asked,
  limit: number,
  reporter: CompareReporter,
): Promise<Outcome> {
  const waiting = jobs.filter((job) => !fullSummary(folder, job, asked.measures));
  let finished = jobs.length - waiting.length;
  const failed: PlannedJob[] = [];
  const children = new Set<Child>();
  const signal = watchSignals(() => {
    reporter.stopping();
    for (const child of children) child.stop();
  });
  reporter.plan({ folder: folder.path, runs: jobs.length, finished, limit: Math.min(limit, waiting.length) });
  const { stopped } = signal;
  const train = async (job: PlannedJob) => {
    const end = await trainJob(folder, job, asked, { reporter, stopped, children });
    if (end.kind === "done") {
      finished++;
      reporter.done(job, end);
    } else if (end.kind === "failed") {
      failed.push(job);
      reporter.failed(job, end.message);
    }
  };
  try {
    await runPool(waiting, limit, train, stopped);
  } finally {
    signal.dispose();
  }
  return { interrupted: stopped(), failed, finished, total: jobs.length };
}

interface CompareOptions {
  readonly name?: string;
  readonly seeds?: number | readonly number[];
  readonly baseline?: readonly string[];
  readonly out?: string;
  readonly jobs?: number;
  readonly dryRun?: true;
  readonly reportOnly?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** @param overrides dotted options of the command line, which `splitOverrides` took out */
export function compareCommand(overrides: readonly string[] = []): Command {
  return new Command("compare")
    .description(
      "Trains an experiment once for every combination of values and every seed, as many runs at once as there are cores, and writes tables (Markdown, CSV, JSON) and a picture: " +
        "mean and sample deviation over the seeds, cost, and paired tests against a baseline. Any key with a list of values is varied: --rule.name=[bsd,backprop]; " +
        "a key whose value is a list itself takes a list of lists: --network.hidden=[[512],[256]]. The file's section compare may hold the same: axes, seeds, baseline (--compare.seeds=1 changes it); with judge: held-out no run looks at its test part, for tuning; and there, an axis named variant varies several keys together: " +
        "{ axes: { variant: [{ rule.name: bsd, train.learningRate: 0.006 }, { rule.name: dll, train.learningRate: 0.003 }] } }. " +
        "With measure: { robustness: true } there, each trained run's accuracy on corrupted images is measured and compared too; with { probes: true }, what each of its stages knows of the classes. " +
        "The same command goes on after a kill or Ctrl-C: finished runs are kept, begun ones are resumed, failed ones are tried again; values and seeds may be added.",
    )
    .argument("[file]", "the experiment's YAML file (not needed with --report-only)")
    .option(
      "--seeds <seeds>",
      "how many seeds (3 for 1, 2, 3), or which: 1,5,9 (default: the file's, else 3)",
      readSeeds,
    )
    .option(
      "--baseline <key=value>",
      "a value the others are held against, or variant=name; may be repeated (default: the file's, else rule.name=bsd where it is varied, else the first values)",
      (setting: string, before: readonly string[] = []) => [...before, setting],
    )
    .option("--out <dir>", "folder of the comparison; new, empty, or an earlier one's (default: compare/<name>)")
    .option("--name <name>", "the experiment's name, in place of the file's")
    .option(
      "--jobs <n>",
      "runs at once, one thread each (default: one a core). The figures do not depend on it",
      wholeNumber(1, 256),
    )
    .option("--dry-run", "list the runs and how far they are, and do nothing")
    .option("--report-only <dir>", "make the report of this folder anew from the runs that have finished")
    .option("--json", "print one JSON object a line: plan, start, progress, warning, done, failed, stopped, report")
    .option("--quiet", "print only warnings, failures and the tables")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike compare experiments/alice.yaml --rule.name=[bsd,backprop,dll] --seeds 5
  $ bispike compare experiments/mnist-mlp.yaml --network.threshold.perception=[0.4,0.6,0.8] --train.epochs=3
  $ bispike compare experiments/mnist-mlp.yaml --network.hidden=[[512],[512,256]] --baseline network.hidden=[512]
  $ bispike compare experiments/mnist-mlp.yaml --train.learningRate=[0.001,0.003] --compare.judge=held-out
  $ bispike compare --report-only compare/alice`,
    )
    .action(
      runAction(async (file: string | undefined, { name, ...options }: CompareOptions) => {
        const own = name === undefined ? [] : [`--name=${JSON.stringify(name)}`];
        await compareRun({ ...options, ...(file === undefined ? {} : { file }), overrides: [...overrides, ...own] });
      }),
    );
}

/** "3" is a count; "1,5,9" and "[7]" are seeds. */
export function readSeeds(text: string): number | number[] {
  const list = /^\[?\s*(\d{1,16}(\s*,\s*\d{1,16})*)\s*\]?$/.exec(text)?.[1]?.split(",").map(Number);
  const isCount = /^\d+$/.test(text);
  const count = isCount ? list?.[0] : list?.length;
  if (!list || !count || count > MOST_SEEDS || !list.every(Number.isSafeInteger))
    throw new InvalidArgumentError(
      `Expected a number of seeds from 1 to ${MOST_SEEDS}, such as 3, or seeds, such as 1,5,9.`,
    );
  return isCount ? count : list;
}

export interface CompareRequest {
  /** The experiment's file; not with `reportOnly`. */
  readonly file?: string;
  /** As `--key=value`; lists of values are axes. */
  readonly overrides: readonly string[];
  readonly seeds?: number | readonly number[];
  readonly baseline?: readonly string[];
  readonly out?: string;
  /** Runs at once. Default: one a core. */
  readonly jobs?: number;
  readonly dryRun?: boolean;
  /** Folder of an earlier comparison. */
  readonly reportOnly?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export async function compareRun(request: CompareRequest): Promise<void> {
  if (request.reportOnly !== undefined) return reportAgain(request, request.reportOnly);
  const { file, overrides, seeds, baseline } = request;
  if (file === undefined) {
    throw new BispikeError(
      "usage",
      "expected an experiment's YAML file, as in: bispike compare experiments/alice.yaml --rule.name=[bsd,dll] (or --report-only DIR)",
    );
  }
  const asked = {
    overrides,
    ...(seeds === undefined ? {} : { seeds }),
    ...(baseline === undefined ? {} : { baseline }),
  };
  const comparison = readComparison(readRawExperiment(file), file, asked);
  const jobs = jobsOf(comparison, file);
  const folder = new ComparisonFolder(request.out ?? join(COMPARISONS_FOLDER, joinName(comparison.name)));
  assertFits(folder, comparison, jobs);
  if (request.dryRun) return listJobs(folder, jobs, comparison.measure, request.json ?? false);
  const release = folder.lock();
  const reporter = createCompareReporter(request);
  try {
    await compareIn(folder, comparison, jobs, request.jobs ?? coreCount(), reporter);
  } finally {
    reporter.close();
    release();
  }
}

async function compareIn(
  folder: ComparisonFolder,
  comparison: Comparison,
  jobs: readonly PlannedJob[],
  limit: number,
  reporter: CompareReporter,
): Promise<void> {
  folder.writePlan(comparison);
  const outcome = await runJobs(
    folder,
    jobs,
    { judge: comparison.judge, measures: comparison.measure },
    limit,
    reporter,
  );
  process.exitCode = exitCodeOf(outcome);
  if (outcome.interrupted) return reporter.stopped(outcome);
  const failed = outcome.failed.map(({ label }) => label);
  if (failed.length === jobs.length)
    throw new BispikeError("training", `${folder.path}: all ${jobs.length} runs failed; there is nothing to report`);
  reporter.report(await writeReport(folder, comparison), failed);
}

function exitCodeOf({ interrupted, failed }: Outcome): number {
  if (interrupted) return EXIT.interrupted;
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}

async function reportAgain(request: CompareRequest, path: string): Promise<void> {
  const { file, overrides, seeds, baseline, out, jobs, dryRun } = request;
  if (overrides.length > 0 || [file, seeds, baseline, out, jobs, dryRun].some((given) => given !== undefined))
    throw new BispikeError("usage", "--report-only: expected its folder alone, which holds what was compared");
  const folder = new ComparisonFolder(path);
  const design = folder.readPlan();
  const reporter = createCompareReporter(request);
  try {
    reporter.report(await writeReport(folder, design), []);
  } finally {
    reporter.close();
  }
  const all = runsOf(design);
  const missing = all.filter((run) => !fullSummary(folder, run, design.measure ?? {})).map(({ label }) => label);
  // Why is not kept: a run may have failed, been stopped, or never have begun.
  if (missing.length > 0)
    note(
      "warning",
      `${missing.length} of ${all.length} runs have no results, as they failed, were stopped or not begun; bispike compare with their file goes on with them: ${missing.map(printable).join("; ")}`,
    );
}

/**
 * Values and seeds may be added to an earlier comparison.
 *
 * @throws BispikeError "usage" when it varied other keys, or a run of it was begun with other settings
 */
function assertFits(folder: ComparisonFolder, { axes, judge }: Comparison, jobs: readonly PlannedJob[]): void {
  const { judge: begun = "test" } = folder.hasPlan() ? folder.readPlan() : { judge };
  if (begun !== judge)
    throw new BispikeError(
      "usage",
      `${folder.path}: holds runs that are judged by their ${begun} part, and these are to be by their ${judge} part; choose another folder with --out`,
    );
  const [before, now] = [folder.hasPlan() ? folder.readPlan().axes : axes, axes].map((list) =>
    list.map(({ key }) => key).sort(),
  );
  if (String(before) !== String(now)) {
    const [held, wanted] = [before, now].map((keys) => keys?.join(", ") || "seeds alone");
    throw new BispikeError(
      "usage",
      `${folder.path}: holds a comparison of ${held}, and this one is of ${wanted}; choose another folder with --out`,
    );
  }
  for (const job of jobs) {
    if (folder.state(job) === "new") continue;
    const [other] = differences(folder.configOf(job), job.config);
    if (other)
      throw new BispikeError(
        "usage",
        `${folder.file(job.folder)}: ${other.key} differs from the run's that is there already; compare in another folder (--out), or remove that run`,
      );
  }
}

function listJobs(folder: ComparisonFolder, jobs: readonly PlannedJob[], measures: Measures, json: boolean): void {
  const states = { new: "to train", begun: "to go on with", trained: "to measure", finished: "finished" } as const;
  const stateOf = (job: PlannedJob): keyof typeof states => {
    const state = folder.state(job);
    return state === "finished" && !fullSummary(folder, job, measures) ? "trained" : state;
  };
  const list = jobs.map((job) => ({ run: job.label, state: stateOf(job), folder: folder.file(job.folder) }));
  const rows = list.map((job) => [job.run, states[job.state], job.folder]);
  print(
    json
      ? JSON.stringify({ event: "plan", folder: folder.path, runs: list })
      : alignTable([["run", "state", "folder"], ...rows], "lll"),
  );
}
