/** The work of `bispike compare`. */
import { join } from "node:path";
import { type Comparison, readComparison } from "../../comparison/axes.ts";
import type { Measures } from "../../comparison/measures.ts";
import { jobsOf, type PlannedJob, runsOf } from "../../comparison/plan.ts";
import { BispikeError } from "../../errors.ts";
import { COMPARISONS_FOLDER, ComparisonFolder } from "../../node/comparison-folder.ts";
import { coreCount } from "../../node/threads.ts";
import { readRawExperiment } from "../../training/config-file.ts";
import { joinName } from "../../training/config-raw.ts";
import { differences } from "../../training/same-training.ts";
import { note, print } from "../output.ts";
import { EXIT } from "../report.ts";
import { alignTable, printable } from "../table.ts";
import { type Outcome, runJobs } from "./compare-jobs.ts";
import { fullSummary } from "./compare-measure.ts";
import { writeReport } from "./compare-report.ts";
import { type CompareReporter, createCompareReporter } from "./compare-reporter.ts";

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
