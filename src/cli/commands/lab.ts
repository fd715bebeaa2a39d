/** `bispike lab`. */
import { Command, Option } from "commander";
import { openInBrowser, serveLab } from "../../node/lab-server.ts";
import { wholeNumber } from "../arguments.ts";
import { note, print, runAction } from "../process.ts";

interface LabCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly run: readonly string[];
  readonly open?: boolean;
}

export function labCommand(): Command {
  return new Command("lab")
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
    .action(runAction(runLab));
}

function collect(folder: string, before: readonly string[]): readonly string[] {
  return [...before, folder];
}

/** Serves until it is interrupted. */
async function runLab({ host, port, run, open }: LabCommandOptions): Promise<void> {
  const lab = await serveLab({ host, port, runs: run });
  print(lab.url);
  if (!["127.0.0.1", "::1", "localhost"].includes(host))
    note(
      "warning",
      "anyone who reaches this address can use the lab; without HTTPS their browsers train on one thread",
    );
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  if (open && !(await openInBrowser(lab.url)))
    note("note", "no browser could be opened here; open that address yourself");
  await interrupted;
  await lab.close();
}
