/**
 * The folder of a sweep, which all its workers share:
 *
 *   plan.json      the jobs (sweep-plan.ts)      runs/, or rung1/, rung2/, ...      runs, as a comparison's folder holds them
 *   sweep.sbatch   where it was asked for       rung1/kept.json                    which candidates go on, once it is known
 *
 * What has been done is told by the runs' own folders alone; a run that failed has left `<run>.failed.json` beside its folder.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { MEASURES, type MeasureName, type Measures } from "../comparison/measures.ts";
import type { Design } from "../comparison/plan.ts";
import { BispikeError } from "../errors.ts";
import { ComparisonFolder } from "../node/comparison-folder.ts";
import { writeDurably } from "../node/durable.ts";
import { readJsonObject, systemFailure } from "../node/files.ts";
import { LOCK_FILE, type LockOwner, lockFolder, lockOwner } from "../node/lock.ts";
import { packageVersion } from "../node/version.ts";
import { type Choice, chooseCandidates, keptOf } from "./sweep.ts";
import { decodePlan, encodePlan, PLAN_FILE, type SweepJob, type SweepPlan } from "./sweep-plan.ts";

/** Where sweeps go unless told otherwise. */
export const SWEEPS_FOLDER = "sweeps";
const KEPT_FILE = "kept.json";

/**
 * How far a job is:
 *
 *   waiting       not begun           running   a process trains it          interrupted   begun and saved, to be gone on with
 *   done          has its results     failed    ended by an error            later         its rung has not begun
 *   dropped       its candidate was not kept, in this rung or an earlier one
 */
export type JobState = "waiting" | "running" | "interrupted" | "done" | "failed" | "later" | "dropped";

export interface JobStatus {
  readonly job: SweepJob;
  readonly state: JobState;
  /** Of a running one. */
  readonly owner?: LockOwner;
  /** Of a failed one. */
  readonly message?: string;
}

