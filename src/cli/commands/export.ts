/** `bispike export`: the formats, their options, and the file that is written; `export-formats.ts` and `export-card.ts` make its bytes. */

import { statSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { BispikeError } from "../../errors.ts";
import { writeDurably } from "../../node/durable.ts";
import { NETWORKS, number, PARTS, withThreads } from "../arguments.ts";
import { type DataOptions, requireNotTrainedOn } from "../data.ts";
import { requireFolder, requireNotRead } from "../output-file.ts";
import { note, print, runAction } from "../process.ts";
import type { ExportFormat, FormatOptions } from "./export-formats.ts";

// Options that more than one format takes: the same object in each, so that the command has them once.

/** `--network`, attribute `network`; perception where absent. */
export const networkOption = new Option(
  "--network <network>",
  "which of the pair's networks (default: perception)",
).choices(NETWORKS);

/** Reads `7` or `0..9`, both ends included. */
function indexRange(text: string): readonly number[] {
  const [, first, last = first] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === undefined || count < 1 || count > MOST_IMAGES)
    throw new InvalidArgumentError(
      `Expected an image number, or the first and last of at most ${MOST_IMAGES} such as 0..9.`,
    );
  return Array.from({ length: count }, (_, k) => Number(first) + k);
}

const MOST_IMAGES = 1_000_000;

/** `--index`, attribute `index`: numbers of images. */
export const indexOption = new Option(
  "--index <range>",
  "images of the part, from 0: one, or the first and last, such as 0..9",
).argParser(indexRange);

/** `--part`, attribute `part`; test where absent. */
export const partOption = new Option("--part <part>", "part of the data set (default: test)").choices(PARTS);

/** `--data.name` and `--data.path`, attributes of those names. */
export const dataOptions: readonly Option[] = [
  new Option(
    "--data.name <name>",
    "data set, in place of the one trained on: mnist, fashion-mnist, cifar10, cifar100, svhn",
  ),
  new Option("--data.path <dir>", "folder of the data set's files, in place of the one trained from"),
];

/** `--dt`, attribute `dt`; 1e-4 where absent. */
export const dtOption = new Option("--dt <seconds>", "seconds a time step (default: 1e-4)").argParser(
  number(1e-12, 1e12),
);

// The formats of `bispike export`.

/** All steps in one run of the graph, or one step a run with the membranes going in and out. */
const MODES = ["unrolled", "step"] as const;

const onnxFormat: ExportFormat = {
  name: "onnx",
  describe: "a network as an ONNX graph of standard operators, norm folded into the weights",
  options: [
    networkOption,
    new Option(
      "--mode <mode>",
      "onnx: all time steps in one run, or one a run, membranes in and out (default: unrolled)",
    ).choices(MODES),
    new Option(
      "--concept <start>",
      "onnx: what recall starts from, the index of a class or the concept's spikes (default: class)",
    ).choices(["class", "code"]),
    new Option("--spikes", "onnx: also give every stage's spikes"),
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format onnx",
    "runs/mnist-cnn-seed1 --format onnx --network recall --mode step --out recall-step.onnx",
  ],
  file: ({ network = "perception" }) => `${network}.onnx`,
  write: async (request) => {
    const { exportOnnx } = await import("./export-formats.ts");
    return exportOnnx(request);
  },
};

const nirFormat: ExportFormat = {
  name: "nir",
  describe:
    "a fully connected network as a graph that Norse, snnTorch, Lava and others read, norm folded into the weights",
  options: [
    networkOption,
    dtOption,
    new Option(
      "--comparison <sign>",
      "nir: neurons fire at v >= v_threshold (default), or write thresholds for v >",
    ).choices([">=", ">"]),
    new Option("--readout <kind>", "nir, perception: the concept's spikes (default), membrane, or drive").choices([
      "spikes",
      "membrane",
      "drive",
    ]),
    new Option("--until <end>", "nir, autoencoders: the reconstructed image (default), or the latent's spikes").choices(
      ["image", "latent"],
    ),
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format nir",
    "runs/mnist-mlp-seed1 --format nir --network recall --dt 1e-3 --comparison '>'",
  ],
  file: ({ network = "perception" }) => `${network}.nir`,
  write: async (request) => {
    const { exportNir } = await import("./export-formats.ts");
    return exportNir(request);
  },
};

const spikesFormat: ExportFormat = {
  name: "spikes",
  describe: "the spikes of every stage of both networks for some images, in NIR's event format (HDF5)",
  options: [indexOption, partOption, ...dataOptions, dtOption],
  examples: ["runs/mnist-mlp-seed1 --format spikes --index 0..9 --out spikes.h5"],
  file: () => "spikes.h5",
  write: async (request) => {
    const { exportSpikes } = await import("./export-formats.ts");
    return exportSpikes(request);
  },
};

const safetensorsFormat: ExportFormat = {
  name: "safetensors",
  describe: "the weights alone, in PyTorch's layout; bispike train --init starts from such a file",
  options: [],
  examples: ["runs/mnist-mlp-seed1 --format safetensors --out model.safetensors"],
  file: () => "weights.safetensors",
  write: async (request) => {
    const { exportWeights } = await import("./export-formats.ts");
    return exportWeights(request);
  },
};

