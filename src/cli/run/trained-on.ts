/** Keeps the data a run was trained on, and those a command was given, from being written over by commands that need not read them. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { loadDataset } from "../../data/load.ts";
import { BispikeError } from "../../errors.ts";
import { openAnyCheckpoint } from "../../node/open.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import { type AnyConfig, isSequenceConfig } from "../../training/any-config.ts";
import { readAnyExperiment } from "../../training/config-file.ts";
import { type DataOptions, filesIn } from "./data.ts";
import { liesIn, requireNotRead } from "./output-file.ts";
import { sequenceFiles } from "./sequence-data.ts";

/**
 * @param file of --out
 * @throws BispikeError "usage" where it is one of the data
 */
export async function requireNotTrainedOn(file: string, run: string, options: DataOptions = {}): Promise<void> {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return;
  const config = configOf(run);
  if (!config) return;
  if (isSequenceConfig(config)) return requireNotRead("--out", file, run, sequenceFiles({ config }));
  const { name, path } = config.data;
  const { "data.name": otherName = name, "data.path": otherPath } = options;
  await requireNotImages(file, run, name, path);
  await requireNotImages(file, run, otherName, otherPath);
}

/** Which of a folder's files are images is known when they are read, so that is done where the file lies among them. */
async function requireNotImages(
  file: string,
  run: string,
  name: string | undefined,
  path: string | undefined,
): Promise<void> {
  if (path === undefined || !liesIn(file, path)) return;
  const dataset = await loadDataset({ name, path }).catch((error: unknown) => {
    if (error instanceof BispikeError) return undefined;
    throw error;
  });
  // Of a set that cannot be read, any file may be one that is to be mended.
  requireNotRead("--out", file, run, dataset ? filesIn(path, dataset) : [path]);
}

/** Nothing of what is no run, of which the format says more; nothing is written then. */
function configOf(run: string): AnyConfig | undefined {
  for (const read of [
    () => openAnyCheckpoint(run).checkpoint.config,
    () => readAnyExperiment(join(run, RUN_FILES.config)),
  ]) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BispikeError)) throw error;
    }
  }
  return undefined;
}
