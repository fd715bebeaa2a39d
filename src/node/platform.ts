/** What Node adds to `train`, `load` and the data constructors: worker threads, data in files, run folders. Importing this file adds it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadDataset } from "../data/load.ts";
import { loadSequence } from "../data/sequence/load.ts";
import { addPlatform, type Platform } from "../training/platform.ts";
import { describeEnvironment } from "./environment.ts";
import { CHECKPOINT_FILES, openAnyCheckpoint } from "./open.ts";
import { RUN_FILES, RunFolder, readMetrics } from "./run-folder.ts";
import { coreCount, spawnThread } from "./threads.ts";

const node: Platform = {
  spawn: spawnThread,
  cores: coreCount,
  loadDataset: (request) => loadDataset(request),
  loadSequence: (request) => loadSequence(request),
  openRun(path) {
    const { file } = openAnyCheckpoint(path);
    const folder = statSync(path).isDirectory();
    const [last, metrics] = [join(path, CHECKPOINT_FILES.last), join(path, RUN_FILES.metrics)];
    return {
      best: readFileSync(file),
      last: folder && existsSync(last) ? readFileSync(last) : undefined,
      lines: folder && existsSync(metrics) ? readMetrics(metrics) : [],
      source: file,
    };
  },
  saveRun(path, { config, best, last, lines, threads }) {
    const folder = RunFolder.create(config, path);
    try {
      folder.writeJson(RUN_FILES.environment, { ...describeEnvironment(threads, []), judge: "test", resumed: [] });
      folder.writeConfig(config);
      for (const line of lines) folder.addMetrics(line as Parameters<RunFolder["addMetrics"]>[0]);
      if (last) folder.save("last", last);
      folder.save("best", best);
    } finally {
      folder.close();
    }
  },
};

addPlatform(node);
