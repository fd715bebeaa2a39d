/** A run of the small bars, trained in a moment in this process: what the commands that use a trained pair are given. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { Team } from "../../src/engine/team.ts";
import { RunFolder } from "../../src/node/run-folder.ts";
import { resolveConfig } from "../../src/training/config.ts";
import { createExperiment } from "../../src/training/experiment.ts";
import { trainExperiment } from "../../src/training/trainer.ts";
import { smallDigits, writeSmallDigits } from "./small-digits.ts";

export interface TrainedRun {
  /** Working folder of the test file; it holds the two others. */
  readonly cwd: string;
  /** Run folder, relative to `cwd`: config.yaml, metrics.jsonl, last and best checkpoint. */
  readonly run: "run";
  /** The data set's IDX files, where the checkpoint says they are. */
  readonly data: string;
  readonly dataset: Dataset;
}

/** Call at the top of a test file: trains before its tests and removes everything after. The returned function gives the run. */
export function trainedRun(): () => TrainedRun {
  let made: TrainedRun | undefined;
  beforeAll(async () => {
    const cwd = mkdtempSync(join(tmpdir(), "bispike-"));
    const data = writeSmallDigits(join(cwd, "data"));
    const dataset = smallDigits();
    made = { cwd, run: "run", data, dataset };
    const config = resolveConfig({
      data: { path: data },
      network: { hidden: [32, 16] },
      train: { epochs: 25, batch: 18, learningRate: 0.02 },
    });
    const team = await Team.create({ maximumPages: 1024 });
    const folder = RunFolder.create(config, join(cwd, "run"));
    try {
      folder.writeConfig(config);
      const sink = {
        onMetrics: folder.addMetrics.bind(folder),
        onCheckpoint: folder.save.bind(folder),
      };
      await trainExperiment(createExperiment(team, config, dataset), { sink });
    } finally {
      folder.close();
      await team.close();
    }
  });
  afterAll(() => {
    if (made) rmSync(made.cwd, { recursive: true, force: true });
  });
  return () => {
    if (!made) throw new Error("the small run was not trained");
    return made;
  };
}
