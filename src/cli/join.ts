/** `bispike join`: the options; the work is in `run/join.ts`. */
import { Command } from "commander";
import { runAction } from "./report.ts";

interface JoinOptions {
  readonly json?: true;
  readonly quiet?: true;
}

export function joinCommand(): Command {
  return new Command("join")
    .summary("join the parts of a training over several processes")
    .description(
      "Puts the parts of a pair that was trained by `bispike train --stages` together again: the run's folder gets a checkpoint (of parts in step: the weights and optimiser's state of one process, tensor for tensor), metrics, the test figures and pictures; images held out are measured then, at the end of training alone. " +
        "Parts from other hosts: copy their folders (parts/stages-...) into one run's folder first. Parts that are not at the end are joined at the latest step that all have saved.",
    )
    .argument("<run>", "the run's folder, which has parts/")
    .option("--json", "print one JSON object a line")
    .option("--quiet", "print only warnings and the result")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike join runs/mnist-mlp-seed1
  $ bispike eval runs/mnist-mlp-seed1`,
    )
    .action(
      runAction(async (run: string, options: JoinOptions) => {
        const { joinRun } = await import("./run/join.ts");
        await joinRun({ run, ...options });
      }),
    );
}
