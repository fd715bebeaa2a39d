/** Trains one planned run and measures it, each in a process of its own, `bispike train` and `bispike eval`, for a comparison or a sweep. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { figuresOf, type Summary, valuesOf } from "../comparison/figures.ts";
import {
  MEASURES,
  type MeasureName,
  type Measures,
  probesArguments,
  robustnessArguments,
} from "../comparison/measures.ts";
import type { Design, PlannedJob, PlannedRun } from "../comparison/plan.ts";
import { showFigure } from "../comparison/report.ts";
import { BispikeError } from "../errors.ts";
import { type Child, type ChildEnd, startChild } from "../node/child.ts";
import type { ComparisonFolder } from "../node/comparison-folder.ts";
import { lockFolder, lockOwner } from "../node/lock.ts";
import type { Judge } from "../training/trainable.ts";
import { pluginArguments } from "./plugins.ts";
import { EXIT } from "./process.ts";
import type { CompareReporter } from "./report/comparison-lines.ts";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

/** A run whose last session was killed with its parent ends at its next line of output, some twenty an epoch. */
const LOCK_SECONDS = 60;
const LOCK_POLL_MILLISECONDS = 200;
/** Times that another process may be first to a run before this one gives up on it. */
const MOST_RACES = 5;

/** What is wanted of a run. */
export interface Asked {
  /** What its results are of. */
  readonly judge: Judge;
  /** What is measured of it once it is trained. */
  readonly measures: Measures;
}

/** What a comparison asks of its runs. */
export function askedBy({ judge = "test", measure = {} }: Design): Asked {
  return { judge, measures: measure };
}

export interface JobSurroundings {
  readonly reporter: CompareReporter;
  /** Whether a signal came. */
  readonly stopped: () => boolean;
  /** Those that train now: whoever stops them asks each. */
  readonly children: Set<Child>;
  /** For another process to leave the run's folder. Default 60. */
  readonly lockSeconds?: number;
}

/** How one session of a run came out. */
export type JobEnd =
  | {
      readonly kind: "done";
      readonly summary: Summary;
      readonly headline: string /** By another process. */;
      readonly elsewhere: boolean;
    }
  | { readonly kind: "failed"; readonly message: string }
  /** By a signal; the run is saved. */
  | { readonly kind: "stopped" };

/**
 * Trains a run from where it stands to its end, and measures it; one that has finished meanwhile is not trained again. The reporter hears of its start, progress and
 * warnings; how it ended is the caller's to tell.
 */
export async function trainJob(
  folder: ComparisonFolder,
  job: PlannedJob,
  asked: Asked,
  around: JobSurroundings,
): Promise<JobEnd> {
  try {
    for (let race = 0; ; race++) {
      const args = await argumentsOf(folder, job, around);
      const before = fullSummary(folder, job, asked.measures);
      if (before) return done(before, true);
      if (args === undefined || around.stopped()) return { kind: "stopped" };
      const isTrained = folder.summaryOf(job) !== undefined;
      if (isTrained) around.reporter.start(job);
      const trained = isTrained ? undefined : await trainChild(args, job, asked.judge, around);
      const end = trained && trained.code !== EXIT.ok ? trained : await measure(folder, job, asked.measures, around);
      const summary = fullSummary(folder, job, asked.measures);
      if (summary) return done(summary, false);
      if (around.stopped()) return { kind: "stopped" };
      const lost = end.code === EXIT.usage && lockOwner(folder.file(job.folder)) !== undefined;
      if (!lost || race >= MOST_RACES) return { kind: "failed", message: whyEnded(end) };
    }
  } catch (error) {
    if (!(error instanceof BispikeError)) throw error;
    return { kind: "failed", message: error.message };
  }
}

function trainChild(
  args: readonly string[],
  job: PlannedJob,
  judge: Judge,
  around: JobSurroundings,
): Promise<ChildEnd> {
  const { reporter } = around;
  reporter.start(job);
  const warned = new Set<string>();
  const command = ["train", ...args, "--judge", judge, "--json"];
  return runChild(command, (line) => tell(line, job, reporter, warned), around);
}

/** Measures a trained run, where that is asked for. */
async function measure(
  folder: ComparisonFolder,
  job: PlannedJob,
  measures: Measures,
  around: JobSurroundings,
): Promise<ChildEnd> {
  let end: ChildEnd = { code: EXIT.ok, signal: null, stderr: "" };
  for (const { args, keep } of measurementsOf(folder, job, measures)) {
    if (end.code !== EXIT.ok || around.stopped()) break;
    const lines: string[] = [];
    end = await runChild(args, (line) => lines.push(line), around);
    if (end.code === EXIT.ok) keep(lines);
  }
  return end;
}

async function runChild(
  args: readonly string[],
  onLine: (line: string) => void,
  { children, stopped }: JobSurroundings,
): Promise<ChildEnd> {
  const child = startChild([MAIN, ...args, ...pluginArguments()], onLine);
  children.add(child);
  // A signal that came while the process was being started.
  if (stopped()) child.stop();
  return child.ended.finally(() => children.delete(child));
}

function done(summary: Summary, elsewhere: boolean): JobEnd {
  return { kind: "done", summary, headline: headlineOf(summary), elsewhere };
}

