/** The work of `bispike sweep plan`. */
import { join } from "node:path";
import { planOf } from "../../../node/sweep/plan-file.ts";
import { SWEEPS_FOLDER, SweepFolder } from "../../../node/sweep/sweep-folder.ts";
import { packageVersion } from "../../../node/version.ts";
import { readSearch } from "../../../sweep/search.ts";
import { readRawExperiment } from "../../../training/config-file.ts";
import { joinName } from "../../../training/config-raw.ts";
import { print } from "../../output.ts";
import { printable } from "../../table.ts";
import { writeSlurm } from "./slurm.ts";

export interface PlanRequest {
  readonly file: string;
  /** As `--key=value`; lists of values are axes. */
  readonly overrides: readonly string[];
  readonly seeds?: number | readonly number[];
  readonly out?: string;
  readonly slurm?: true;
  readonly json?: true;
}

export function planSweep({ file, overrides, seeds, out, slurm, json }: PlanRequest): void {
  const search = readSearch(readRawExperiment(file), file, { overrides, ...(seeds === undefined ? {} : { seeds }) });
  const plan = planOf(search, packageVersion());
  const folder = new SweepFolder(out ?? join(SWEEPS_FOLDER, joinName(search.name)));
  const change = folder.writePlan(plan);
  const scripts = slurm ? writeSlurm(folder, plan) : [];
  if (json) {
    const jobs = plan.jobs.map(({ config: _, ...job }) => job);
    print(JSON.stringify({ event: "plan", folder: folder.path, change, digest: plan.digest, jobs, scripts }));
    return;
  }
  const runs = plan.rungs.map(({ candidates, design }) => candidates * design.seeds.length);
  const counts = plan.halving ? `${runs.join(" + ")} runs in ${runs.length} rungs` : `${runs[0]} runs`;
  const changed = { new: "", extended: ", added to an earlier plan", same: ", as planned before" }[change];
  print(`${counts}${changed} -> ${printable(folder.path)}`);
  for (const script of scripts) print(`-> ${printable(script)}`);
}
