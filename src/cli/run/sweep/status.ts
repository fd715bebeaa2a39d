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

/** `toBeDropped`: of rungs that have not begun, the jobs whose candidates will not be kept; which those are is not known yet. */
type Counted = JobState | "toBeDropped";

const ORDER: readonly Counted[] = [
  ...(["done", "running", "interrupted", "waiting", "later", "failed", "dropped", "toBeDropped"] as const),
];

export type StateCounts = Readonly<Partial<Record<Counted, number>>>;

/** States that occur, in a fixed order. */
export function countStates(folder: SweepFolder, plan: SweepPlan, statuses: readonly JobStatus[]): StateCounts {
  const counts = new Map<Counted, number>();
  for (const { state } of statuses) counts.set(state, (counts.get(state) ?? 0) + 1);
  const toBeDropped = surplus(folder, plan, statuses);
  counts.set("later", (counts.get("later") ?? 0) - toBeDropped).set("toBeDropped", toBeDropped);
  return Object.fromEntries(ORDER.map((state) => [state, counts.get(state) ?? 0] as const).filter(([, n]) => n > 0));
}

/** The plan holds every candidate in every rung, and only some will come so far. */
function surplus(folder: SweepFolder, plan: SweepPlan, statuses: readonly JobStatus[]): number {
  const surpluses = plan.rungs.map(({ design }, rung) => {
    const later = statuses.filter(({ job, state }) => job.rung === rung && state === "later").length;
    return later && later - folder.candidates(plan, rung) * design.seeds.length;
  });
  return surpluses.reduce((sum, count) => sum + count, 0);
}

/** Jobs that are to be trained, and those of them that have no results. */
export function missingOf({ done = 0, dropped: _, toBeDropped: __, ...others }: StateCounts) {
  const missing = Object.values(others).reduce((sum, count) => sum + count, 0);
  return { missing, all: done + missing, states: others };
}

const inWords = (counts: object) =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name === "toBeDropped" ? "to be dropped" : name}`)
    .join(", ");

export async function sweepStatus({ folder: path, queue, json }: StatusRequest): Promise<void> {
  const folder = new SweepFolder(path);
  const plan = folder.readPlan();
  const statuses = plan.jobs.map((job) => folder.status(plan, job));
  const counts = countStates(folder, plan, statuses);
  const queued = queue === undefined ? undefined : await queueCounts(queue, plan);
  if (json) {
    const jobs = statuses.map(({ job: { config: _, ...job }, ...status }) => ({ ...job, ...status }));
    print(JSON.stringify({ event: "status", folder: path, counts, ...(queued ? { queue: queued } : {}), jobs }));
    return;
  }
  print(`${printable(path)}: ${plan.jobs.length} jobs: ${inWords(counts)}`);
  if (queued) print(`queue: ${inWords(queued)}`);
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
export function assertComplete(folder: SweepFolder, counts: StateCounts): void {
  const { missing, all, states } = missingOf(counts);
  if (missing === 0) return;
  throw new BispikeError(
    "usage",
    `${folder.path}: ${missing} of ${all} jobs have no results (${inWords(states)}); train them first (bispike sweep run ${folder.path}), or tabulate the others by --incomplete`,
  );
}
