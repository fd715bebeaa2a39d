/** `bispike inspect`: the options; the work is in `run/inspect.ts`. */
import { Command } from "commander";
import { runAction } from "./report.ts";

export interface InspectOptions {
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

export function inspectCommand(): Command {
  return new Command("inspect")
    .summary("say what a checkpoint, run folder or data set holds")
    .description(
      "Of a checkpoint or run folder: the configuration, the networks' stages and parameters, how far training came, and every tensor with its range, mean and deviation. " +
        "Of a data set: parts, shape, images of each class, statistics, and the checksums of its files against the published ones. Of any other safetensors file: its tensors and metadata.",
    )
    .argument("[path]", "a checkpoint, a run folder, a data set's folder or a safetensors file")
    .option(
      "--data.name <name>",
      "a known data set: mnist, fashion-mnist, cifar10, cifar100, svhn; PATH is then where its files are",
    )
    .option("--data.path <dir>", "a data set's folder; the same as PATH")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike inspect runs/mnist-mlp-seed1
  $ bispike inspect model.safetensors --json | jq .parameters
  $ bispike inspect --data.name mnist
  $ bispike inspect my-pictures/`,
    )
    .action(
      runAction(async (path: string | undefined, options: InspectOptions) => {
        const { runInspect } = await import("./run/inspect.ts");
        await runInspect(path, options);
      }),
    );
}
