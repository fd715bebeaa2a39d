/** `bispike train`. */
import { Command, InvalidArgumentError, Option } from "commander";
import { commonStep, partFolder, partsOf, resumeCommand } from "../../cluster/part-folder.ts";
import { BispikeError } from "../../errors.ts";
import { describeStages } from "../../nets/pair.ts";
import { RUN_FILES, RunFolder } from "../../node/run-folder.ts";
import { type AnyConfig, resolveAnyConfig } from "../../training/any-config.ts";
import { readAnyExperiment } from "../../training/config-file.ts";
import { renamed } from "../../training/metrics.ts";
import { incompatible, PLACES, RESUMED_KEYS } from "../../training/same-training.ts";
import { type Judge, judges } from "../../training/trainable.ts";
import { wholeNumber } from "../arguments.ts";
import { anew, assertAsTrained, movedFrom } from "../data.ts";
import { EXIT, runAction, whenReaderGoes } from "../process.ts";
import type { AnySummary } from "../report/summary.ts";

import { createReporter, type Reporter } from "../report/training.ts";
import { beginRun, continueRun, runSession, startFrom, withJob } from "./train-session.ts";

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
    .description(
      "Trains a pair of spiking networks on images, a recurrent pair or one of its rivals on a text or series, or a pair of autoencoders or one of theirs, as an experiment file describes, with any of its keys overridden as --key.path=value. " +
        "The run's folder gets the resolved configuration, metrics, checkpoints, a summary with the test figures, and pictures of the learning curves " +
        "(of images also spikes and recalled stimuli, of autoencoders reconstructed test images). Ctrl-C saves and stops; --resume goes on to the very bytes an uninterrupted run would have reached.",
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
        if (file !== undefined && inParts !== undefined) assertFitsParts(inParts, file, request.overrides);
        if (stages !== undefined) await (await import("./train-part.ts")).trainPartRun({ ...request, stages });
        else if (processes !== undefined)
          await (await import("./train-processes.ts")).trainProcesses({ ...request, processes });
        else await trainRun(request);
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

export interface TrainRequest {
  /** The experiment's file; may be absent when a run is resumed. */
  readonly file?: string;
  /** As `--key=value`. */
  readonly overrides: readonly string[];
  readonly out?: string;
  /** Folder of the run to go on with; true for `out`, or the experiment's latest. */
  readonly resume?: string | true;
  /** What the run's results are of. Default: test; of a resumed run what it was begun with. */
  readonly judge?: Judge;
  /** File of weights to start from. */
  readonly init?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export async function trainRun(given: TrainRequest): Promise<void> {
  const request = withFile(given);
  if (request.init !== undefined && request.resume !== undefined)
    throw new BispikeError(
      "usage",
      "expected --init or --resume, got both: a resumed run goes on with its own weights",
    );
  const reporter = createReporter(request);
  // Until the session is there, which saves.
  whenReaderGoes(() => {
    process.stderr.write("bispike: stdout was closed by its reader before training began: nothing was trained\n");
    process.exit(EXIT.interrupted);
  });
  try {
    const summary =
      request.resume === undefined ? await startRun(request, reporter) : await resumeRun(request, reporter);
    if (!summary) process.exitCode = EXIT.interrupted;
  } finally {
    whenReaderGoes(undefined);
    reporter.close();
  }
}

/** `--resume FILE.yaml`: the option takes the argument that follows it, but a run is a folder. */
function withFile(request: TrainRequest): TrainRequest {
  const { file, resume } = request;
  const isExperiment = file === undefined && typeof resume === "string" && /\.ya?ml$/.test(resume);
  return isExperiment ? { ...request, file: resume, resume: true } : request;
}

async function startRun(request: TrainRequest, reporter: Reporter): Promise<AnySummary | undefined> {
  const config = readFile(request);
  return trainNew(config, () => RunFolder.create(config, request.out), reporter, request);
}

/**
 * Trains a new run; its folder is made once data, network and the weights to start from are known to be good.
 *
 * @param init file of weights to start from
 * @returns undefined when a signal stopped it
 */
export function trainNew(
  config: AnyConfig,
  makeFolder: () => RunFolder,
  reporter: Reporter,
  { judge = "test", init }: Pick<TrainRequest, "judge" | "init"> = {},
): Promise<AnySummary | undefined> {
  return withJob(config, judge, reporter, async (job) => {
    const began = init === undefined ? undefined : startFrom(init, job);
    const folder = makeFolder();
    try {
      beginRun(folder, job, began);
      const summary = await runSession(job, folder, reporter);
      if (summary) reporter.done(summary, false);
      return summary;
    } finally {
      folder.close();
    }
  });
}

async function resumeRun(request: TrainRequest, reporter: Reporter): Promise<AnySummary | undefined> {
  const folder = RunFolder.open(findRun(request));
  try {
    const config = changedConfig(folder, request);
    const judge = judgeOf(folder, request);
    const finished = folder.readJson(RUN_FILES.summary);
    if (finished) {
      assertAsTrained(
        folder.path,
        config,
        `, and --resume shows the run's results. It is finished, and is not trained further: for other settings or more epochs ${anew(folder.path)}`,
      );
      // Moved or copied folders keep their summary; it should name the folder it is read from.
      const summary = { ...(renamed(finished) as unknown as AnySummary), runFolder: folder.path };
      reporter.done(summary, true);
      return summary;
    }
    assertJoined(folder);
    return await withJob(config, judge, reporter, async (job) => {
      const last = continueRun(folder, job, reporter);
      const summary = await runSession(job, folder, reporter, last);
      if (summary) reporter.done(summary, false);
      return summary;
    }).catch(movedFromRun(folder.config(), config));
  } finally {
    folder.close();
  }
}

/** Without a file, overrides that say what data to train on are a whole configuration: all else has a default. */
function readFile({ file, overrides }: TrainRequest): AnyConfig {
  if (file === undefined) {
    if (overrides.some((override) => override.startsWith("--data."))) return resolveAnyConfig({}, overrides);
    throw new BispikeError(
      "usage",
      "expected an experiment's YAML file, as in: bispike train experiments/mnist-mlp.yaml (or --data.name=mnist and other keys alone, or --resume RUN)",
    );
  }
  return readAnyExperiment(file, overrides);
}

function findRun(request: TrainRequest): string {
  const { resume, out } = request;
  if (typeof resume === "string") {
    if (out !== undefined)
      throw new BispikeError("usage", "expected --resume RUN or --out, got both: a resumed run stays in its folder");
    return resume;
  }
  if (out !== undefined) return out;
  const config = readFile(request);
  const latest = RunFolder.latest(config);
  if (latest === undefined) {
    throw new BispikeError(
      "usage",
      `--resume: there is no run of ${config.name} with seed ${config.train.seed} in runs/; give its folder`,
    );
  }
  return latest;
}

/** One process knows nothing of what parts have learned until they are joined: it would begin anew. */
function assertJoined(folder: RunFolder): void {
  const { path } = folder;
  const ranges = partsOf(path);
  if (ranges.length === 0) return;
  const saved = commonStep(ranges.map((range) => partFolder(path, range)));
  const joined = folder.last()?.position.step;
  if (joined !== undefined && joined >= (saved ?? 0)) return;
  const orJoin = saved === undefined ? "" : `, or join its parts to go on as one process: bispike join ${path}`;
  throw new BispikeError(
    "usage",
    `${path}: was begun in parts (stages ${ranges.map(describeStages).join(", ")}); go on with: ${resumeCommand(path)}${orJoin}`,
  );
}

/** What a run was begun to be judged by: a resumed one must not look at a test part that was to be left alone. */
function judgeOf(folder: RunFolder, { judge }: TrainRequest): Judge {
  const begun = folder.readJson(RUN_FILES.environment)?.judge;
  const before = judges.find((name) => name === begun) ?? "test";
  if (judge !== undefined && judge !== before)
    throw new BispikeError(
      "usage",
      `${folder.path}: --judge ${judge} differs from the run's, which is judged by its ${before} part; train anew for another`,
    );
  return before;
}

/** What to do with an error of data that are not where the run has them. */
function movedFromRun({ data: before }: AnyConfig, { data: now }: AnyConfig): (error: unknown) => never {
  const [key, value] = Object.entries(now).find(([name]) => PLACES.includes(`data.${name}`)) ?? [];
  const recorded = Object.entries(before).some(([name, place]) => name === key && place === value);
  return movedFrom(recorded ? String(value) : undefined, `--data.${key} ${key === "path" ? "FOLDER" : "FILE"}`);
}

/** The run's configuration with the threads and saving interval of this session, and its data where they now lie. */
function changedConfig(folder: RunFolder, request: TrainRequest): AnyConfig {
  const before = folder.config();
  const config = request.file === undefined ? folder.config(request.overrides) : readFile(request);
  const [other] = incompatible(before, config);
  if (other) {
    throw new BispikeError(
      "usage",
      `${folder.path}: ${other.key} differs from the run's; a resumed run may change only ${RESUMED_KEYS}. For other settings or more epochs ${anew(folder.path)}`,
    );
  }
  return config;
}

// Which experiments can be trained in parts: told before a part reads the file as one on images, and finds every key of a sequence's unknown.

/**
 * @param option that asked for parts
 * @throws BispikeError "usage" for an experiment on anything but images with their classes
 */
export function assertFitsParts(option: string, file: string, overrides: readonly string[]): void {
  const config = readAnyExperiment(file, overrides);
  if ("task" in config)
    throw new BispikeError(
      "usage",
      `${option}: expected an experiment on images and their classes by rule bsd, got task ${config.task} (${file}); train it without ${option}, in one process`,
    );
}
