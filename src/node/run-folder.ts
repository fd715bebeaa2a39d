/**
 * The folder of one training run, enough to go on from bit for bit:
 *
 *   config.yaml        the resolved configuration        metrics.jsonl      a line a metric
 *   environment.json   machine, versions, data, command  last.safetensors   to go on from
 *   summary.json       results, written at the end       best.safetensors   best on the validation images
 *   observations.jsonl a line an observed step, where any are
 *
 * and the pictures of `figures.ts`. One process at a time writes there (`run.lock`).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { BispikeError } from "../errors.ts";
import { type AnyConfig, resolveAnyConfig } from "../training/any-config.ts";
import type { AnyCheckpoint } from "../training/checkpoint.ts";
import { readRawExperiment, renderConfig } from "../training/config-file.ts";
import { type AnyMetricLine, parseMetricLine } from "../training/metrics.ts";
import type { Observation } from "../training/observer.ts";
import { decodeAnyCheckpoint } from "../training/read-checkpoint.ts";
import { fromVersion1 } from "../training/settings/settings.ts";
import type { Place } from "../training/trainable.ts";
import { appendLine, isTemporary, syncFile, truncateLines, writeDurably } from "./durable.ts";
import { readJsonObject, systemFailure, wholeLines } from "./files.ts";
import { LOCK_FILE, lockFolder } from "./lock.ts";
import { CHECKPOINT_FILES, openAnyCheckpoint } from "./open.ts";

/** Names of a run folder's other files. */
export const RUN_FILES = {
  config: "config.yaml",
  environment: "environment.json",
  metrics: "metrics.jsonl",
  observations: "observations.jsonl",
  summary: "summary.json",
} as const;

/** Where runs go unless told otherwise. */
export const RUNS_FOLDER = "runs";

/** The folder of a run, locked while it is open. */
export class RunFolder {
  readonly path: string;
  /** Lets another process use the folder. */
  readonly close: () => void;

  private constructor(path: string, release: () => void) {
    this.path = path;
    this.close = release;
  }

  /**
   * Makes and locks a new run's folder: `out`, which must be new or empty, or else `runs/<name>-seed<seed>`, with -2, -3, ... when taken.
   *
   * @throws BispikeError "usage" when `out` holds anything or is in use, "platform" when it cannot be written
   * @example
   * const folder = RunFolder.create(config, "runs/first");
   */
  static create(config: AnyConfig, out?: string): RunFolder {
    if (out !== undefined) {
      if (!makeFolder(out)) assertEmpty(out);
      return RunFolder.#lock(out, (path) => assertEmpty(path));
    }
    for (let count = 1; ; count++) {
      const path = numbered(config, count);
      if (makeFolder(path)) return RunFolder.#lock(path, (made) => assertEmpty(made));
    }
  }

  /**
   * Locks the folder of an earlier run.
   *
   * @throws BispikeError "checkpoint" when it is not one, "usage" while another process trains there
   */
  static open(path: string): RunFolder {
    const kind = statSync(path, { throwIfNoEntry: false });
    if (!kind?.isDirectory() || !existsSync(join(path, RUN_FILES.config))) {
      const what = !kind
        ? "there is no such folder"
        : kind.isDirectory()
          ? `it holds no ${RUN_FILES.config}`
          : "it is a file";
      throw new BispikeError("checkpoint", `${path}: expected the folder of an earlier run, but ${what}`);
    }
    return RunFolder.#lock(path, () => {});
  }

  /** The latest of the folders `create` made for such a configuration, if any. */
  static latest(config: AnyConfig): string | undefined {
    let found: string | undefined;
    for (let count = 1; existsSync(numbered(config, count)); count++) found = numbered(config, count);
    return found;
  }

  /** The folder `create` would make for such a configuration where none is named. */
  static unused(config: AnyConfig): string {
    let count = 1;
    while (existsSync(numbered(config, count))) count++;
    return numbered(config, count);
  }

