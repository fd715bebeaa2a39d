/** The work of `bispike sweep status`. */
import { BispikeError } from "../../../errors.ts";
import type { QueueCounts } from "../../../node/queue/job-queue.ts";
import type { SweepPlan } from "../../../node/sweep/plan-file.ts";
import { type JobState, type JobStatus, SweepFolder } from "../../../node/sweep/sweep-folder.ts";
import { print } from "../../output.ts";
import { alignTable, printable } from "../../table.ts";

export interface StatusRequest {
  readonly folder: string;
  readonly queue?: string;
  readonly json?: true;
}

const ORDER: readonly JobState[] = ["done", "running", "interrupted", "waiting", "later", "failed", "dropped"];

export type StateCounts = Readonly<Partial<Record<JobState, number>>>;

/** States that occur, in a fixed order. */
export function countStates(statuses: readonly JobStatus[]): StateCounts {
  const counts = ORDER.map((state) => [state, statuses.filter((status) => status.state === state).length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

export async function sweepStatus({ folder: path, queue, json }: StatusRequest): Promise<void> {
  const folder = new SweepFolder(path);
  const plan = folder.readPlan();
  const statuses = plan.jobs.map((job) => folder.status(plan, job));
  const counts = countStates(statuses);
  const queued = queue === undefined ? undefined : await queueCounts(queue, plan);
  if (json) {
    const jobs = statuses.map(({ job: { config: _, ...job }, ...status }) => ({ ...job, ...status }));
    print(JSON.stringify({ event: "status", folder: path, counts, ...(queued ? { queue: queued } : {}), jobs }));
    return;
  }
  const list = (named: object) =>
    Object.entries(named)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ");
  print(`${printable(path)}: ${plan.jobs.length} jobs: ${list(counts)}`);
  if (queued) print(`queue: ${list(queued)}`);
  const rows = statuses.flatMap(({ job, state, owner, message }) => {
    const about = owner ? `process ${owner.process} on ${owner.host}` : message;
    return about === undefined ? [] : [[job.id, state, job.label, about].map(printable)];
  });
  if (rows.length > 0) print(alignTable([["job", "state", "run", "by or why"], ...rows], "llll"));
}

async function queueCounts(url: string, plan: SweepPlan): Promise<QueueCounts> {
  const { openQueue } = await import("./queue.ts");
  const queue = await openQueue(url, plan, {});
  try {
    return await queue.counts();
  } finally {
    await queue.close();
  }
}

/** Jobs that there is no doing without: a rung that is over may have runs that failed, as its choice was made without them. */
export function withoutGivenUp(folder: SweepFolder, plan: SweepPlan, statuses: readonly JobStatus[]): JobStatus[] {
  return statuses.filter(({ job, state }) => !(state === "failed" && folder.choice(plan, job.rung)));
}

/** @throws BispikeError "usage" for runs that are neither done nor given up, unless some may be missing */
export function assertComplete(folder: SweepFolder, statuses: readonly JobStatus[]): void {
  const missing = statuses.filter(({ state }) => state !== "done" && state !== "dropped");
  if (missing.length === 0) return;
  const states = Object.entries(countStates(missing)).map(([state, count]) => `${count} ${state}`);
  throw new BispikeError(
    "usage",
    `${folder.path}: ${missing.length} of ${statuses.length} jobs have no results (${states.join(", ")}); train them first (bispike sweep run ${folder.path}), or tabulate the others by --incomplete`,
  );
}
