/** A comparison's events for programs: one JSON object a line on stdout, told apart by `event`. */

import type { PlannedJob } from "../../comparison/plan.ts";
import { reportRecord } from "../../comparison/records.ts";
import type { CompareReporter } from "./compare-reporter.ts";

export function jsonCompareReporter(): CompareReporter {
  const write = (event: string, fields: object) => {
    process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
  };
  const named = ({ label, seed, folder }: PlannedJob) => ({ run: label, seed, folder });
  return {
    plan: (info) => write("plan", info),
    start: (job) => write("start", named(job)),
    progress: (job, at) => write("progress", { ...named(job), ...at }),
    warning: (job, message) => write("warning", { ...named(job), message }),
    done: (job, { summary }) => write("done", { ...named(job), summary }),
    failed: (job, message) => write("failed", { ...named(job), message }),
    stopping: () => {},
    stopped: ({ finished, total }) => write("stopped", { finished, total }),
    report: ({ table, files }, failed) => write("report", { ...reportRecord(table), failed, files }),
    close: () => {},
  };
}
