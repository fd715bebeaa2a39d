/** Runs of a sweep that are played instead of trained: what each comes to is said by a test, for `vi.mock` of `cli/jobs.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JobEnd, JobSurroundings } from "../../src/cli/jobs.ts";
import { readSearch } from "../../src/cluster/sweep.ts";
import { SweepFolder } from "../../src/cluster/sweep-folder.ts";
import { planOf, type SweepPlan } from "../../src/cluster/sweep-plan.ts";
import type { PlannedJob } from "../../src/comparison/plan.ts";
import type { ComparisonFolder } from "../../src/node/comparison-folder.ts";
import { packageVersion } from "../../src/node/version.ts";

/** A figure for a run that finishes, or another end. */
export type PlayedEnd = number | Exclude<JobEnd, { kind: "done" }>;

/** What a finished run leaves. */
export function writeRun(runs: ComparisonFolder, { folder }: Pick<PlannedJob, "folder">, figure: number) {
  const summary = { validationAccuracy: figure, testAccuracy: 1 - figure };
  const run = runs.file(folder);
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, "config.yaml"), "{}");
  writeFileSync(join(run, "summary.json"), JSON.stringify(summary));
  return summary;
}

export type Play = (job: PlannedJob, around: JobSurroundings) => PlayedEnd | Promise<PlayedEnd>;

/** Stands for `trainJob`. */
export function playedBy(play: Play) {
  return async (runs: ComparisonFolder, job: PlannedJob, _: unknown, around: JobSurroundings): Promise<JobEnd> => {
    const found = runs.summaryOf(job);
    if (found) return { kind: "done", summary: found, headline: "", elsewhere: true };
    around.reporter.start(job);
    const end = await play(job, around);
    if (typeof end !== "number") return end;
    return { kind: "done", summary: writeRun(runs, job, end), headline: `figure ${end}`, elsewhere: false };
  };
}

/** Plans in a folder; what is searched is of no matter. A comparison can be planned, too. */
export function plannedSweep(
  path: string,
  sweep: object,
  section: "sweep" | "compare" = "sweep",
): { folder: SweepFolder; plan: SweepPlan } {
  const folder = new SweepFolder(path);
  const plan = planOf(
    readSearch({ data: { name: "mnist" }, name: "digits", [section]: sweep }, "test"),
    packageVersion(),
  );
  folder.writePlan(plan);
  return { folder, plan };
}
