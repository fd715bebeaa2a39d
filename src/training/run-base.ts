/** What runs of all problems have in common: checkpoints, history, files, memory. */
import { exponential } from "../engine/elementary.ts";
import type { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { ProblemName } from "../problems/problem.ts";
import type { AnyCheckpoint } from "./checkpoint.ts";
import type { TrainingData } from "./data-sources.ts";
import { filesFor } from "./platform.ts";

/** What became of an epoch. */
export interface EpochOf<Validation, Train> {
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps done. */
  readonly step: number;
  /** Of the images or windows kept aside; null where none are. */
  readonly validation: Validation;
  /** While training. */
  readonly train: Train;
  /** Firing rates of perception's hidden stages, spikes a neuron and step; empty for nets that do not spike. */
  readonly rates: readonly number[];
  /** What looks wrong, such as stages whose neurons are silent. */
  readonly warnings: readonly string[];
  /** Seconds of training so far. */
  readonly seconds: number;
}

/** A line of `metrics.jsonl` as programs read it: `validationAccuracy` is `validation.accuracy`. */
export function epochOf<E>(line: object): E {
  const { epoch, step, seconds, warnings = [], rates, perceptionRates, ...figures } = line as Record<string, unknown>;
  const sides: Record<string, Record<string, unknown>> = { validation: {}, train: {} };
  for (const [key, value] of Object.entries(figures)) {
    const [, side = "", name = ""] = /^(validation|heldOut|train)([A-Z].*)$/.exec(key) ?? [];
    if (name === "") continue;
    const own = name[0]!.toLowerCase() + name.slice(1);
    sides[side === "train" ? "train" : "validation"]![own] = value;
  }
  return { epoch, step, ...sides, rates: rates ?? perceptionRates ?? [], warnings, seconds } as E;
}

/** What a run is made from. */
export interface RunParts<C extends AnyCheckpoint> {
  readonly team: Team;
  /** Of the weights it predicts with. */
  readonly checkpoint: C;
  readonly best: Uint8Array;
  /** To go on from. */
  readonly last: Uint8Array | undefined;
  /** Lines of metrics. */
  readonly lines: readonly object[];
  /** For messages. */
  readonly source: string;
  /** What it was trained on, where that is at hand. */
  readonly data?: TrainingData | undefined;
  readonly finished: boolean;
}

/** A trained net, whatever its problem. */
export abstract class RunBase<C extends AnyCheckpoint, Epoch> {
  /** What the net learned: `classify`, `sequence` or `autoencode`. */
  abstract readonly problem: ProblemName;
  /** Whether training reached its end; false where it was aborted, or for a loaded run that was. */
  readonly finished: boolean;
  protected readonly parts: RunParts<C>;
  #closed = false;

  constructor(parts: RunParts<C>) {
    this.parts = parts;
    this.finished = parts.finished;
  }

  /** The configuration it was trained by, with all defaults. */
  get config(): C["config"] {
    return this.parts.checkpoint.config;
  }

  /** What became of each epoch; empty for a run that was loaded from bytes. */
  get history(): readonly Epoch[] {
    return this.parts.lines.flatMap((line) =>
      (line as { kind?: unknown }).kind === "epoch" ? [epochOf<Epoch>(line)] : [],
    );
  }

  /**
   * The run as bytes that `load` takes anywhere: a checkpoint (safetensors).
   *
   * @param which "best": the weights it predicts with, the best on the validation part. "last": with all that `train({ resume })` needs to go on. Default best
   * @throws BispikeError "usage" for the last of a run that was loaded without one
   */
  bytes(which: "best" | "last" = "best"): Uint8Array {
    const { best, last, source } = this.parts;
    const bytes = which === "best" ? best : last;
    if (!bytes)
      throw new BispikeError("usage", `${source}: holds no checkpoint to go on from; it was saved to be used`);
    return new Uint8Array(bytes);
  }

  /**
   * Writes a run folder, which `load`, `bispike eval` and the other commands take. In Node.
   *
   * @param folder new or empty; it is made
   * @throws BispikeError "usage" for a folder that holds anything, "platform" where there are no files (use `bytes()`)
   */
  async save(folder: string): Promise<void> {
    const { best, last, lines, team } = this.parts;
    const files = filesFor(`save(${JSON.stringify(folder)})`, "bytes() gives the run as bytes");
    files.saveRun(folder, { config: this.config, best, last, lines, threads: team.threads });
  }

  /** Ends the threads and lets the memory go: the run is of no use from then on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.parts.team.close();
  }

  /** @throws BispikeError "usage" for a run that was closed */
  protected use(): void {
    if (this.#closed) throw new BispikeError("usage", "this run is closed");
  }
}

/** Softmax of logits. */
export function shares(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = values.map((value) => exponential(value - most));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Scores by name. */
export function byName(names: readonly string[], values: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(names.map((name, k) => [name, values[k]!]));
}

/** Lets other work of the thread go on. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A picture: numbers from 0 (black) to 1, [height][width][channel]. */
export interface PixelImage {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pixels: Float32Array;
}
