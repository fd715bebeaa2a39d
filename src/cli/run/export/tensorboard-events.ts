/** The work of `bispike export --format tensorboard`. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { BispikeError } from "../../../errors.ts";
import { scalarsOf } from "../../../export/scalars.ts";
import { encodeEvents } from "../../../export/tensorboard.ts";
import { readJsonObject } from "../../../node/json-file.ts";
import { readMetrics } from "../../../node/metrics-file.ts";
import { RUN_FILES } from "../../../node/run-folder.ts";
import type { Exported, ExportRequest } from "./format.ts";

export async function exportEvents({ run }: ExportRequest): Promise<Exported> {
  if (!statSync(run, { throwIfNoEntry: false })?.isDirectory())
    throw new BispikeError(
      "usage",
      `${run}: expected a run's folder, whose ${RUN_FILES.metrics} holds what is exported`,
    );
  const lines = readMetrics(join(run, RUN_FILES.metrics));
  const started = Date.parse(String(readJsonObject(join(run, RUN_FILES.environment))?.started)) / 1000;
  const start = Number.isFinite(started) ? started : 0;
  const events = lines.map((line) => scalarsOf(line, start));
  const tags = [...new Set(events.flatMap(({ scalars }) => scalars.map(([tag]) => tag)))];
  return {
    bytes: encodeEvents(events, start),
    lines: [
      `${events.length} moments of ${tags.length} scalars: ${tags.join(", ")}`,
      "show them with: tensorboard --logdir FOLDER",
    ],
    facts: { events: events.length, tags },
    warnings: Number.isFinite(started)
      ? []
      : [`${run}: ${RUN_FILES.environment} does not say when the run began; wall times count from 1970`],
  };
}