export class SweepFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  hasPlan(): boolean {
    return existsSync(this.file(PLAN_FILE));
  }

  /** @throws BispikeError "checkpoint" where there is none or it was changed, "usage" for another version's */
  readPlan(): SweepPlan {
    const file = this.file(PLAN_FILE);
    const data = readJsonObject(file);
    if (!data)
      throw new BispikeError(
        "checkpoint",
        `${this.path}: expected the folder of a sweep, but it holds no ${PLAN_FILE}; make it by: bispike sweep plan FILE.yaml --out ${this.path}`,
      );
    return decodePlan(data, file, packageVersion());
  }

  /**
   * Writes a plan, in a new or empty folder or one whose plan holds no job that this one lacks.
   *
   * @returns whether there was none, another, or the same
   * @throws BispikeError "usage" when the folder holds other things, "platform" when it cannot be written
   */
  writePlan(plan: SweepPlan): "new" | "extended" | "same" {
    makeFolder(this.path);
    const release = lockFolder(this.path);
    try {
      const before = this.#planBefore(plan);
      if (before?.digest === plan.digest) return "same";
      for (const [rung] of plan.rungs.entries()) makeFolder(this.runs(plan, rung).path);
      this.runs(plan, 0).writePlan(this.design(plan, 0)!);
      writeDurably(this.file(PLAN_FILE), encodePlan(plan));
      return before ? "extended" : "new";
    } finally {
      release();
    }
  }

  #planBefore(plan: SweepPlan): SweepPlan | undefined {
    if (!this.hasPlan()) {
      const names = readdirSync(this.path).filter((name) => !name.startsWith(LOCK_FILE));
      const own = new Set([...plan.rungs.map(({ folder }) => folder)]);
      // A plan that was killed on its way has left these.
      const other = names.filter((name) => !own.has(name) && !name.startsWith(`.${PLAN_FILE}.`));
      if (other.length === 0) return undefined;
      throw new BispikeError(
        "usage",
        `${this.path}: expected a sweep's folder, or a new or empty one, found ${other.length} files (${other.slice(0, 3).join(", ")}${other.length > 3 ? ", ..." : ""}); choose another with --out`,
      );
    }
    const before = this.readPlan();
    const places = new Map(plan.jobs.map(({ id, rung, folder }) => [id, `${rung} ${folder}`]));
    const lost = before.jobs.find(({ id, rung, folder }) => places.get(id) !== `${rung} ${folder}`);
    // The choice between candidates was made among those there were.
    const fixed = before.halving !== undefined && before.digest !== plan.digest;
    if (lost === undefined && !fixed) return before;
    throw new BispikeError(
      "usage",
      `${this.path}: holds another sweep${lost ? `, whose job ${lost.id} (${lost.label}) this one has not` : "; successive halving cannot be extended"}; choose another folder with --out`,
    );
  }

  /** The runs of a rung. */
  runs({ rungs }: SweepPlan, rung: number): ComparisonFolder {
    return new ComparisonFolder(this.file(rungs[rung]!.folder));
  }

  /** What a rung compares: its candidates that were kept; undefined before that is known. */
  design(plan: SweepPlan, rung: number): Design | undefined {
    const kept = this.kept(plan, rung);
    const { design } = plan.rungs[rung]!;
    if (!plan.halving || !kept) return kept && design;
    return { ...design, axes: design.axes.map(({ key, values }) => ({ key, values: kept.map((k) => values[k]!) })) };
  }

  /** Candidates of a rung; undefined before they are known. Without successive halving there is one rung, of all. */
  kept(plan: SweepPlan, rung: number): readonly number[] | undefined {
    const all = Array.from({ length: plan.rungs[0]!.candidates }, (_, k) => k);
    return rung === 0 ? all : this.choice(plan, rung - 1)?.kept;
  }

  /** How many candidates train in a rung; before they are known, how many are to. */
  candidates(plan: SweepPlan, rung: number): number {
    const kept = this.kept(plan, rung);
    return kept?.length ?? keptOf(this.candidates(plan, rung - 1), plan.halving!.eta);
  }

  /** How a rung's candidates came out; undefined before all its runs have ended. */
  choice(plan: SweepPlan, rung: number): Choice | undefined {
    const file = this.runs(plan, rung).file(KEPT_FILE);
    const found = readJsonObject(file) as unknown as Choice | undefined;
    if (found && !(Array.isArray(found.kept) && Array.isArray(found.standings)))
      throw new BispikeError(
        "checkpoint",
        `${file}: expected the choice of a rung; remove the file to have it made anew`,
      );
    return found;
  }

  /** Jobs of a rung whose candidates were kept, in the order of the plan. */
  jobs(plan: SweepPlan, rung: number): SweepJob[] {
    const kept = new Set(this.kept(plan, rung));
    return plan.jobs.filter((job) => job.rung === rung && kept.has(job.cell));
  }

  /**
   * Chooses a rung's candidates for the next one, once all its runs have finished or failed. The first choice stays.
   *
   * @returns false while runs are missing
   */
  choose(plan: SweepPlan, rung: number): boolean {
    if (!plan.halving || rung + 1 >= plan.rungs.length) return true;
    if (this.choice(plan, rung)) return true;
    const jobs = this.jobs(plan, rung);
    if (jobs.length === 0 || !jobs.every((job) => ["done", "failed"].includes(this.status(plan, job).state)))
      return false;
    const runs = new Map<number, (Readonly<Record<string, unknown>> | null)[]>();
    for (const job of jobs) {
      const seeds = runs.get(job.cell) ?? [];
      seeds.push(this.runs(plan, rung).summaryOf(job) ?? null);
      runs.set(job.cell, seeds);
    }
    const choice = chooseCandidates(runs, plan.halving);
    // Of workers that choose at once each finds the same.
    writeDurably(this.runs(plan, rung).file(KEPT_FILE), `${JSON.stringify(choice, null, 2)}\n`);
    this.runs(plan, rung + 1).writePlan(this.design(plan, rung + 1)!);
    return true;
  }

  status(plan: SweepPlan, job: SweepJob): JobStatus {
    const runs = this.runs(plan, job.rung);
    // Who was dropped from one rung is in none of those that follow, whose own choice is not known yet.
    let rung = job.rung;
    while (!this.kept(plan, rung)) rung--;
    if (!this.kept(plan, rung)?.includes(job.cell)) return { job, state: "dropped" };
    if (rung < job.rung) return { job, state: "later" };
    const state = runs.state(job);
    if (state === "finished" && this.#isMeasured(plan, job)) return { job, state: "done" };
    const owner = lockOwner(runs.file(job.folder));
    if (owner) return { job, state: "running", owner };
    const failure = readJsonObject(this.#failureFile(plan, job));
    if (failure) return { job, state: "failed", message: String(failure.message) };
    return { job, state: state === "new" ? "waiting" : "interrupted" };
  }

  /** Whether all that is to be measured of a trained run has been. */
  #isMeasured(plan: SweepPlan, job: SweepJob): boolean {
    const { measure = {} } = plan.rungs[job.rung]!.design;
    const runs = this.runs(plan, job.rung);
    const isThere = <Name extends MeasureName>(name: Name, asked: Measures[Name]) =>
      asked === undefined || runs.measuredOf(job, name, asked as Required<Measures>[Name]) !== undefined;
    return MEASURES.every((name) => isThere(name, measure[name]));
  }

  recordFailure(plan: SweepPlan, job: SweepJob, message: string): void {
    const file = this.#failureFile(plan, job);
    makeFolder(dirname(file));
    writeDurably(file, `${JSON.stringify({ id: job.id, message }, null, 2)}\n`);
  }

  clearFailure(plan: SweepPlan, job: SweepJob): void {
    rmSync(this.#failureFile(plan, job), { force: true });
  }

  #failureFile(plan: SweepPlan, job: SweepJob): string {
    return this.runs(plan, job.rung).file(`${job.folder}.failed.json`);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw systemFailure(error, "make the folder", path);
  }
}