  static #lock(path: string, check: (path: string) => void): RunFolder {
    const release = lockFolder(path);
    try {
      check(path);
      return new RunFolder(path, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** The path of one of the run's files. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The run's configuration with changes (`--train.threads=2`) applied. */
  config(overrides: readonly string[] = []): AnyConfig {
    const path = this.file(RUN_FILES.config);
    return resolveAnyConfig(fromVersion1(readRawExperiment(path)), overrides, path);
  }

  /** Writes the resolved configuration. */
  writeConfig(config: AnyConfig): void {
    writeDurably(this.file(RUN_FILES.config), renderConfig(config));
  }

  /** Writes one of the run's JSON files, indented. */
  writeJson(name: string, value: object): void {
    writeDurably(this.file(name), `${JSON.stringify(value, null, 2)}\n`);
  }

  /**
   * One of the run's JSON files; undefined when it was not written yet.
   *
   * @throws BispikeError "checkpoint" when it is not a JSON object
   */
  readJson(name: string): Readonly<Record<string, unknown>> | undefined {
    return readJsonObject(this.file(name));
  }

  /** Adds a line to the metrics. */
  addMetrics(line: AnyMetricLine): void {
    appendLine(this.file(RUN_FILES.metrics), line);
  }

  /** Adds a line to the observations. */
  addObservation(line: Observation): void {
    appendLine(this.file(RUN_FILES.observations), line);
  }

  /** Saves a checkpoint; metrics and observations up to it reach the disk first, so that a checkpoint never stands beyond them. */
  save(which: keyof typeof CHECKPOINT_FILES, bytes: Uint8Array): void {
    for (const file of [RUN_FILES.metrics, RUN_FILES.observations].map((name) => this.file(name)))
      if (existsSync(file)) syncFile(file);
    writeDurably(this.file(CHECKPOINT_FILES[which]), bytes);
  }

  /** Where training stood; undefined when it was stopped before its first save. */
  last(): AnyCheckpoint | undefined {
    return existsSync(this.file(CHECKPOINT_FILES.last)) ? openAnyCheckpoint(this.path, "last").checkpoint : undefined;
  }

  /** The best checkpoint on the validation images; undefined where none was kept. */
  best(): AnyCheckpoint | undefined {
    const file = this.file(CHECKPOINT_FILES.best);
    return existsSync(file) ? decodeAnyCheckpoint(readFileSync(file), file) : undefined;
  }

  /**
   * Cuts the metrics and observations that lie beyond a checkpoint: training will write them again.
   *
   * @returns seconds of training up to the last line kept
   */
  cutMetrics(position: Pick<Place, "step" | "epoch"> | undefined): number {
    let seconds = 0;
    truncateLines(this.file(RUN_FILES.observations), (parsed) => {
      const line = parsed as Partial<Observation> | null;
      return (line?.step ?? Number.NaN) <= (position?.step ?? 0);
    });
    truncateLines(this.file(RUN_FILES.metrics), (parsed) => {
      const line = parsed as Partial<AnyMetricLine> | null;
      if (position === undefined || typeof line !== "object" || line === null) return false;
      // The epoch's line follows the step's of the same number, and may be missing when a kill came between.
      const kept =
        line.kind === "epoch"
          ? (line.epoch ?? Number.NaN) <= position.epoch
          : (line.step ?? Number.NaN) <= position.step;
      if (kept && Number.isFinite(line.seconds)) seconds = line.seconds ?? 0;
      return kept;
    });
    return seconds;
  }
}

function numbered({ name, train }: AnyConfig, count: number): string {
  return join(RUNS_FOLDER, `${name}-seed${train.seed}${count === 1 ? "" : `-${count}`}`);
}

/** False when it is there already. */
function makeFolder(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path);
    return true;
  } catch (error) {
    if (isFolder(path)) return false;
    throw systemFailure(error, "make the folder", path);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * @param path a folder that is there
 * @param allowed names that may be there, beside locks and files half written
 * @throws BispikeError "usage" when anything else is
 */
export function assertEmpty(path: string, allowed: readonly string[] = []): void {
  let all: string[];
  try {
    all = readdirSync(path).filter((name) => !name.startsWith(LOCK_FILE) && !isTemporary(name));
  } catch (error) {
    throw systemFailure(error, "read", path);
  }
  const names = all.filter((name) => !allowed.includes(name));
  if (names.length === 0) return;
  const run = all.includes(RUN_FILES.config);
  // Stopped before its first save, or diverged: to resume it is to begin it again.
  const { summary, ...others } = RUN_FILES;
  const unsaved = run && all.every((name) => (Object.values(others) as readonly string[]).includes(name));
  throw new BispikeError(
    "usage",
    unsaved
      ? `${path}: holds a run that has saved no checkpoint; remove it, or choose another folder with --out (--resume would begin it again, as it was configured)`
      : run
        ? `${path}: already holds a run; go on with it by "bispike train --resume ${path}", or choose another folder with --out`
        : `${path}: expected a new or empty folder for the run, found ${names.length} files (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", ..." : ""}); choose another with --out`,
  );
}

// Reads a run's `metrics.jsonl`.

export type { AnyMetricLine } from "../training/metrics.ts";

/**
 * All whole lines, in order; a last line without its newline is still being written and left out.
 *
 * @throws BispikeError "checkpoint" when a line is not a step's or an epoch's metrics, "platform" when the file cannot be read
 * @example
 * const lines = readMetrics("runs/mnist-mlp-seed1/metrics.jsonl");
 */
export function readMetrics(file: string): AnyMetricLine[] {
  return wholeLines(file, "metrics").map((text, index) => parseMetricLine(text, `${file}: line ${index + 1}`));
}

// Reads a run's `observations.jsonl`.

const count = z.number().int().min(0);
const spikes = z.object({
  rate: z.number(),
  dead: z.number(),
  saturated: z.number(),
  effectiveRank: z.number(),
  centredRank: z.number(),
});
const observation = z.object({
  step: count,
  epoch: count,
  images: count,
  gradients: z.array(z.object({ stage: count, cosine: z.number().nullable(), degrees: z.number().nullable() })),
  weights: z.array(z.object({ between: z.tuple([count, count]), cosine: z.number().nullable(), chance: z.number() })),
  stages: z.array(
    z.object({
      stage: count,
      hamming: z.number().nullable(),
      hammingShuffled: z.number().nullable(),
      perception: spikes,
      recall: spikes.nullable(),
    }),
  ),
}) satisfies z.ZodType<Observation>;

/**
 * All whole lines, in order; a last line without its newline is still being written and left out.
 *
 * @throws BispikeError "checkpoint" when a line is not an observation, "platform" when the file cannot be read
 * @example
 * const observations = readObservations("runs/mnist-mlp-seed1/observations.jsonl");
 */
export function readObservations(file: string): Observation[] {
  return wholeLines(file, "observations").map((text, index) => {
    const parsed = observation.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    const { path = [], message = "" } = parsed.error.issues[0] ?? {};
    const where = path.length === 0 ? "" : ` (${path.join(".")}: ${message})`;
    throw new BispikeError("checkpoint", `${file}: line ${index + 1}: expected an observation as JSON${where}`);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Reported with lines that are JSON and something else.
  }
}
