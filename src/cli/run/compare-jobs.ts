/** Trains the runs of a comparison and measures them, each in a process of its own. */
import type { PlannedJob } from "../../comparison/plan.ts";
import type { Child } from "../../node/child.ts";
import type { ComparisonFolder } from "../../node/comparison-folder.ts";
import { runPool } from "../../node/pool.ts";
import { fullSummary } from "./compare-measure.ts";
import type { CompareReporter } from "./compare-reporter.ts";
import { type Asked, trainJob } from "./job-child.ts";
import { watchSignals } from "./signals.ts";

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
