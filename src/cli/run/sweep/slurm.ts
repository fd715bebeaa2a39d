/**
 * Array scripts for Slurm: task i trains job i, so no queue is needed. Successive halving has a script a rung, whose tasks are the candidates that were kept:
 *
 *   id=$(sbatch --parsable sweep-rung1.sbatch)
 *   sbatch --dependency=afterany:$id sweep-rung2.sbatch
 */
import { resolve } from "node:path";
import { writeDurably } from "../../../node/durable.ts";
import type { SweepPlan } from "../../../node/sweep/plan-file.ts";
import type { SweepFolder } from "../../../node/sweep/sweep-folder.ts";
import { pluginArguments } from "../../plugins.ts";

/** Before Slurm kills a job that has used up its time: for a step and a save. */
const GRACE_SECONDS = 120;

/** @returns the scripts, a rung each */
export function writeSlurm(folder: SweepFolder, plan: SweepPlan): string[] {
  return plan.rungs.map(({ candidates, design }, rung) => {
    const file = folder.file(plan.halving ? `sweep-rung${rung + 1}.sbatch` : "sweep.sbatch");
    const runs = candidates * design.seeds.length;
    writeDurably(file, script(plan, rung, runs, resolve(folder.path)));
    return file;
  });
}

function script({ name, halving }: SweepPlan, rung: number, runs: number, path: string): string {
  const which = halving ? `--rung ${rung + 1} ` : "";
  const plugins = pluginArguments()
    .map((argument) => ` ${quoted(argument)}`)
    .join("");
  return `#!/usr/bin/env bash
#SBATCH --job-name=${name.replace(/[^\w.-]+/g, "-")}
#SBATCH --array=0-${runs - 1}
#SBATCH --cpus-per-task=1
#SBATCH --signal=B:TERM@${GRACE_SECONDS}
# Task i trains job i of the sweep; submitting it again goes on with what is not done. BISPIKE may hold another way to call it, such as "npx bispike".
set -eu
cd ${quoted(process.cwd())}
exec \${BISPIKE:-bispike} sweep run ${quoted(path)} ${which}--job "$SLURM_ARRAY_TASK_ID"${plugins}
`;
}

/** For a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
