import { JobQueue, parseServer, type QueueOptions, type WorkEnd } from "../../cluster/queue.ts";
import { SweepFolder } from "../../cluster/sweep-folder.ts";
import type { SweepJob, SweepPlan } from "../../cluster/sweep-plan.ts";
import type { PlannedJob } from "../../comparison/plan.ts";
import { BispikeError } from "../../errors.ts";
import type { Child } from "../../node/child.ts";
import { coreCount } from "../../node/threads.ts";
import { askedBy, type JobEnd, trainJob } from "../jobs.ts";
import { EXIT, note, print, type StopSignal, watchSignals } from "../process.ts";
import { type CompareReporter, createCompareReporter } from "../report/comparison-lines.ts";
import { printable } from "../report/tables.ts";
import { runJobs } from "./compare.ts";
import { countStates, withoutGivenUp } from "./sweep.ts";

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

/** `bispike sweep run --queue`: puts a sweep's jobs in a queue, and works them beside any number of others that do the same. */

const POLL_MILLISECONDS = 500;
/** A job's folder may be held by the child of a worker that was killed, which ends at its next line of output. */
const LOCK_SECONDS = 600;

/** The queue of a plan: another plan, or another version's, has another one. */
export function openQueue(url: string, plan: SweepPlan, options: QueueOptions): Promise<JobQueue> {
  return JobQueue.open(parseServer(url), `sweep-${plan.digest}`, options);
}

export async function runByQueue(session: Session, request: RunRequest & { readonly queue: string }): Promise<void> {
  const { lease, patience } = request;
  const options = { ...(lease === undefined ? {} : { lease }), ...(patience === undefined ? {} : { patience }) };
  const queue = await openQueue(request.queue, session.plan, options);
  try {
    if (request.enqueue) {
      const added = await putJobs(session, queue, true);
      print(request.json ? JSON.stringify({ event: "enqueued", jobs: added }) : `${added} jobs put in the queue`);
    } else await work(session, queue, request.worker ?? false);
  } finally {
    await queue.close();
  }
}

/** Puts what is not done of the first rung that has not ended. */
function putJobs({ folder, plan }: Session, queue: JobQueue, again: boolean): Promise<number> {
  const rung = currentRung({ folder, plan });
  const open = folder.jobs(plan, rung).filter((job) => folder.status(plan, job).state !== "done");
  const ids = open.filter((job) => again || folder.status(plan, job).state !== "failed").map(({ id }) => id);
  return queue.put(ids, again);
}

function currentRung({ folder, plan }: Pick<Session, "folder" | "plan">): number {
  let rung = 0;
  while (rung + 1 < plan.rungs.length && folder.choice(plan, rung)) rung++;
  return rung;
}

async function work(session: Session, queue: JobQueue, onlyWork: boolean): Promise<void> {
  const { folder, plan, reporter, limit } = session;
  const children = new Set<Child>();
  const signal = watchSignals(() => {
    reporter.stopping();
    for (const child of children) child.stop();
  });
  let lost = false;
  const stopped = () => signal.stopped() || lost;
  const done = () => plan.jobs.filter((job) => folder.status(plan, job).state === "done").length;
  const total = plan.rungs.reduce((sum, { candidates, design }) => sum + candidates * design.seeds.length, 0);
  reporter.plan({ folder: folder.path, runs: total, finished: done(), limit });
  const run = async (id: string): Promise<WorkEnd> => {
    const job = plan.jobs.find((job) => job.id === id);
    if (!job) return { kind: "failed", message: `job ${id} is not in the plan` };
    const runs = folder.runs(plan, job.rung);
    const end = await trainJob(runs, job, askedBy(plan.rungs[job.rung]!.design), {
      reporter,
      stopped,
      children,
      lockSeconds: LOCK_SECONDS,
    });
    if (end.kind === "done" && !end.elsewhere) reporter.done(job, end);
    if (end.kind === "failed") reporter.failed(job, end.message);
    return leftBy(end);
  };
  try {
    if (!onlyWork) await putJobs(session, queue, true);
    queue.work(run, limit, (message) => note("warning", message));
    await untilEnded(session, queue, signal, onlyWork);
    // Those under way end at a step, and are handed back.
    if (signal.stopped()) await queue.stop();
  } catch (error) {
    lost = true;
    for (const child of children) child.stop();
    await Promise.all([...children].map(({ ended }) => ended));
    throw error;
  } finally {
    signal.dispose();
  }
  if (signal.stopped()) {
    process.exitCode = EXIT.interrupted;
    return reporter.stopped({ finished: done(), total });
  }
  if (plan.jobs.some((job) => folder.status(plan, job).state === "failed")) process.exitCode = EXIT.failed;
}

function leftBy(end: JobEnd): WorkEnd {
  return end.kind === "stopped" ? { kind: "returned" } : end;
}

/** Until every job of every rung has ended, or a signal came. */
async function untilEnded(
  session: Session,
  queue: JobQueue,
  { stopped }: StopSignal,
  onlyWork: boolean,
): Promise<void> {
  let told = false;
  while (!stopped()) {
    queue.assertThere();
    try {
      const found = await look(session, queue);
      if (found === "ended") return;
      // A server that kept nothing has lost its queue.
      if (found === "empty" && !onlyWork) await putJobs(session, queue, false);
      else if (found === "empty" && !told) {
        note("note", "nothing is queued; waiting for jobs (bispike sweep run DIR --queue URL --enqueue)");
        told = true;
      }
    } catch (error) {
      if (!queue.isInterruption(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

/** Whether jobs are left in the queue, or elsewhere, or nowhere. Begins the next rung when one is over. */
async function look(session: Session, queue: JobQueue): Promise<"busy" | "empty" | "ended"> {
  const { folder, plan } = session;
  const { waiting, active, delayed } = await queue.counts();
  if (waiting + active + delayed > 0) return "busy";
  const rung = currentRung(session);
  const ended = (job: SweepJob) => ["done", "failed"].includes(folder.status(plan, job).state);
  const left = folder.jobs(plan, rung).filter((job) => !ended(job));
  if (left.length > 0) {
    const failures = await queue.failures();
    for (const job of left) {
      const message = failures.get(job.id);
      if (message !== undefined && folder.status(plan, job).state !== "running")
        folder.recordFailure(plan, job, message);
    }
    return "empty";
  }
  if (rung + 1 >= plan.rungs.length) return "ended";
  // Every worker may come here: a job has one place in the queue.
  if (folder.choose(plan, rung)) await putJobs(session, queue, false);
  return "busy";
}
