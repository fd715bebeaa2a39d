/** What a comparison tells: to a person at a terminal, to a log, or to a program. */
import type { Summary } from "../../comparison/figures.ts";
import type { PlannedJob } from "../../comparison/plan.ts";
import { reportRecord } from "../../comparison/records.ts";
import type { WrittenReport } from "./compare-report.ts";
import { linesCompareReporter } from "./compare-reporter-lines.ts";

export interface PlanInfo {
  readonly folder: string;
  readonly runs: number;
  /** Before this session. */
  readonly finished: number;
  /** Runs at once. */
  readonly limit: number;
}

export interface CompareReporter {
  plan(info: PlanInfo): void;
  start(job: PlannedJob): void;
  /** @param at steps done, and to do where they are known for the first time */
  progress(job: PlannedJob, at: { readonly step: number; readonly totalSteps?: number }): void;
  warning(job: PlannedJob, message: string): void;
  /** @param end what the run came to, in a phrase and in full */
  done(job: PlannedJob, end: { readonly headline: string; readonly summary: Summary }): void;
  failed(job: PlannedJob, message: string): void;
  /** A signal came; the runs under way are being saved. */
  stopping(): void;
  stopped(info: { readonly finished: number; readonly total: number }): void;
  /**
   * @param failed names of runs that failed
   * @param again what tries them again; the same command unless told otherwise
   */
  report(report: WrittenReport, failed: readonly string[], again?: string): void;
  /** Leaves the terminal as it was. */
  close(): void;
}

/** Chooses by the options and by where the output goes. */
export function createCompareReporter({ json, quiet }: { json?: boolean; quiet?: boolean }): CompareReporter {
  if (json) return jsonCompareReporter();
  const lines = linesCompareReporter(!quiet && process.stdout.isTTY && process.stderr.isTTY);
  return quiet ? { ...lines, plan: () => {}, start: () => {}, progress: () => {}, done: () => {} } : lines;
}

/** Events for programs: one JSON object a line on stdout, told apart by `event`. */
function jsonCompareReporter(): CompareReporter {
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
