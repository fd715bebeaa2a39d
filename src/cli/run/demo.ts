/** The work of `bispike demo`. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BispikeError } from "../../errors.ts";
import { lockFolder } from "../../node/lock.ts";
import { RUN_FILES, RunFolder } from "../../node/run-folder.ts";
import { readExperiment } from "../../training/config-file.ts";
import { EXIT } from "../report.ts";
import { createReporter } from "./reporter.ts";
import { PICTURES } from "./summary.ts";
import { trainNew } from "./train.ts";

/** Shipped beside `dist/` (and `src/`). */
const EXPERIMENT = fileURLToPath(new URL("../../../experiments/demo.yaml", import.meta.url));

export async function demoRun({ out, threads, json }: { out: string; threads: number; json?: boolean }): Promise<void> {
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
          `${join(out, `${PICTURES.curves}.svg`)}: held-out accuracy, each stage's loss and the firing rates over the steps of training.`,
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