const npzFormat: ExportFormat = {
  name: "npz",
  describe: "weights, or firing rates of every stage for images with their labels, for NumPy",
  options: [
    new Option(
      "--contents <what>",
      "npz: weights (default), or rates: perception's firing rates, labels and decisions",
    ).choices(["weights", "rates"]),
    indexOption,
    partOption,
    ...dataOptions,
  ],
  examples: [
    "runs/mnist-mlp-seed1 --format npz",
    "runs/mnist-mlp-seed1 --format npz --contents rates --part heldout --out rates.npz",
  ],
  file: ({ contents = "weights" }) => `${contents}.npz`,
  write: async (request) => {
    const { exportNpz } = await import("./export-formats.ts");
    return exportNpz(request);
  },
};

const cardFormat: ExportFormat = {
  name: "card",
  describe: "a model card for Hugging Face: README.md of a finished run, from what its files say",
  options: [new Option("--license <id>", "card: licence of the weights, such as mit (default: none is stated)")],
  examples: ["runs/mnist-mlp-seed1 --format card --license mit --out runs/mnist-mlp-seed1/README.md"],
  file: () => "README.md",
  write: async (request) => {
    const { exportCard } = await import("./export-card.ts");
    return exportCard(request);
  },
};

const tensorboardFormat: ExportFormat = {
  name: "tensorboard",
  describe: "the metrics of a finished or running run as an event file of scalars",
  options: [],
  examples: ["runs/mnist-mlp-seed1 --format tensorboard --out board/events.out.tfevents.mnist --force"],
  file: () => "events.out.tfevents.bispike",
  write: async (request) => {
    const { exportEvents } = await import("./export-formats.ts");
    return exportEvents(request);
  },
};

export const FORMATS: readonly ExportFormat[] = [
  onnxFormat,
  nirFormat,
  spikesFormat,
  safetensorsFormat,
  npzFormat,
  tensorboardFormat,
  cardFormat,
];

export interface ExportOptions {
  readonly format: string;
  readonly out?: string;
  readonly force?: true;
  readonly threads: number;
  readonly json?: true;
}

export function exportCommand(): Command {
  const names = FORMATS.map(({ name }) => name);
  const command = new Command("export")
    .description(
      `Writes what a run has trained in a format that other tools read, and prints what the file holds. Formats: ${FORMATS.map(({ name, describe }) => `${name} (${describe})`).join("; ")}. ` +
        "An option that the format does not take is an error.",
    )
    .argument("<run>", "a run folder (its best checkpoint, else its last) or a checkpoint file")
    .addOption(new Option("--format <format>", "what to write").choices(names).makeOptionMandatory())
    .option("--out <file>", "file to write (default: named after what is in it, in this folder)")
    .option("--force", "replace the file if there is one");
  for (const option of new Set(FORMATS.flatMap(({ options }) => options))) command.addOption(option);
  withThreads(command)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
${FORMATS.flatMap(({ examples }) => examples.map((example) => `  $ bispike export ${example}`)).join("\n")}`,
    )
    .action(
      runAction(async (run: string, options: ExportOptions, self: Command) => {
        const given = self.options
          .filter((option) => self.getOptionValueSource(option.attributeName()) === "cli")
          .map((option) => [option.attributeName(), option.long ?? option.flags] as const);
        await runExport(run, options, new Map(given));
      }),
    );
  return command;
}

/**
 * Runs the command.
 *
 * @param given attribute and flag of each option on the command line
 */
export async function runExport(
  run: string,
  options: ExportOptions,
  given: ReadonlyMap<string, string>,
): Promise<void> {
  const format = FORMATS.find(({ name }) => name === options.format)!;
  const own = ownOptions(format, options, given);
  const file = options.out ?? format.file(own);
  requireFolder("--out", file);
  requireNotRead("--out", file, run);
  if (statSync(file, { throwIfNoEntry: false })?.isFile()) {
    if (!options.force)
      throw new BispikeError(
        "usage",
        `--out ${file}: there is such a file already; name another, or replace it with --force`,
      );
    await requireNotTrainedOn(file, run, own as DataOptions);
  }
  const { bytes, lines, facts, warnings = [] } = await format.write({ run, options: own, threads: options.threads });
  writeDurably(file, bytes);
  for (const warning of warnings) note("warning", warning);
  if (options.json) {
    print(JSON.stringify({ file, format: format.name, bytes: bytes.length, ...facts, warnings }));
    return;
  }
  print([`${file}: ${bytes.length.toLocaleString("en")} bytes`, ...lines].join("\n"));
}

/** Options that belong to the command itself. */
const COMMON: ReadonlySet<string> = new Set(["format", "out", "force", "threads", "json", "plugin"]);

/** Values of the format's options that were given. @throws BispikeError "usage" for one of another format */
function ownOptions(format: ExportFormat, options: ExportOptions, given: ReadonlyMap<string, string>): FormatOptions {
  const own = new Map(format.options.map((option) => [option.attributeName(), option]));
  const values: Record<string, unknown> = {};
  for (const [attribute, flag] of given) {
    if (COMMON.has(attribute)) continue;
    if (!own.has(attribute)) {
      const takes = format.options.map(({ long }) => long).join(", ");
      throw new BispikeError(
        "usage",
        `${flag}: --format ${format.name} does not take it; its own options are ${takes || "none"}`,
      );
    }
    values[attribute] = (options as unknown as FormatOptions)[attribute];
  }
  return values;
}
