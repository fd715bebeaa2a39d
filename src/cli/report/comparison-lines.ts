/** A comparison's progress for people: a line a run, and at a terminal a bar below them. */

import type { Summary } from "../../comparison/figures.ts";
import { showValue } from "../../comparison/measures.ts";
import type { PlannedJob } from "../../comparison/plan.ts";
import type { ComparisonTable } from "../../comparison/records.ts";
import { reportRecord } from "../../comparison/records.ts";
import { showP, showSpread } from "../../comparison/report.ts";
import { print } from "../process.ts";
import type { WrittenReport } from "./comparison.ts";
import { terminalBar } from "./progress.ts";
import { alignTable, duration, printable } from "./tables.ts";

const FORMAT = "{finished}/{runs} runs [{bar}] {left} left  {running}";
/** Steps of the bar a run. */
const FINE = 1000;
/** Without a bar, progress is told this often. */
const SECONDS_BETWEEN_LINES = 30;

/** @param withBar on a terminal */
export function linesCompareReporter(withBar: boolean): CompareReporter {
  const shares = new Map<PlannedJob, { step: number; totalSteps: number }>();
  const bar = withBar ? terminalBar(FORMAT, 20) : undefined;
  let plan: PlanInfo = { folder: "", runs: 0, finished: 0, limit: 0 };
  let [ended, told] = [0, performance.now()];
  let begun: { at: number; done: number } | undefined;
  let drawn = false;

  const shareOf = ({ step, totalSteps }: { step: number; totalSteps: number }) => step / Math.max(1, totalSteps);
  const done = () => ended + [...shares.values()].reduce((sum, at) => sum + shareOf(at), 0);
  const running = () =>
    [...shares].map(([job, at]) => `${printable(job.label)} ${Math.floor(100 * shareOf(at))} %`).join(", ");
  const left = () => {
    const share = begun ? done() - begun.done : 0;
    if (!begun || share <= 0) return "-";
    return duration(((performance.now() - begun.at) / 1000 / share) * (plan.runs - done()));
  };
  const payload = () => ({ finished: ended, runs: plan.runs, left: left(), running: running() });
  const draw = () => {
    if (!bar || plan.runs === 0) return;
    if (drawn) bar.update(Math.round(FINE * done()), payload());
    else bar.start(FINE * plan.runs, Math.round(FINE * done()), payload());
    drawn = true;
  };
  const clear = () => {
    if (drawn) bar?.stop();
    drawn = false;
  };
  const say = (line: string) => {
    clear();
    print(line);
    told = performance.now();
  };
  const warn = (line: string) => {
    clear();
    process.stderr.write(`bispike: ${line}\n`);
  };
  const end = (job: PlannedJob, tell: () => void) => {
    shares.delete(job);
    ended++;
    tell();
    draw();
  };
  return {
    plan: (info) => {
      plan = info;
      ended = info.finished;
      const before = info.finished > 0 ? `, ${info.finished} finished before` : "";
      const atOnce = info.limit > 0 ? `, ${info.limit} at once` : "";
      say(`${info.runs} runs${before}${atOnce} -> ${printable(info.folder)}`);
    },
    start: (job) => {
      shares.set(job, { step: 0, totalSteps: 1 });
      draw();
    },
    progress: (job, { step, totalSteps }) => {
      shares.set(job, { step, totalSteps: totalSteps ?? shares.get(job)?.totalSteps ?? 1 });
      begun ??= { at: performance.now(), done: done() };
      if (bar) draw();
      else if (performance.now() - told >= 1000 * SECONDS_BETWEEN_LINES)
        say(`${ended} of ${plan.runs} runs ended; ${running()}; ${left()} left`);
    },
    warning: (job, message) => {
      warn(`warning: ${printable(job.label)}: ${printable(message)}`);
      draw();
    },
    done: (job, { headline, summary }) =>
      end(job, () => {
        const time = typeof summary.seconds === "number" ? `, ${duration(summary.seconds)}` : "";
        say(`[${ended}/${plan.runs}] ${printable(job.label)}: ${headline}${time}`);
      }),
    failed: (job, message) => end(job, () => warn(`${printable(job.label)} failed: ${printable(message)}`)),
    stopping: () => say("stopping after this step and saving all runs; once more to quit at once"),
    stopped: ({ finished, total }) =>
      say(`stopped: ${finished} of ${total} runs finished, those under way are saved; the same command goes on`),
    report: ({ table, files }, failed, again = "the same command") => {
      clear();
      print(`${resultTables(table)}\n`);
      print(`-> ${files.map(printable).join(" ")}`);
      if (failed.length > 0)
        warn(
          `${failed.length} of ${table.cells.length * table.design.seeds.length} runs failed; ${again} tries them again: ${failed.map(printable).join("; ")}`,
        );
    },
    close: clear,
  };
}

/** A row a cell: its values, runs, the tested figures with p (Holm) against the baseline, and the costs. */
function resultTables({ design, figures, tested: all, cells }: ComparisonTable): string {
  const tested = all.filter(({ part }) => !part);
  const costs = figures.filter(({ role, detail, id }) => !detail && (role === "cost" || id === "parameters"));
  const axes = design.axes.length === 0 ? ["experiment"] : design.axes.map(({ key }) => key);
  const compared = cells.some(({ tests }) => tests.size > 0);
  const head = [
    ...axes,
    "n",
    ...tested.flatMap(({ label }) => (compared ? [label, "p"] : [label])),
    ...costs.map(({ label }) => label),
  ];
  const rows = cells.map(({ cell, runs, spreads, tests }) => [
    ...(design.axes.length === 0 ? [cell.label] : cell.values.map(showValue)),
    String(runs.filter(({ values }) => values !== null).length),
    ...tested.flatMap((figure) => {
      const shown = showSpread(figure, spreads.get(figure.id));
      if (!compared) return [shown];
      return [shown, cell.baseline === null ? "baseline" : showP(tests.get(figure.id)?.adjusted ?? null)];
    }),
    ...costs.map((figure) => showSpread(figure, spreads.get(figure.id))),
  ]);
  const part = design.judge === "held-out" ? ", by the validation part; no test part was looked at" : "";
  const note = `mean ± sample deviation over the seeds${part}`;
  const test = compared ? "; p: paired t-test against the baseline, corrected by Holm" : "";
  return `${alignTable([head, ...rows], "l".repeat(axes.length))}\n${note}${test}`;
}

/** What a comparison tells: to a person at a terminal, to a log, or to a program. */

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
