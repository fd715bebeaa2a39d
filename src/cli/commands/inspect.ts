/** `bispike inspect`. */

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { type Dataset, describeShape, type FileRecord, type Split } from "../../data/dataset.ts";
import { readBytes } from "../../data/files.ts";
import { loadDataset } from "../../data/load.ts";
import { type ChannelStatistics, channelStatistics } from "../../data/normalise.ts";
import type { DataOptionNames } from "../../data/source.ts";
import { BispikeError } from "../../errors.ts";
import { decodeSafetensors, type SafetensorsFile } from "../../formats/safetensors.ts";
import { CHECKPOINT_FILES, openAnyCheckpoint } from "../../node/open.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import { isCheckpointKind } from "../../training/read-checkpoint.ts";
import { print, runAction } from "../process.ts";

import { alignTable, classLabel } from "../report/tables.ts";
import { type Findings, inspectCheckpoint, inspectTensors } from "./inspect-checkpoint.ts";

export interface InspectOptions {
  readonly json?: true;
  readonly "data.name"?: string;
  readonly "data.path"?: string;
}

export function inspectCommand(): Command {
  return new Command("inspect")
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
    .action(runAction(runInspect));
}

/** Runs the command. */
export async function runInspect(path: string | undefined, options: InspectOptions): Promise<void> {
  const { json, text } = await inspect(path, options);
  print(options.json ? JSON.stringify(json) : text);
}

async function inspect(path: string | undefined, options: InspectOptions): Promise<Findings> {
  const name = options["data.name"];
  const folder = path ?? options["data.path"];
  const said = { name: "--data.name", path: path === undefined ? "--data.path" : "the path" };
  if (name !== undefined) return inspectDataset(await loadDataset({ name, path: folder }, said));
  if (folder === undefined) {
    throw new BispikeError(
      "usage",
      "expected a checkpoint, a run folder or a data set's folder, or --data.name NAME; got nothing to inspect",
    );
  }
  const kind = statSync(folder, { throwIfNoEntry: false });
  if (!kind)
    throw new BispikeError(
      "data",
      `${folder}: no such file or folder; expected a checkpoint, a run folder or a data set's folder`,
    );
  if (!kind.isDirectory()) return inspectFile(folder, said.path);
  const checkpoints = Object.values(CHECKPOINT_FILES).filter((file) => existsSync(join(folder, file)));
  if (checkpoints.length > 0) return inspectOpened(folder);
  if (existsSync(join(folder, RUN_FILES.config)))
    throw new BispikeError(
      "checkpoint",
      `${folder}: holds a run that has saved no checkpoint (${Object.values(CHECKPOINT_FILES).join(" or ")}): its training failed or was stopped before a first save, or is in parts that bispike join is yet to join`,
    );
  return inspectDataset(await datasetIn(folder, said));
}

/** A checkpoint of any kind. */
function inspectOpened(path: string): Findings {
  return inspectCheckpoint(path, openAnyCheckpoint(path));
}

/** A folder without checkpoints is a data set or a mistake; the message allows for both. */
async function datasetIn(folder: string, said: DataOptionNames) {
  try {
    return await loadDataset({ path: folder }, said);
  } catch (error) {
    if (!(error instanceof BispikeError)) throw error;
    throw new BispikeError(
      error.code,
      `${folder}: holds no checkpoint (${Object.values(CHECKPOINT_FILES).join(", ")}), and as a data set: ${error.message}`,
      { cause: error },
    );
  }
}

async function inspectFile(file: string, option: string): Promise<Findings> {
  const bytes = await readBytes(file, undefined, option);
  let contents: SafetensorsFile;
  try {
    contents = decodeSafetensors(bytes);
  } catch (error) {
    if (!(error instanceof BispikeError)) throw error;
    const hint = "inspect reads safetensors files; for a data set or a run, give its folder";
    throw new BispikeError("checkpoint", `${file}: ${error.message}; ${hint}`, { cause: error });
  }
  return isCheckpointKind(contents.metadata.get("kind")) ? inspectOpened(file) : inspectTensors(file, contents);
}

/** Everything there is to say of a loaded data set. */
function inspectDataset(dataset: Dataset): Findings {
  const { name, shape, classNames, provenance } = dataset;
  const parts = { train: describePart(dataset.train, dataset), test: describePart(dataset.test, dataset) };
  const counts = classNames.map((_, c) => [
    classLabel(c, classNames),
    parts.train.perClass[c]!.toString(),
    parts.test.perClass[c]!.toString(),
  ]);
  const moments = Object.entries(parts).map(([part, { images, statistics }]) => [
    part,
    images.toString(),
    list(statistics.mean),
    list(statistics.std),
  ]);
  const files = provenance.map(({ file, bytes, sha256, verified }) => [
    file,
    bytes.toString(),
    describeVerified(verified),
    sha256,
  ]);
  return {
    json: { kind: "data set", name, shape, classNames, parts, provenance },
    text: [
      `${name}: images of ${describeShape(shape)} (height x width x channels) in ${classNames.length} classes`,
      alignTable([["part", "images", "mean", "std"], ...moments], "lrll"),
      alignTable([["class", "train", "test"], ...counts], "lrr"),
      alignTable([["file", "bytes", "content", "SHA-256"], ...files], "lrll"),
    ].join("\n\n"),
  };
}

interface PartSummary {
  readonly images: number;
  readonly perClass: readonly number[];
  /** In units of pixel / 255. */
  readonly statistics: ChannelStatistics;
}

function describePart(split: Split, { shape, classes }: Dataset): PartSummary {
  const perClass = new Array<number>(classes).fill(0);
  for (const label of split.labels) perClass[label]!++;
  const all = Int32Array.from({ length: split.count }, (_, i) => i);
  return { images: split.count, perClass, statistics: channelStatistics(split, all, shape) };
}

const list = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(", ");

function describeVerified(verified: FileRecord["verified"]): string {
  if (verified === "unknown") return "nothing to compare";
  return verified ? "as published" : "DIFFERS from the published";
}
