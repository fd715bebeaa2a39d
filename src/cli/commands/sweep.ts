/** `bispike sweep`: plan, status, collect, and scripts for Slurm; `sweep-run.ts` trains. */

import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import type { QueueCounts } from "../../cluster/queue.ts";
import { readSearch } from "../../cluster/sweep.ts";
import { type JobState, type JobStatus, SWEEPS_FOLDER, SweepFolder } from "../../cluster/sweep-folder.ts";
import { planOf, type SweepPlan } from "../../cluster/sweep-plan.ts";
import { showValue } from "../../comparison/measures.ts";
import { BispikeError } from "../../errors.ts";
import { writeDurably } from "../../node/durable.ts";
import { packageVersion } from "../../node/version.ts";
import { readRawExperiment } from "../../training/config-file.ts";
import { joinName } from "../../training/config-raw.ts";
import { number, wholeNumber } from "../arguments.ts";
import { pluginArguments } from "../plugins.ts";
import { note, print, runAction } from "../process.ts";
import { writeReport } from "../report/comparison.ts";
import { createCompareReporter } from "../report/comparison-lines.ts";
import { alignTable, printable } from "../report/tables.ts";
import { readSeeds } from "./compare.ts";
import type { RunRequest } from "./sweep-run.ts";

const queueOption = () =>
  new Option(
    "--queue <url>",
    "a queue on a Redis or Valkey server: redis://host:port[/database]; a password may be in BISPIKE_QUEUE_PASSWORD",
  );
const jsonOption = (lines: string) => new Option("--json", `print one JSON object a line: ${lines}`);

/** @param overrides dotted options of the command line, which `splitOverrides` took out */
export function sweepCommand(overrides: readonly string[] = []): Command {
  return new Command("sweep")
    .description(
      "Trains the runs of a grid, of a random search, or of successive halving by processes of this machine, by workers on many machines that share a folder and a queue, or by a Slurm array. " +
        "The folder holds the plan and all runs. A run that was stopped or killed is gone on with, one that is done is not run again, and no two processes train the same one.",
    )
    .addCommand(planCommand(overrides))
    .addCommand(runCommand())
    .addCommand(statusCommand())
    .addCommand(collectCommand())
    .addHelpText(
      "after",
      `
Examples:
  $ bispike sweep plan experiments/sweeps/alice-random.yaml --out sweeps/alice
  $ bispike sweep run sweeps/alice                                     # here, a run a core
  $ bispike sweep run sweeps/alice --queue redis://head:6379           # on every machine that shares the folder
  $ bispike sweep status sweeps/alice
  $ bispike sweep collect sweeps/alice`,
    );
}

function planCommand(overrides: readonly string[]): Command {
  return new Command("plan")
    .summary("list the runs of a sweep in a folder")
    .description(
      "Takes any file for bispike compare (a grid), or one with the section sweep: axes (a grid) or space (random search), and halving (successive halving). " +
        "Writes plan.json, with a job a run; its id follows from configuration, seed and version. Planning again changes nothing; values and seeds may be added.",
    )
    .argument("<file>", "the experiment's YAML file")
    .option("--seeds <seeds>", "how many seeds (3 for 1, 2, 3), or which: 1,5,9 (default: the file's)", readSeeds)
    .option("--out <dir>", "folder of the sweep (default: sweeps/<name>)")
    .option("--slurm", "write array scripts for Slurm beside the plan")
    .addOption(jsonOption("the plan"))
    .action(runAction((file: string, options: PlanOptions) => planSweep(file, overrides, options)));
}

function runCommand(): Command {
  return new Command("run")
    .summary("train what is not done yet")
    .description(
      "Trains the jobs of a sweep's folder, as many at once as there are cores. With --queue, puts them in a queue and takes them from there, until all have ended: " +
        "start it on every machine that shares the folder. Ctrl-C or SIGTERM stops after a step, saves, and gives jobs back.",
    )
    .argument("<dir>", "the sweep's folder")
    .option("--jobs <n>", "runs at once, one thread each (default: one a core)", wholeNumber(1, 256))
    .option("--job <job>", "only this job: its place in the plan, from 0, or its id")
    .option("--rung <n>", "with --job: the place is that in this rung of successive halving", wholeNumber(1, 16))
    .addOption(queueOption())
    .option("--enqueue", "with --queue: put the jobs in the queue, and no more")
    .option("--worker", "with --queue: work, and leave it to others to put jobs in the queue")
    .option("--lease <seconds>", "seconds after which a silent worker's jobs go to others", number(0.5, 3600))
    .option("--patience <seconds>", "seconds for which the queue's server may be away", number(0, 86_400))
    .addOption(jsonOption("plan, start, progress, warning, done, failed, stopped, ended"))
    .option("--quiet", "print only warnings and failures")
    .action(
      runAction(async (folder: string, options: Omit<RunRequest, "folder">) => {
        const { runSweep } = await import("./sweep-run.ts");
        await runSweep({ ...options, folder });
      }),
    );
}

