/** `bispike train`: the options; the work is in `run/train.ts`. */
import { Command } from "commander";
import { runAction } from "./report.ts";

interface TrainOptions {
  readonly name?: string;
  readonly task?: string;
  readonly out?: string;
  readonly resume?: string | true;
  readonly threads?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/** @param overrides dotted options of the command line, which `splitOverrides` took out */
export function trainCommand(overrides: readonly string[] = []): Command {
  return new Command("train")
    .summary("train a pair of networks from an experiment file")
    .description(
      "Trains a pair of spiking networks on images, a recurrent pair or one of its rivals on a text or series, or a pair of autoencoders or one of theirs, as an experiment file describes, with any of its keys overridden as --key.path=value. " +
        "The run's folder gets the resolved configuration, metrics, checkpoints, a summary with the test figures, and pictures of the learning curves " +
        "(of images also spikes and recalled stimuli, of autoencoders redrawn test images). Ctrl-C saves and stops; --resume goes on to the very bytes an uninterrupted run would have reached.",
    )
    .argument("[file]", "the experiment's YAML file (not needed with --resume RUN)")
    .option("--out <dir>", "folder of the run; new or empty (default: runs/<name>-seed<seed>)")
    .option("--name <name>", "the experiment's name, in place of the file's")
    .option(
      "--task <task>",
      "the experiment's task, in place of the file's: next-character, regression, forecast, autoencode",
    )
    .option("--resume [run]", "go on with the run in this folder (default: --out, or the experiment's latest in runs/)")
    .option("--threads <n>", "threads; 0 for all cores. The result does not depend on it")
    .option("--json", "print one JSON object a line: start, step, epoch, warning, done")
    .option("--quiet", "print only warnings and the result")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike train experiments/mnist-mlp.yaml
  $ bispike train experiments/mnist-mlp.yaml --train.epochs=3 --network.hidden=[512,256] --out runs/small
  $ bispike train experiments/alice.yaml --rule.name=dll
  $ bispike train experiments/mnist-autoencoder.yaml
  $ bispike train experiments/etth1.yaml --data.series=ETTh1.csv --task=forecast --data.horizon=24
  $ bispike train --resume runs/small`,
    )
    .action(
      runAction(async (file: string | undefined, options: TrainOptions) => {
        const { name, task, threads, ...others } = options;
        const own = [
          ...(name === undefined ? [] : [`--name=${JSON.stringify(name)}`]),
          ...(task === undefined ? [] : [`--task=${JSON.stringify(task)}`]),
          ...(threads === undefined ? [] : [`--train.threads=${threads}`]),
        ];
        const { trainRun } = await import("./run/train.ts");
        await trainRun({ ...others, ...(file === undefined ? {} : { file }), overrides: [...overrides, ...own] });
      }),
    );
}
