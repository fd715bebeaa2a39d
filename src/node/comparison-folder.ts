/**
 * The folder of a comparison:
 *
 *   plan.json              what is compared           <cell>/seed<n>/      a run's folder, see run-folder.ts
 *   compare.md .csv .json  the results                <cell>/seed<n>.yaml  what it is trained by
 *   compare.svg .png       their picture, and robustness.svg .png where that was measured
 *   observations.svg .png  what was observed of their training, where any was
 *
 * A run's folder holds, beside what training writes, robustness.json and probes.json where these were measured.
 * A cell's folder is named after its values (`rule.name=bsd,network.steps=4`); runs lie in the folder itself where only seeds vary.
 */

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { KEY } from "../comparison/axes.ts";
import { inOrder, type MeasureName, type Measures, measuresAny, measuresSchema } from "../comparison/measures.ts";
import type { Design, PlannedRun } from "../comparison/plan.ts";
import { BispikeError } from "../errors.ts";
import type { AnyConfig } from "../training/any-config.ts";
import { readAnyExperiment, renderConfig } from "../training/config-file.ts";
import { renamed } from "../training/metrics.ts";
import type { Observation } from "../training/observer.ts";
import { judges } from "../training/trainable.ts";
import { isTemporary, writeDurably } from "./durable.ts";
import { readJsonObject, systemFailure } from "./files.ts";
import { LOCK_FILE, lockFolder } from "./lock.ts";
import { RUN_FILES, readObservations } from "./run-folder.ts";

/** Where comparisons go unless told otherwise. */
export const COMPARISONS_FOLDER = "compare";
const PLAN_FILE = "plan.json";

/** How far a run has come: not begun, begun (to be gone on with), or finished. */
export type RunState = "new" | "begun" | "finished";

const value = z.json();
const planSchema = z.object({
  name: z.string(),
  axes: z.array(z.object({ key: z.string().regex(KEY), values: z.array(value).min(1) })),
  seeds: z.array(z.number().int().min(0)).min(1),
  baseline: z.array(z.object({ key: z.string(), value })),
  measure: z.exactOptional(measuresSchema),
  judge: z.enum(judges).default("test"),
});

export class ComparisonFolder {
  readonly path: string;

  /** @param path of a folder that need not exist */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder if need be, and keeps other processes from it.
   *
   * @returns lets them use it
   * @throws BispikeError "usage" when it holds other things or another process compares there, "platform" when it cannot be written
   */
  lock(): () => void {
    makeFolder(this.path);
    // What a kill on the way to the plan has left.
    const names = readdirSync(this.path).filter((name) => !name.startsWith(LOCK_FILE) && !isTemporary(name));
    if (names.length > 0 && !this.hasPlan())
      throw new BispikeError(
        "usage",
        `${this.path}: expected a comparison's folder, or a new or empty one, found ${names.length} files (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", ..." : ""}); choose another with --out`,
      );
    return lockFolder(this.path);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  writePlan({ name, axes, seeds, baseline, measure = {}, judge = "test" }: Design): void {
    const plan = { name, axes, seeds, baseline, judge, ...(measuresAny(measure) ? { measure } : {}) };
    writeDurably(this.file(PLAN_FILE), `${JSON.stringify(plan, null, 2)}\n`);
  }

  /** Whether something was compared here before. */
  hasPlan(): boolean {
    return existsSync(this.file(PLAN_FILE));
  }

  /**
   * @throws BispikeError "checkpoint" when there is no plan or it is not one
   */
  readPlan(): Design {
    const file = this.file(PLAN_FILE);
    const plan = readJsonObject(file);
    if (!plan)
      throw new BispikeError(
        "checkpoint",
        `${this.path}: expected the folder of a comparison, but it holds no ${PLAN_FILE}`,
      );
    const parsed = planSchema.safeParse(plan);
    if (!parsed.success)
      throw new BispikeError(
        "checkpoint",
        `${file}: expected a comparison's plan; run bispike compare again to have it written anew`,
      );
    return parsed.data as unknown as Design;
  }

  state({ folder }: PlannedRun): RunState {
    if (!existsSync(this.file(join(folder, RUN_FILES.config)))) return "new";
    return existsSync(this.file(join(folder, RUN_FILES.summary))) ? "finished" : "begun";
  }

  /** The configuration a run was begun with. */
  configOf({ folder }: PlannedRun): AnyConfig {
    return readAnyExperiment(this.file(join(folder, RUN_FILES.config)));
  }

  /** What a finished run has to tell; undefined for others. */
  summaryOf({ folder }: PlannedRun): Readonly<Record<string, unknown>> | undefined {
    const summary = readJsonObject(this.file(join(folder, RUN_FILES.summary)));
    return summary && renamed(summary);
  }

  /** What was observed of a run's training, in order; nothing where it was not. */
  observationsOf({ folder }: Pick<PlannedRun, "folder">): Observation[] {
    const file = this.file(join(folder, RUN_FILES.observations));
    return existsSync(file) ? readObservations(file) : [];
  }

  /**
   * What was measured of a run once it was trained.
   *
   * @param asked what it was to be measured by
   * @returns undefined where it was not measured yet, or otherwise
   */
  measuredOf<Name extends MeasureName>(
    { folder }: PlannedRun,
    name: Name,
    asked: Required<Measures>[Name],
  ): Readonly<Record<string, unknown>> | undefined {
    const found = readJsonObject(this.file(join(folder, `${name}.json`)));
    return JSON.stringify(found?.asked) === JSON.stringify(inOrder(name, asked)) ? found : undefined;
  }

  /** Keeps what was measured. */
  writeMeasured<Name extends MeasureName>(
    { folder }: PlannedRun,
    name: Name,
    asked: Required<Measures>[Name],
    measured: object,
  ): void {
    const text = JSON.stringify({ asked: inOrder(name, asked), ...measured }, null, 2);
    writeDurably(this.file(join(folder, `${name}.json`)), `${text}\n`);
  }

  /** What a run was trained on, such as "Xeon, cores: 2, linux x64, node v20.19.0, bispike 0.1.0"; undefined where it does not say. */
  machineOf({ folder }: PlannedRun): string | undefined {
    const { cpu, cores, platform, node, bispike } =
      readJsonObject(this.file(join(folder, RUN_FILES.environment))) ?? {};
    return cpu === undefined ? undefined : `${cpu}, cores: ${cores}, ${platform}, node ${node}, bispike ${bispike}`;
  }

  /**
   * Writes the file a run is trained by, and clears what a run left that was killed before it had begun.
   *
   * @returns the file
   * @throws BispikeError "usage" while another process is about to train there
   */
  prepare({ folder }: PlannedRun, config: AnyConfig): string {
    const run = this.file(folder);
    makeFolder(dirname(run));
    if (existsSync(run) && !existsSync(join(run, RUN_FILES.config))) {
      const release = lockFolder(run);
      try {
        for (const name of readdirSync(run)) if (isDraft(name)) rmSync(join(run, name));
      } finally {
        release();
      }
    }
    writeDurably(`${run}.yaml`, renderConfig(config));
    return `${run}.yaml`;
  }
}

/** What a run writes before its configuration. */
function isDraft(name: string): boolean {
  return name === RUN_FILES.environment || isTemporary(name);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw systemFailure(error, "make the folder", path);
  }
}
