/** The work of `bispike sweep run`. */
import type { PlannedJob } from "../../../comparison/plan.ts";
import { BispikeError } from "../../../errors.ts";
import type { SweepJob, SweepPlan } from "../../../node/sweep/plan-file.ts";
import { SweepFolder } from "../../../node/sweep/sweep-folder.ts";
import { coreCount } from "../../../node/threads.ts";
import { print } from "../../output.ts";
import { EXIT } from "../../report.ts";
import { printable } from "../../table.ts";
import { runJobs } from "../compare-jobs.ts";
import { type CompareReporter, createCompareReporter } from "../compare-reporter.ts";
import { askedBy } from "../job-child.ts";
import { countStates, withoutGivenUp } from "./status.ts";

export interface RunRequest {
  readonly folder: string;
  /** Runs at once. Default: one a core. */
  readonly jobs?: number;
  /** A place in the plan, or an id. */
  readonly job?: string;
  /** From 1. */
  readonly rung?: number;
  readonly queue?: string;
  readonly enqueue?: true;
  readonly worker?: true;
  readonly lease?: number;
  readonly patience?: number;
  readonly json?: true;
  readonly quiet?: true;
}

/** What runs a sweep's jobs. */
export interface Session {
  readonly folder: SweepFolder;
  readonly plan: SweepPlan;
  /** Runs at once. */
  readonly limit: number;
  readonly reporter: CompareReporter;
}

export async function runSweep(request: RunRequest): Promise<void> {
  assertTogether(request);
  const folder = new SweepFolder(request.folder);
  const plan = folder.readPlan();
  const shown = createCompareReporter(request);
  const reporter = recordingReporter(shown, folder, plan);
  const session: Session = { folder, plan, limit: request.jobs ?? coreCount(), reporter };
  try {
    if (request.queue !== undefined) {
      const { runByQueue } = await import("./queue.ts");
      await runByQueue(session, { ...request, queue: request.queue });
    } else if (request.job !== undefined) await runOne(session, request.job, request.rung);
    else await runHere(session);
    if (!request.enqueue && request.job === undefined) tellEnd(session, request);
  } finally {
    reporter.close();
  }
}

function assertTogether({ queue, enqueue, worker, lease, patience, job, jobs, rung }: RunRequest): void {
  const fail = (message: string) => new BispikeError("usage", message);
  if (queue === undefined && [enqueue, worker, lease, patience].some((given) => given !== undefined))
    throw fail("--enqueue, --worker, --lease and --patience: expected with --queue redis://host:port");
  if (enqueue && worker)
    throw fail("expected --enqueue or --worker, got both; without either, jobs are put and worked");
  if (job !== undefined && (queue !== undefined || jobs !== undefined))
    throw fail("--job: trains one job here, so it goes neither with --queue nor with --jobs");
  if (rung !== undefined && job === undefined) throw fail("--rung: expected with --job");
}

/** Rung by rung, by processes of this machine. */
async function runHere({ folder, plan, limit, reporter }: Session): Promise<void> {
  for (const rung of plan.rungs.keys()) {
    if (folder.choice(plan, rung)) continue;
    const outcome = await runJobs(
      folder.runs(plan, rung),
      folder.jobs(plan, rung),
      askedBy(plan.rungs[rung]!.design),
      limit,
      reporter,
    );
    if (outcome.failed.length > 0) process.exitCode = EXIT.failed;
    if (outcome.interrupted) {
      process.exitCode = EXIT.interrupted;
      return reporter.stopped(outcome);
    }
    if (!folder.choose(plan, rung))
      throw new BispikeError(
        "usage",
        `${folder.path}: other processes still train runs of rung ${rung + 1}; the same command goes on once they have ended`,
      );
  }
}

async function runOne({ folder, plan, reporter }: Session, name: string, rung?: number): Promise<void> {
  if (rung !== undefined && rung > 1) assertChosen(folder, plan, rung);
  const job = findJob(folder, plan, name, rung);
  // Candidates that failed leave a place empty at the end of an array.
  if (!job) return print(`rung ${rung}: no candidate was kept for place ${printable(name)}`);
  const outcome = await runJobs(folder.runs(plan, job.rung), [job], askedBy(plan.rungs[job.rung]!.design), 1, reporter);
  if (outcome.failed.length > 0) process.exitCode = EXIT.failed;
  if (!outcome.interrupted) return;
  process.exitCode = EXIT.interrupted;
  reporter.stopped(outcome);
}

function assertChosen(folder: SweepFolder, plan: SweepPlan, rung: number): void {
  if (plan.rungs[rung - 1] === undefined)
    throw new BispikeError("usage", `--rung: expected one of 1 to ${plan.rungs.length}, got ${rung}`);
  if (!folder.choose(plan, rung - 2))
    throw new BispikeError("usage", `${folder.path}: rung ${rung - 1} has runs that have not ended; train them first`);
}

function findJob(folder: SweepFolder, plan: SweepPlan, name: string, rung?: number): SweepJob | undefined {
  const jobs = rung === undefined && !plan.halving ? plan.jobs : folder.jobs(plan, (rung ?? 1) - 1);
  const place = /^\d{1,9}$/.test(name) ? Number(name) : undefined;
  const job = place === undefined ? plan.jobs.find(({ id }) => id === name) : jobs[place];
  if (job) {
    const { state } = folder.status(plan, job);
    if (state !== "later" && state !== "dropped") return job;
    throw new BispikeError("usage", `--job: ${job.id} (${job.label}) is not to be trained: it is ${state}`);
  }
  const { candidates, design } = plan.rungs[(rung ?? 1) - 1]!;
  if (place !== undefined && rung !== undefined && place < candidates * design.seeds.length) return undefined;
  throw new BispikeError(
    "usage",
    `--job: expected a place from 0 to ${jobs.length - 1} or an id of the plan, got ${JSON.stringify(name)}`,
  );
}

function tellEnd({ folder, plan }: Session, { json, quiet }: RunRequest): void {
  const statuses = plan.jobs.map((job) => folder.status(plan, job));
  const counts = countStates(folder, plan, statuses);
  if (json) {
    print(JSON.stringify({ event: "ended", folder: folder.path, counts }));
    return;
  }
  const left = (counts.waiting ?? 0) + (counts.interrupted ?? 0) + (counts.running ?? 0) + (counts.later ?? 0);
  if (quiet || left > 0) return;
  const failed = counts.failed ? `, ${counts.failed} failed (the same command tries them again)` : "";
  // Without the option, collect refuses while runs are missing.
  const missing = withoutGivenUp(folder, plan, statuses).some(({ state }) => state === "failed");
  const collect = `bispike sweep collect ${printable(folder.path)}${missing ? " --incomplete" : ""}`;
  print(`${counts.done ?? 0} runs done${failed}; tabulate ${missing ? "the others" : "them"} by: ${collect}`);
}

/** Keeps failures: each stays on record until the run is tried again. */
function recordingReporter(reporter: CompareReporter, folder: SweepFolder, plan: SweepPlan): CompareReporter {
  return {
    ...reporter,
    start: (job) => {
      folder.clearFailure(plan, planned(job));
      reporter.start(job);
    },
    failed: (job, message) => {
      // A run that another process trains has not failed.
      if (folder.status(plan, planned(job)).state !== "running") folder.recordFailure(plan, planned(job), message);
      reporter.failed(job, message);
    },
  };
}

/** Sweeps give out their own jobs only. */
const planned = (job: PlannedJob) => job as SweepJob;
