/** Trains the runs of a comparison, each in a process of its own: `bispike train`. */
import { fileURLToPath } from "node:url";
import { figuresOf, type Summary, valuesOf } from "../../comparison/figures.ts";
import type { PlannedJob } from "../../comparison/plan.ts";
import { showFigure } from "../../comparison/words.ts";
import { BispikeError } from "../../errors.ts";
import { type Child, type ChildEnd, startChild } from "../../node/child.ts";
import type { ComparisonFolder } from "../../node/comparison-folder.ts";
import { lockFolder } from "../../node/lock.ts";
import { runPool } from "../../node/pool.ts";
import { EXIT } from "../report.ts";
import type { CompareReporter } from "./compare-reporter.ts";
import { watchSignals } from "./signals.ts";

const MAIN = fileURLToPath(new URL("../main.js", import.meta.url));

/** A run whose last session was killed with its parent ends at its next line of output, some twenty an epoch. */
const LOCK_SECONDS = 60;
const LOCK_POLL_MILLISECONDS = 200;

export interface Outcome {
  /** Whether a signal came; runs under way have been saved. */
  readonly interrupted: boolean;
  readonly failed: readonly PlannedJob[];
  /** Finished now or before. */
  readonly finished: number;
  readonly total: number;
}

/**
 * Trains what is not finished yet. A run that fails is reported, and the others go on.
 *
 * @param limit runs at once
 */
export async function runJobs(
  folder: ComparisonFolder,
  jobs: readonly PlannedJob[],
  limit: number,
  reporter: CompareReporter,
): Promise<Outcome> {
  const waiting = jobs.filter((job) => folder.state(job) !== "finished");
  let finished = jobs.length - waiting.length;
  const failed: PlannedJob[] = [];
  const children = new Set<Child>();
  const signal = watchSignals(() => {
    reporter.stopping();
    for (const child of children) child.stop();
  });
  reporter.plan({ folder: folder.path, runs: jobs.length, finished, limit: Math.min(limit, waiting.length) });
  const fail = (job: PlannedJob, message: string) => {
    failed.push(job);
    reporter.failed(job, message);
  };
  const train = async (job: PlannedJob) => {
    const args = await argumentsOf(folder, job, signal.stopped);
    if (signal.stopped()) return;
    reporter.start(job);
    const warned = new Set<string>();
    const child = startChild([MAIN, "train", ...args, "--json"], (line) => tell(line, job, reporter, warned));
    children.add(child);
    const end = await child.ended.finally(() => children.delete(child));
    const summary = end.code === EXIT.ok ? folder.summaryOf(job) : undefined;
    if (summary) {
      finished++;
      reporter.done(job, { headline: headlineOf(summary), summary });
    } else if (!signal.stopped()) fail(job, whyEnded(end));
  };
  try {
    await runPool(
      waiting,
      limit,
      (job) =>
        train(job).catch((error: unknown) => {
          if (!(error instanceof BispikeError)) throw error;
          fail(job, error.message);
        }),
      signal.stopped,
    );
  } finally {
    signal.dispose();
  }
  return { interrupted: signal.stopped(), failed, finished, total: jobs.length };
}

/** Of `bispike train`, for a new run or one that was begun. */
async function argumentsOf(folder: ComparisonFolder, job: PlannedJob, stopped: () => boolean): Promise<string[]> {
  const run = folder.file(job.folder);
  if (folder.state(job) === "new") return [folder.prepare(job, job.config), "--out", run];
  await untilFree(run, stopped);
  return ["--resume", run, `--train.threads=${job.config.train.threads}`];
}

/** Waits for a process that still trains in the folder to end, for a minute at most. */
async function untilFree(run: string, stopped: () => boolean): Promise<void> {
  for (let waited = 0; !stopped(); waited += LOCK_POLL_MILLISECONDS) {
    try {
      lockFolder(run)();
      return;
    } catch (error) {
      const inUse = error instanceof BispikeError && error.code === "usage";
      if (!inUse || waited >= 1000 * LOCK_SECONDS) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MILLISECONDS));
  }
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

/** The first figures of the test part, or else of the held-out part: "test accuracy 97.31 %". */
function headlineOf(summary: Summary): string {
  const values = valuesOf(summary);
  const scores = figuresOf([values]).filter(({ role, detail }) => (role === "test" || role === "heldOut") && !detail);
  return scores
    .slice(0, 2)
    .map((figure) => `${figure.label} ${showFigure(figure, values.get(figure.id)!)}`)
    .join(", ");
}

/** The run's own message, or how it ended without one. */
function whyEnded({ code, signal, stderr }: ChildEnd): string {
  const lines = stderr.trim().split("\n");
  const own = lines.findLastIndex((line) => line.startsWith("bispike: "));
  const [message = "", next = ""] = own < 0 ? [lines.at(-1)] : lines.slice(own);
  const said = message.replace(/^bispike: /, "");
  if (said === "internal fault") return `${said}: ${next}`;
  if (said !== "") return said;
  if (signal !== null) return `was ended by ${signal}`;
  return code === EXIT.interrupted ? "was stopped by a signal; it is saved" : `ended with exit code ${code}`;
}
