/** Whether a run that goes on has the data it began with: a checkpoint knows their statistics, its folder what they held. */
import type { FileRecord } from "../../data/dataset.ts";
import { BispikeError } from "../../errors.ts";
import { RUN_FILES, type RunFolder } from "../../node/run-folder.ts";
import { PLACES } from "../../training/same-training.ts";
import { anew } from "./as-trained.ts";
import type { Job } from "./job.ts";
import type { Reporter } from "./reporter.ts";

/** What a run's environment says of its data. */
export interface RecordedData {
  /** Checksum of what they held; runs of earlier versions have none. */
  readonly content?: unknown;
  readonly data?: unknown;
}

/**
 * @param before as the run began
 * @throws BispikeError "checkpoint" for other data, which the rest of the training would silently be of
 */
export function assertSameContent(folder: RunFolder, before: RecordedData, job: Job, reporter: Reporter): void {
  const files = otherFiles(before.data, job.provenance);
  if (typeof before.content === "string") {
    if (job.content === before.content) return;
    const [place] = Object.entries(job.config.data).filter(([key]) => PLACES.includes(`data.${key}`));
    const remedy = place ? `, or give where they now lie by --data.${place[0]}` : "";
    throw new BispikeError(
      "checkpoint",
      `${folder.path}: expected the data the run began with (content ${short(before.content)}), got others (${[`content ${short(job.content)}`, ...files].join(", ")}); put them back${remedy}; to train on others ${anew(folder.path)}`,
    );
  }
  if (JSON.stringify(before.data) !== JSON.stringify(job.provenance))
    reporter.warning(
      `the data's files are not those the run began with (see data in ${folder.file(RUN_FILES.environment)})`,
    );
}

/** Files whose bytes the run did not begin with, in words. */
function otherFiles(recorded: unknown, now: readonly FileRecord[]): string[] {
  const known = new Set(
    Array.isArray(recorded) ? recorded.map((record: Partial<FileRecord> | null) => record?.sha256) : [],
  );
  return now.filter(({ sha256 }) => !known.has(sha256)).map(({ file }) => `${file} differs`);
}

const short = (sum: string): string => sum.slice(0, 12);
