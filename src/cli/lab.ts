/** `bispike lab`: the options; the work is in `run/lab.ts`. */
import { Command, Option } from "commander";
import { wholeNumber } from "./parse.ts";
import { runAction } from "./report.ts";

export interface LabCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly run: readonly string[];
  readonly open?: boolean;
}

export function labCommand(): Command {
  return new Command("lab")
    .summary("watch two networks teach each other, in a browser")
    .description(
      "Serves the lab, a page that trains pairs of networks in the browser itself, with the same engine and the same bytes as here. " +
        "It carries MNIST and Fashion-MNIST where they are installed, and follows the learning curves of the run folders it is given. Ctrl-C ends it.",
    )
    .option("--port <n>", "port; 0 for any that is free", wholeNumber(0, 65535), 4173)
    .option("--host <address>", "address to listen on; only this machine reaches the default", "127.0.0.1")
    .addOption(
      new Option("--run <folder>", "run folder whose curves the page follows; may be given several times")
        .argParser(collect)
        .default([], "none"),
    )
    .option("--open", "also open the page in the browser of this machine")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike lab
  $ bispike lab --port 0 --open
  $ bispike lab --run runs/mnist-mlp-seed1    # while bispike train writes there`,
    )
    .action(
      runAction(async (options: LabCommandOptions) => {
        const { runLab } = await import("./run/lab.ts");
        await runLab(options);
      }),
    );
}

function collect(folder: string, before: readonly string[]): readonly string[] {
  return [...before, folder];
}
