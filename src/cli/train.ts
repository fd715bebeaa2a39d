/** `bispike train`: the options; the work is in `run/train.ts`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { BispikeError } from "../errors.ts";
import { type Judge, judges } from "../training/judge.ts";
import { wholeNumber } from "./parse.ts";
import { runAction } from "./report.ts";

interface TrainOptions {
  readonly name?: string;
  readonly task?: string;
  readonly out?: string;
  readonly init?: string;
  readonly resume?: string | true;
  readonly threads?: number;
  readonly judge?: Judge;
  readonly json?: true;
  readonly quiet?: true;
  readonly processes?: number;
  readonly cut?: readonly number[];
  readonly stages?: string;
  readonly listen?: string;
  readonly connect?: string;
  readonly depth?: number;
  readonly saveEvery?: number;
  readonly events?: true;
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
    .argument("[file]", "the experiment's YAML file (not needed with --data.name=... or --resume RUN)")
    .option("--out <dir>", "folder of the run; new or empty (default: runs/<name>-seed<seed>)")
    .option("--name <name>", "the experiment's name, in place of the file's")
    .option(
      "--task <task>",
      "the experiment's task, in place of the file's: next-character, regression, forecast, autoencode",
    )
    .option("--resume [run]", "go on with the run in this folder (default: --out, or the experiment's latest in runs/)")
    .option(
      "--init <file>",
      "start from the weights of a checkpoint, or of a file that export --format safetensors wrote; the same network, its steps and optimiser anew",
    )
    .option("--threads <n>", "threads; 0 for all cores. The result does not depend on it", wholeNumber(0, 256))
    .addOption(
      new Option(
        "--judge <part>",
        "what the results are of: test, read once at the end; or held-out, and the test part is left alone, for tuning (default: test)",
      ).choices(judges),
    )
    .option("--json", "print one JSON object a line: start, step, epoch, warning, done")
    .option("--quiet", "print only warnings and the result")
    .option(
      "--processes <n>",
      "train in this many processes on this machine, each with some stages of the pair",
      wholeNumber(1, 64),
    )
    .option(
      "--cut <stages>",
      "with --processes: last stage of each part but the last, as 3 or 2,4 (default: balanced)",
      stageList,
    )
    .option(
      "--stages <first-last>",
      "train these stages alone, beside processes that have the others; join them with bispike join",
    )
    .option("--listen <address>", "with --stages: where the part above calls, host:port or a Unix socket's path")
    .option("--connect <address>", "with --stages: where the part below listens")
    .option(
      "--depth <k>",
      "of parts: steps a part may be ahead of the one above it; 0 (default): the weights and optimiser's state of one process, tensor for tensor",
      wholeNumber(0, 1024),
    )
    .option(
      "--save-every <steps>",
      "of parts: steps from one common save to the next, beside epochs' ends (default: 200)",
      wholeNumber(1, 65536),
    )
    .option("--events", "of parts: send spikes as events: fewer bytes, more work")
    .addHelpText(
      "after",
      `
Examples:
  $ bispike train experiments/mnist-mlp.yaml
  $ bispike train experiments/mnist-mlp.yaml --train.epochs=3 --network.hidden=[512,256] --out runs/small
  $ bispike train --data.name=mnist --rule.name=backprop
  $ bispike train experiments/alice.yaml --rule.name=dll
  $ bispike train experiments/mnist-autoencoder.yaml
  $ bispike train experiments/etth1.yaml --data.series=ETTh1.csv --task=forecast --data.horizon=24
  $ bispike train --resume runs/small
  $ bispike train --resume runs/small --data.path=/other/disk/mnist    # where the same data now lie; others are refused
  $ bispike train experiments/mnist-mlp.yaml --init weights.safetensors --train.learningRate=0.0003
  $ bispike train experiments/mnist-mlp.yaml --processes 2 --depth 1
  $ bispike train --resume runs/mnist-mlp-seed1 --processes 2
  $ bispike train experiments/mnist-mlp.yaml --stages 1-2 --listen 127.0.0.1:7000    # and beside it, here or elsewhere:
  $ bispike train experiments/mnist-mlp.yaml --stages 3-5 --connect 127.0.0.1:7000`,
    )
    .action(
      runAction(async (file: string | undefined, options: TrainOptions) => {
        const { name, task, threads, ...others } = options;
        const own = [
          ...(name === undefined ? [] : [`--name=${JSON.stringify(name)}`]),
          ...(task === undefined ? [] : [`--task=${JSON.stringify(task)}`]),
          ...(threads === undefined ? [] : [`--train.threads=${threads}`]),
        ];
        const request = { ...others, ...(file === undefined ? {} : { file }), overrides: [...overrides, ...own] };
        const { processes, stages } = options;
        assertPartOptions(options);
        const inParts = partsOption(options);
        if (file !== undefined && inParts !== undefined)
          (await import("./run/fits-parts.ts")).assertFitsParts(inParts, file, request.overrides);
        if (stages !== undefined) await (await import("./run/train-part.ts")).trainPartRun({ ...request, stages });
        else if (processes !== undefined)
          await (await import("./run/train-processes.ts")).trainProcesses({ ...request, processes });
        else await (await import("./run/train.ts")).trainRun(request);
      }),
    );
}

/** The option that asked for a training in parts; undefined for one process. */
function partsOption({ stages, processes }: TrainOptions): "--stages" | "--processes" | undefined {
  if (stages !== undefined) return "--stages";
  return processes === undefined ? undefined : "--processes";
}

/** Options of trainings in parts mean nothing without them. */
function assertPartOptions(options: TrainOptions): void {
  const { stages, processes } = options;
  if (stages !== undefined && processes !== undefined)
    throw new BispikeError(
      "usage",
      "expected --stages or --processes, got both: --processes starts one process for each part",
    );
  const needs: readonly [keyof TrainOptions, boolean, string][] = [
    ["cut", processes !== undefined, "--processes"],
    ["listen", stages !== undefined, "--stages"],
    ["connect", stages !== undefined, "--stages"],
    ["depth", (stages ?? processes) !== undefined, "--stages or --processes"],
    ["saveEvery", (stages ?? processes) !== undefined, "--stages or --processes"],
    ["events", (stages ?? processes) !== undefined, "--stages or --processes"],
  ];
  for (const [option, there, what] of needs) {
    const name = option === "saveEvery" ? "save-every" : option;
    if (options[option] !== undefined && !there) throw new BispikeError("usage", `--${name}: expected with ${what}`);
  }
  const inParts = partsOption(options);
  if (inParts === undefined) return;
  if (options.init !== undefined)
    throw new BispikeError(
      "usage",
      `--init: expected without ${inParts}: a training in parts begins with weights drawn by train.seed`,
    );
  if (options.judge === "held-out")
    throw new BispikeError(
      "usage",
      `--judge held-out: expected without ${inParts}: a training in parts ends, when its parts are joined, with the test part's figures`,
    );
}

function stageList(text: string): readonly number[] {
  if (/^\d{1,6}(,\d{1,6})*$/.test(text)) return text.split(",").map(Number);
  throw new InvalidArgumentError("expected stages such as 3 or 2,4.");
}
