/** `bispike sweep`: the options; the work is in `run/sweep/`. */
import { Command, Option } from "commander";
import { readSeeds } from "./compare.ts";
import { number, wholeNumber } from "./parse.ts";
import { runAction } from "./report.ts";
import type { CollectRequest } from "./run/sweep/collect.ts";
import type { PlanRequest } from "./run/sweep/plan.ts";
import type { RunRequest } from "./run/sweep/run.ts";
import type { StatusRequest } from "./run/sweep/status.ts";

type Options<T> = Omit<T, "folder" | "file" | "overrides">;

const queueOption = () =>
  new Option(
    "--queue <url>",
    "a queue on a Redis or Valkey server: redis://host:port[/database]; a password may be in BISPIKE_QUEUE_PASSWORD",
  );
const jsonOption = (lines: string) => new Option("--json", `print one JSON object a line: ${lines}`);

/** @param overrides dotted options of the command line, which `splitOverrides` took out */
export function sweepCommand(overrides: readonly string[] = []): Command {
  return new Command("sweep")
    .summary("plan many runs, train them on one machine or many, and tabulate them")
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
    .action(
      runAction(async (file: string, options: Options<PlanRequest>) => {
        const { planSweep } = await import("./run/sweep/plan.ts");
        planSweep({ ...options, file, overrides });
      }),
    );
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
      runAction(async (folder: string, options: Options<RunRequest>) => {
        const { runSweep } = await import("./run/sweep/run.ts");
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
    .action(
      runAction(async (folder: string, options: Options<StatusRequest>) => {
        const { sweepStatus } = await import("./run/sweep/status.ts");
        await sweepStatus({ ...options, folder });
      }),
    );
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
    .action(
      runAction(async (folder: string, options: Options<CollectRequest>) => {
        const { collectSweep } = await import("./run/sweep/collect.ts");
        await collectSweep({ ...options, folder });
      }),
    );
}
