/** What a sweep's runs tell, and what of it is kept: a failure stays on record until the run is tried again. */
import type { PlannedJob } from "../../../comparison/plan.ts";
import type { SweepJob, SweepPlan } from "../../../node/sweep/plan-file.ts";
import type { SweepFolder } from "../../../node/sweep/sweep-folder.ts";
import type { CompareReporter } from "../compare-reporter.ts";

export function recordingReporter(reporter: CompareReporter, folder: SweepFolder, plan: SweepPlan): CompareReporter {
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