function statusCommand(): Command {
  return new Command("status")
    .summary("tell how far a sweep is")
    .description(
      "Counts jobs by state, and tells who trains what and why jobs failed. Of successive halving, 'later' are those of rungs to come, and 'to be dropped' those of rungs to come whose candidates will not be kept.",
    )
    .argument("<dir>", "the sweep's folder")
    .addOption(queueOption())
    .addOption(jsonOption("all jobs"))
    .action(runAction(sweepStatus));
}

function collectCommand(): Command {
  return new Command("collect")
    .summary("tabulate a sweep's results")
    .description(
      "Writes the tables and the picture of bispike compare (compare.md, .csv, .json, .svg, .png) beside the runs; of successive halving, for each rung, and halving.md. Refused while runs are missing, unless told otherwise.",
    )
    .argument("<dir>", "the sweep's folder")
    .option("--incomplete", "tabulate what is done, and list what is missing")
    .addOption(jsonOption("report, one a rung"))
    .option("--quiet", "print only the tables")
    .action(runAction(collectSweep));
}

interface PlanOptions {
  readonly seeds?: number | readonly number[];
  readonly out?: string;
  readonly slurm?: true;
  readonly json?: true;
}

/** @param overrides as `--key=value`; lists of values are axes */
function planSweep(file: string, overrides: readonly string[], { seeds, out, slurm, json }: PlanOptions): void {
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

interface StatusOptions {
  readonly queue?: string;
  readonly json?: true;
}

/** `toBeDropped`: of rungs that have not begun, the jobs whose candidates will not be kept; which those are is not known yet. */
type Counted = JobState | "toBeDropped";

const ORDER: readonly Counted[] = [
  ...(["done", "running", "interrupted", "waiting", "later", "failed", "dropped", "toBeDropped"] as const),
];

export type StateCounts = Readonly<Partial<Record<Counted, number>>>;

/** States that occur, in a fixed order. */
export function countStates(folder: SweepFolder, plan: SweepPlan, statuses: readonly JobStatus[]): StateCounts {
  const counts = new Map<Counted, number>();
  for (const { state } of statuses) counts.set(state, (counts.get(state) ?? 0) + 1);
  const toBeDropped = surplus(folder, plan, statuses);
  counts.set("later", (counts.get("later") ?? 0) - toBeDropped).set("toBeDropped", toBeDropped);
  return Object.fromEntries(ORDER.map((state) => [state, counts.get(state) ?? 0] as const).filter(([, n]) => n > 0));
}

/** The plan holds every candidate in every rung, and only some will come so far. */
function surplus(folder: SweepFolder, plan: SweepPlan, statuses: readonly JobStatus[]): number {
  const surpluses = plan.rungs.map(({ design }, rung) => {
    const later = statuses.filter(({ job, state }) => job.rung === rung && state === "later").length;
    return later && later - folder.candidates(plan, rung) * design.seeds.length;
  });
  return surpluses.reduce((sum, count) => sum + count, 0);
}

/** Jobs that are to be trained, and those of them that have no results. */
export function missingOf({ done = 0, dropped: _, toBeDropped: __, ...others }: StateCounts) {
  const missing = Object.values(others).reduce((sum, count) => sum + count, 0);
  return { missing, all: done + missing, states: others };
}

const inWords = (counts: object) =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name === "toBeDropped" ? "to be dropped" : name}`)
    .join(", ");

async function sweepStatus(path: string, { queue, json }: StatusOptions): Promise<void> {
  const folder = new SweepFolder(path);
  const plan = folder.readPlan();
  const statuses = plan.jobs.map((job) => folder.status(plan, job));
  const counts = countStates(folder, plan, statuses);
  const queued = queue === undefined ? undefined : await queueCounts(queue, plan);
  if (json) {
    const jobs = statuses.map(({ job: { config: _, ...job }, ...status }) => ({ ...job, ...status }));
    print(JSON.stringify({ event: "status", folder: path, counts, ...(queued ? { queue: queued } : {}), jobs }));
    return;
  }
  print(`${printable(path)}: ${plan.jobs.length} jobs: ${inWords(counts)}`);
  if (queued) print(`queue: ${inWords(queued)}`);
  const rows = statuses.flatMap(({ job, state, owner, message }) => {
    const about = owner ? `process ${owner.process} on ${owner.host}` : message;
    return about === undefined ? [] : [[job.id, state, job.label, about].map(printable)];
  });
  if (rows.length > 0) print(alignTable([["job", "state", "run", "by or why"], ...rows], "llll"));
}

async function queueCounts(url: string, plan: SweepPlan): Promise<QueueCounts> {
  const { openQueue } = await import("./sweep-run.ts");
  const queue = await openQueue(url, plan, {});
  try {
    return await queue.counts();
  } finally {
    await queue.close();
  }
}

/** Jobs that there is no doing without: a rung that is over may have runs that failed, as its choice was made without them. */
export function withoutGivenUp(folder: SweepFolder, plan: SweepPlan, statuses: readonly JobStatus[]): JobStatus[] {
  return statuses.filter(({ job, state }) => !(state === "failed" && folder.choice(plan, job.rung)));
}

/** @throws BispikeError "usage" for runs that are neither done nor given up, unless some may be missing */
export function assertComplete(folder: SweepFolder, counts: StateCounts): void {
  const { missing, all, states } = missingOf(counts);
  if (missing === 0) return;
  throw new BispikeError(
    "usage",
    `${folder.path}: ${missing} of ${all} jobs have no results (${inWords(states)}); train them first (bispike sweep run ${folder.path}), or tabulate the others by --incomplete`,
  );
}

interface CollectOptions {
  /** Whether runs may be missing. */
  readonly incomplete?: true;
  readonly json?: true;
  readonly quiet?: true;
}

async function collectSweep(path: string, options: CollectOptions): Promise<void> {
  const folder = new SweepFolder(path);
  const plan = folder.readPlan();
  const statuses = plan.jobs.map((job) => folder.status(plan, job));
  const open = countStates(folder, plan, withoutGivenUp(folder, plan, statuses));
  if (!options.incomplete) assertComplete(folder, open);
  const reporter = createCompareReporter(options);
  try {
    for (const [rung, { folder: name }] of plan.rungs.entries()) {
      const design = folder.design(plan, rung);
      const begun = statuses.some(({ job, state }) => job.rung === rung && state === "done");
      if (!design || (!begun && rung > 0)) continue;
      if (plan.halving && !options.json) print(`${name}, ${plan.halving.epochs[rung]} epochs`);
      const failed = statuses.filter(({ job, state }) => job.rung === rung && state === "failed");
      const report = await writeReport(folder.runs(plan, rung), design);
      reporter.report(
        report,
        failed.map(({ job }) => job.label),
        `bispike sweep run ${printable(folder.path)}`,
      );
    }
  } finally {
    reporter.close();
  }
  if (plan.halving) tellHalving(folder, plan, options.json ?? false);
  const { missing, all } = missingOf(open);
  // It was asked for with --incomplete, so it is a remark and no failure.
  if (missing > 0) note("warning", `incomplete: ${missing} of ${all} jobs have no results yet`);
}

/** A row a candidate: its figure in each rung, and how far it came. */
function tellHalving(folder: SweepFolder, plan: SweepPlan, json: boolean): void {
  const { axes } = plan.rungs[0]!.design;
  const values = axes[0]!.values;
  const choices = plan.rungs.map((_, rung) => folder.choice(plan, rung)).filter((choice) => choice !== undefined);
  if (choices.length === 0) return;
  const head = ["candidate", ...choices.map(({ figure }, rung) => `${figure}, ${plan.halving?.epochs[rung]} epochs`)];
  const rows = values.map((value, candidate) => [
    showValue(value),
    ...choices.map(({ standings, kept }) => {
      const found = standings.find((standing) => standing.candidate === candidate);
      if (!found) return "";
      const mean = found.mean === null ? "failed" : String(Number(found.mean.toPrecision(6)));
      return kept.includes(candidate) ? `${mean}, kept` : mean;
    }),
  ]);
  const safe = (text: string) => text.replace(/\p{Cc}/gu, "\uFFFD").replace(/[\\|<>`*]/g, "\\$&");
  const line = (cells: readonly string[]) => `| ${cells.map(safe).join(" | ")} |`;
  const table = [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];
  const note =
    "Successive halving: candidates are kept by the mean of a validation figure over the seeds, never by the test part.";
  writeDurably(folder.file("halving.md"), [`# ${safe(plan.name)}`, "", note, "", ...table, ""].join("\n"));
  if (json) print(JSON.stringify({ event: "halving", choices }));
  else
    print(
      `${alignTable([head, ...rows.map((row) => row.map(printable))], "l".repeat(head.length))}\n-> ${printable(folder.file("halving.md"))}`,
    );
}

// Array scripts for Slurm: task i trains job i, so no queue is needed. Successive halving has a script a rung, whose tasks are the candidates that were kept:
//
// id=$(sbatch --parsable sweep-rung1.sbatch)
// sbatch --dependency=afterany:$id sweep-rung2.sbatch

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
