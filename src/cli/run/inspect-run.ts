/** What an inspection tells of any run and its checkpoints. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BispikeError } from "../../errors.ts";
import { CHECKPOINT_FILES, openAnyCheckpoint } from "../../node/open.ts";
import { RUN_FILES } from "../../node/run-folder.ts";
import type { AnyCheckpoint } from "../../training/checkpoint.ts";
import { renamed } from "../../training/metric-lines.ts";
import type { Place } from "../../training/trainable.ts";
import { counted } from "./words.ts";

/** How far training came, in words. */
export function describePosition({ step, epoch, batch }: Pick<Place, "step" | "epoch" | "batch">): string {
  return `step ${step}, ${counted(epoch, "epoch")} done${batch > 0 ? ` and ${counted(batch, "batch", "batches")} of the next` : ""}`;
}

/** Where the run stood at its last save; null when that was before the first. */
function lastPosition(folder: string): AnyCheckpoint["position"] | null {
  try {
    return openAnyCheckpoint(folder, "last").checkpoint.position;
  } catch (error) {
    // The best checkpoint is whole and was asked about; a damaged last one is reported by whoever resumes.
    if (error instanceof BispikeError) return null;
    throw error;
  }
}

/** `summary.json` as it was read. */
export type StoredSummary = Readonly<Record<string, unknown>>;

/** The results a finished run wrote; null where there are none. */
function readSummary(file: string): StoredSummary | null {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return null;
  try {
    const summary: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof summary === "object" && summary !== null) return renamed(summary) as StoredSummary;
  } catch {
    // Told apart below from a summary that is JSON of another kind, which is no better.
  }
  throw new BispikeError("checkpoint", `${file}: expected a JSON object; remove the file, or restore the run folder`);
}

/** What stands beside a checkpoint where `path` is a run folder: where the run's last save stands, unless that is the checkpoint itself, and the finished run's results. */
export function besideCheckpoint(path: string, file: string) {
  const isRun = statSync(path).isDirectory();
  return {
    last: isRun && !file.endsWith(CHECKPOINT_FILES.last) ? lastPosition(path) : null,
    summary: isRun ? readSummary(join(path, RUN_FILES.summary)) : null,
  };
}

/** A number of parameters for a table; "-" for none. */
export const parameterCount = (parameters: number) => (parameters === 0 ? "-" : parameters.toString());

/** Trained numbers of a layer; running means and variances are measured, not trained. */
export function parametersOf(prefix: string, tensors: AnyCheckpoint["tensors"]): number {
  let sum = 0;
  for (const [name, { data }] of tensors) {
    if (name.startsWith(prefix) && !/\.norm\.(mean|variance)$/.test(name)) sum += data.length;
  }
  return sum;
}
