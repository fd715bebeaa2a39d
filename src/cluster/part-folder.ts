/**
 * The folders of a training in parts, within a run's folder:
 *
 *   config.yaml                the resolved configuration
 *   parts/stages-1-3/          what the process with these stages keeps: step-120.safetensors (the newest checkpoints), metrics.jsonl, run.lock
 *
 * Parts on other hosts have folders of their own; copy them together to join them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BispikeError } from "../errors.ts";
import { areWhole, describeStages, parseStages, type StageRange } from "../nets/pair.ts";
import { appendLine, truncateLines, writeDurably } from "../node/durable.ts";
import { systemFailure } from "../node/files.ts";
import { lockFolder } from "../node/lock.ts";
import { assertEmpty, RUN_FILES } from "../node/run-folder.ts";
import { modelConfig } from "../training/checkpoint.ts";
import type { ExperimentConfig } from "../training/config.ts";
import { readExperiment, renderConfig } from "../training/config-file.ts";
import { decodePart, type PartFile } from "./part-file.ts";

export const PARTS_FOLDER = "parts";

/** Checkpoints kept that all parts save at the same steps: parts are never further from each other than one save. */
const KEPT = 2;

export class PartFolder {
  readonly path: string;
  readonly run: string;
  readonly range: StageRange;
  /** Lets another process use the folder. */
  readonly close: () => void;
  readonly #regular: number[] = [];

  private constructor(run: string, range: StageRange) {
    this.run = run;
    this.range = range;
    this.path = partFolder(run, range);
    try {
      mkdirSync(this.path, { recursive: true });
    } catch (error) {
      throw systemFailure(error, "make the folder", this.path);
    }
    this.close = lockFolder(this.path);
  }

  /**
   * The folder of a new part; other parts of the run may be there.
   *
   * @throws BispikeError "usage" when the part was begun before or is in use, or anything but other parts of such a run is there
   */
  static create(run: string, range: StageRange, config: ExperimentConfig): PartFolder {
    // Before the folder is made: whether others were first is seen by it.
    if (existsSync(run)) assertEmpty(run, existsSync(join(run, PARTS_FOLDER)) ? [PARTS_FOLDER, RUN_FILES.config] : []);
    const folder = new PartFolder(run, range);
    try {
      if (folder.saved().length > 0) {
        throw new BispikeError(
          "usage",
          `${folder.path}: already holds a part; go on with it by --resume ${run} --stages ${describeStages(range)}, or choose another folder with --out`,
        );
      }
      folder.#writeConfig(config);
      return folder;
    } catch (error) {
      folder.close();
      throw error;
    }
  }

  /** @throws BispikeError "checkpoint" when the run holds no such part, "usage" while another process trains there */
  static open(run: string, range: StageRange): PartFolder {
    if (!existsSync(partFolder(run, range)))
      throw new BispikeError(
        "checkpoint",
        `${run}: expected ${PARTS_FOLDER}/${nameOf(range)} of an earlier training in parts, found none`,
      );
    return new PartFolder(run, range);
  }

  #writeConfig(config: ExperimentConfig): void {
    const file = join(this.run, RUN_FILES.config);
    // Threads are each process's own.
    const text = renderConfig(modelConfig(config));
    if (!existsSync(file)) writeDurably(file, text);
    else if (readFileSync(file, "utf8") !== text)
      throw new BispikeError(
        "usage",
        `${this.run}: already holds a run of another configuration; choose another folder with --out`,
      );
  }

  /** Steps there are checkpoints of, in order. */
  saved(): number[] {
    return savedSteps(this.path);
  }

  load(step: number): PartFile {
    return readPart(this.path, step);
  }

  /** Keeps a checkpoint, and forgets older ones that no other part can still need. */
  save(step: number, bytes: Uint8Array, regular: boolean): void {
    writeDurably(join(this.path, fileOf(step)), bytes);
    if (!regular) return;
    this.#regular.push(step);
    const oldest = this.#regular.at(-KEPT);
    if (oldest === undefined) return;
    for (const old of this.saved()) if (old < oldest) rmSync(join(this.path, fileOf(old)), { force: true });
  }

  /**
   * Cuts metrics and checkpoints beyond a step: training will write them again.
   *
   * @returns seconds of training up to the last line kept
   */
  cut(step: number): number {
    let seconds = 0;
    truncateLines(join(this.path, RUN_FILES.metrics), (parsed) => {
      const line = parsed as { step?: number; seconds?: number };
      const kept = (line.step ?? Number.NaN) <= step;
      if (kept) seconds = line.seconds ?? seconds;
      return kept;
    });
    for (const later of this.saved()) if (later > step) rmSync(join(this.path, fileOf(later)), { force: true });
    return seconds;
  }

  addMetrics(line: object): void {
    appendLine(join(this.path, RUN_FILES.metrics), line);
  }
}

function nameOf(range: StageRange): string {
  return `stages-${describeStages(range)}`;
}

export function partFolder(run: string, range: StageRange): string {
  return join(run, PARTS_FOLDER, nameOf(range));
}

function fileOf(step: number): string {
  return `step-${step}.safetensors`;
}

/** Makes the folders that parts have not yet, so that the cut is known of a run that is stopped before all have begun. */
export function makePartFolders(run: string, ranges: readonly StageRange[]): void {
  for (const path of ranges.map((range) => partFolder(run, range))) {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw systemFailure(error, "make the folder", path);
    }
  }
}

/** The latest step that all of these parts' folders have a checkpoint of, if any. */
export function commonStep(paths: readonly string[]): number | undefined {
  const saved = paths.map(savedSteps);
  return saved[0]?.findLast((step) => saved.every((steps) => steps.includes(step)));
}

/**
 * How to go on with a run in parts, as a command; undefined where the folder holds no parts.
 *
 * @example
 * resumeCommand("runs/cut"); // "bispike train --resume runs/cut --processes 2"
 */
export function resumeCommand(run: string): string | undefined {
  const ranges = partsOf(run);
  if (ranges.length === 0) return undefined;
  const whole = areWhole(ranges, partsConfig(run).network.hidden.length + 2);
  const options = whole ? `--processes ${ranges.length}` : `--stages ${ranges.map(describeStages).join(" or ")}`;
  return `bispike train --resume ${run} ${options}${whole ? "" : " and its addresses, beside the others' processes"}`;
}

/** Steps of the checkpoints in a part's folder, in order. */
export function savedSteps(path: string): number[] {
  const steps = readdirSync(path).flatMap((name) => {
    const found = /^step-(\d{1,10})\.safetensors$/.exec(name);
    return found ? [Number(found[1])] : [];
  });
  return steps.toSorted((a, b) => a - b);
}

/** @throws BispikeError "checkpoint" when it is not a whole part */
export function readPart(path: string, step: number): PartFile {
  const file = join(path, fileOf(step));
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw systemFailure(error, "read", file);
  }
  const part = decodePart(bytes, file);
  if (part.position.step !== step)
    throw new BispikeError("checkpoint", `${file}: expected step ${step} by its name, got step ${part.position.step}`);
  return part;
}

/** The parts in a run's folder, from the stimulus up. */
export function partsOf(run: string): StageRange[] {
  const folder = join(run, PARTS_FOLDER);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^stages-\d+(-\d+)?$/.test(name))
    .map((name) => parseStages(name.slice("stages-".length)))
    .toSorted((a, b) => a.first - b.first);
}

/** The configuration of a run in parts, with changes (`--train.threads=2`) applied. */
export function partsConfig(run: string, overrides: readonly string[] = []): ExperimentConfig {
  return readExperiment(join(run, RUN_FILES.config), overrides);
}
