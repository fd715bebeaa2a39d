/** `bispike sweep run --queue`: puts a sweep's jobs in a queue, and works them beside any number of others that do the same. */
import type { Child } from "../../../node/child.ts";
import { JobQueue, type QueueOptions, type WorkEnd } from "../../../node/queue/job-queue.ts";
import { parseServer } from "../../../node/queue/server.ts";
import type { SweepJob, SweepPlan } from "../../../node/sweep/plan-file.ts";
import { note, print } from "../../output.ts";
import { EXIT } from "../../report.ts";
import { askedBy, type JobEnd, trainJob } from "../job-child.ts";
import { type StopSignal, watchSignals } from "../signals.ts";
import type { RunRequest, Session } from "./run.ts";

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