/** Of `bispike train`, for a new run or one that was begun; undefined when a signal came first. */
async function argumentsOf(
  folder: ComparisonFolder,
  job: PlannedJob,
  around: JobSurroundings,
): Promise<string[] | undefined> {
  const run = folder.file(job.folder);
  if (existsSync(run) && !(await untilFree(run, around))) return undefined;
  if (folder.state(job) === "new") return [folder.prepare(job, job.config), "--out", run];
  return ["--resume", run, `--train.threads=${job.config.train.threads}`];
}

/**
 * Waits for a process that still trains in the folder to end.
 *
 * @returns false when a signal came
 */
async function untilFree(run: string, { stopped, lockSeconds = LOCK_SECONDS }: JobSurroundings): Promise<boolean> {
  for (let waited = 0; !stopped(); waited += LOCK_POLL_MILLISECONDS) {
    try {
      lockFolder(run)();
      return true;
    } catch (error) {
      const inUse = error instanceof BispikeError && error.code === "usage";
      if (!inUse || waited >= 1000 * lockSeconds) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MILLISECONDS));
  }
  return false;
}

/**
 * Passes on what a run says of itself.
 *
 * @param warned what it has warned of: epochs repeat themselves, but for the share of neurons
 */
function tell(line: string, job: PlannedJob, reporter: CompareReporter, warned: Set<string>): void {
  let said: Readonly<Record<string, unknown>>;
  try {
    said = JSON.parse(line);
  } catch {
    return; // A line that was torn when the run was killed; how it ended is told below.
  }
  const { event, step, totalSteps } = said;
  const warnings = event === "warning" ? [said.message] : event === "epoch" ? said.warnings : [];
  for (const warning of Array.isArray(warnings) ? warnings.map(String) : []) {
    const kind = warning.replace(/\d+\.\d %/g, "");
    if (warned.has(kind)) continue;
    warned.add(kind);
    reporter.warning(job, warning);
  }
  if (event === "start") reporter.progress(job, { step: Number(step), totalSteps: Number(totalSteps) });
  if (event === "step") reporter.progress(job, { step: Number(step) });
}

/** The first figures of the test part, or else of the validation part: "test accuracy 97.31 %". */
function headlineOf(summary: Summary): string {
  const values = valuesOf(summary);
  const scores = figuresOf([values]).filter(
    ({ role, detail }) => (role === "test" || role === "validation") && !detail,
  );
  return scores
    .slice(0, 2)
    .map((figure) => `${figure.label} ${showFigure(figure, values.get(figure.id)!)}`)
    .join(", ");
}

/** The run's own message, or how it ended without one. */
function whyEnded({ code, signal, stderr }: ChildEnd): string {
  const lines = stderr.trim().split("\n");
  // What it remarked on its way did not end it.
  const own = lines.findLastIndex((line) => /^bispike: (?!(warning|note): )/.test(line));
  const [message = "", next = ""] = own < 0 ? [] : lines.slice(own);
  const said = message.replace(/^bispike: /, "");
  if (said === "internal fault") return `${said}: ${next}`;
  if (said !== "") return said;
  // Node's own end, as of memory, has a trace behind it.
  const last = lines.find((line) => line.startsWith("FATAL ERROR: ")) ?? lines.at(-1)!;
  if (signal !== null) return `was ended by ${signal}${last.startsWith("FATAL ERROR: ") ? ` (${last})` : ""}`;
  if (last !== "") return last;
  return code === EXIT.interrupted ? "was stopped by a signal; it is saved" : `ended with exit code ${code}`;
}

/** What a finished run has to tell, with what was measured of it; undefined where it has not finished or is still to be measured. */
export function fullSummary(folder: ComparisonFolder, run: PlannedRun, measures: Measures): Summary | undefined {
  const summary = folder.summaryOf(run);
  if (!summary) return undefined;
  const measured: Record<string, unknown> = {};
  for (const name of MEASURES) {
    const asked = measures[name];
    if (!asked) continue;
    const found = folder.measuredOf(run, name, asked);
    if (!found) return undefined;
    measured[name] = found;
  }
  return { ...summary, ...measured };
}

/** One measurement that a trained run still waits for. */
export interface Measurement {
  /** Of the command that makes it. */
  readonly args: readonly string[];
  /**
   * Keeps what the command printed.
   *
   * @throws BispikeError "data" where that is not what it should be
   */
  keep(lines: readonly string[]): void;
}

/** What is still to be measured of a trained run. */
export function measurementsOf(folder: ComparisonFolder, run: PlannedRun, measures: Measures): Measurement[] {
  const { robustness, probes } = measures;
  return [
    ...(robustness ? waiting("robustness", robustness, robustnessArguments(robustness)) : []),
    ...(probes ? waiting("probes", probes, probesArguments(probes)) : []),
  ];

  function waiting<Name extends MeasureName>(
    name: Name,
    asked: Required<Measures>[Name],
    options: readonly string[],
  ): Measurement[] {
    if (folder.measuredOf(run, name, asked)) return [];
    const args = ["eval", folder.file(run.folder), ...options, "--threads", "1", "--json"];
    const keep = (lines: readonly string[]) => {
      const measured = lines.map(parsed).find((said) => said?.[name] !== undefined)?.[name];
      if (typeof measured !== "object" || measured === null)
        throw new BispikeError("data", `${folder.file(run.folder)}: bispike eval --${name} printed no figures`);
      folder.writeMeasured(run, name, asked, measured);
    };
    return [{ args, keep }];
  }
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
