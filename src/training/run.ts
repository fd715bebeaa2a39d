/**
 * The library's front door: `train` a net on data, `load` a trained one, use the `Run` that both give. The same in Node, in workers and in pages.
 */

import { BispikeError } from "../errors.ts";
import type { ProblemName } from "../problems/problem.ts";
import { resolveAnyConfig } from "./any-config.ts";
import type { AnyCheckpoint, AutoencoderCheckpoint, Checkpoint, SequenceCheckpoint } from "./checkpoint.ts";
import type { AutoencoderConfig, ExperimentConfig, SequenceConfig, TrainConfig } from "./config.ts";
import { type ImageSet, type SeriesSet, type TextSet, type TrainingData, UNLABELLED } from "./data-sources.ts";
import { createAutoencoderExperiment, createExperiment, createSequenceExperiment } from "./experiment.ts";
import { type NetChoice, sectionOf } from "./nets.ts";
import { createTeam, filesFor, type ThreadOptions } from "./platform.ts";
import { decodeAnyCheckpoint } from "./read-checkpoint.ts";
import { bsd, type RuleChoice } from "./rules.ts";
import { breathe, epochOf, type RunParts } from "./run-base.ts";
import { AutoencodeRun, ClassifyRun } from "./run-images.ts";
import { SeriesRun, TextRun } from "./run-sequence.ts";
import { AUTOENCODE } from "./settings/settings.ts";
import type { Trainable, TrainableKind } from "./trainable.ts";
import { trainExperiment } from "./trainer.ts";

/**
 * A trained net, of any problem or of problem `P`; told apart by `problem`, and runs on sequences by `kind`.
 *
 * All have `problem`, `history`, `config`, `predict`, `evaluate`, `save`, `bytes` and `close`. What only some can do: `recall` (ClassifyRun), `generate` (TextRun, AutoencodeRun), `forecast`
 * (SeriesRun), `reconstruct` (AutoencodeRun).
 */
export type Run<P extends ProblemName = ProblemName> = Extract<
  ClassifyRun | TextRun | SeriesRun | AutoencodeRun,
  { readonly problem: P }
>;

/** The run that training on data `D` gives, with a net `N`. */
export type RunOf<D extends TrainingData, N extends NetChoice> = D extends TextSet
  ? TextRun
  : D extends SeriesSet
    ? SeriesRun
    : N extends NetChoice<"autoencode">
      ? AutoencodeRun
      : ClassifyRun;

/** The nets that data `D` can train. */
export type NetFor<D extends TrainingData> = D extends ImageSet
  ? NetChoice<"classify"> | NetChoice<"autoencode">
  : NetChoice<"sequence">;

/** The net there is where none is chosen. */
export type DefaultNet<D extends TrainingData> = D extends ImageSet ? NetChoice<"classify"> : NetChoice<"sequence">;

/** A step of training. */
export interface Step {
  /** Optimiser steps done, from 1. */
  readonly step: number;
  /** Of the whole training. */
  readonly totalSteps: number;
  /** Epoch under way, from 1. */
  readonly epoch: number;
  /** Sum of all stages' losses. */
  readonly loss: number;
  /** Perception's. */
  readonly learningRate: number;
  /** Seconds until the end, at the pace so far. */
  readonly secondsLeft: number;
}

/** What to train, on what, and who is told. Beside these every key of the configuration's section `train`, with its default: `TrainConfig`. */
export interface TrainOptions<D extends TrainingData, N extends NetChoice>
  extends ThreadOptions,
    Partial<Omit<TrainConfig, "threads" | "checkpointSeconds">> {
  /** What to learn from; it decides the problem. */
  readonly data: D;
  /** Default `mlp()` for images, `recurrent()` for texts and series. */
  readonly net?: N;
  /** The learning rule, or the name of one that was registered. Default `bsd()`. */
  readonly rule?: RuleChoice<RunOf<D, N>["problem"]> | string;
  /** Names the run. Default such as `mnist-mlp`. */
  readonly name?: string;
  /** Hears of every step. */
  readonly onStep?: (step: Step) => void;
  /** Hears of every epoch. */
  readonly onEpoch?: (epoch: RunOf<D, N>["history"][number]) => void;
  /** Stops training between two steps: `train` then gives the run as it stands, with `finished` false. Aborted before the first step, `train` throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Goes on from here: `run.bytes("last")` of this very training, on the same data. Default: from the start. */
  readonly resume?: Uint8Array;
}

/**
 * Trains a net and gives it, with the weights that were best on the validation part. The same seed gives the same weights, for any number of threads, in Node and in browsers.
 *
 * @throws BispikeError "usage" for a net that the data cannot train, "config" for options out of range (messages name them as configurations do), "data" for data that do not fit, "training" when a
 *   loss is no longer finite, "checkpoint" for `resume` of another training
 * @example
 * const run = await train({
 *   data: await images("mnist"),
 *   net: mlp([512, 256]),
 *   rule: bsd(),
 *   epochs: 3,
 *   onEpoch: ({ epoch, validation }) => console.log(epoch, validation.accuracy),
 * });
 * const { label } = await run.predict(new Float32Array(28 * 28));
 * await run.save("runs/digits");
 * await run.close();
 */
export async function train<D extends TrainingData, N extends NetFor<D> = DefaultNet<D>>(
  options: TrainOptions<D, N>,
): Promise<RunOf<D, N>> {
  const { data, threads, spawn, onStep, onEpoch, signal, resume } = options;
  signal?.throwIfAborted();
  const config = configOf(options as unknown as TrainOptions<TrainingData, NetChoice>);
  const team = await createTeam({ threads, spawn });
  const kept: Partial<Record<"best" | "last", Uint8Array>> = {};
  const lines: object[] = [];
  let finished = false;
  try {
    const { task } = experimentOf(team, config, data);
    const resumed = resume && decodeAnyCheckpoint(resume, "resume");
    const result = await trainExperiment(
      { task },
      {
        sink: {
          onStep: (_report, { step, epoch, loss, learningRate }, { totalSteps, secondsLeft }) =>
            onStep?.({ step, totalSteps, epoch, loss, learningRate, secondsLeft }),
          onMetrics: (line) => {
            lines.push(line);
            if (line.kind === "epoch") onEpoch?.(epochOf(line));
          },
          onCheckpoint: (which, bytes) => {
            kept[which] = bytes.slice();
          },
        },
        stopped: () => signal?.aborted ?? false,
        pause: breathe,
        ...(resumed ? { resume: resumed } : {}),
      },
    );
    ({ finished } = result);
  } finally {
    await team.close();
  }
  const { last } = kept;
  const best = kept.best ?? last!;
  const opened = { best, last, lines, source: "this run", data, finished };
  return (await openRun(opened, { threads, spawn })) as RunOf<D, N>;
}

/** How a trained net is loaded. */
export interface LoadOptions<P extends ProblemName> extends ThreadOptions {
  /** What the net must have learned; the type of the run then says so. Default: any. */
  readonly problem?: P;
}

/**
 * Loads a trained net.
 *
 * @param from anywhere the bytes of a checkpoint (`run.bytes()`, `best.safetensors`); in Node also the path of a run folder or checkpoint
 * @throws BispikeError "checkpoint" for what is none, is damaged or of another problem than `options.problem`, "platform" for a path without Node
 * @example
 * const run = await load("runs/digits", { problem: "classify" });
 * console.log((await run.predict(new Float32Array(28 * 28))).label);
 * await run.close();
 *
 * // In a page:
 * const bytes = new Uint8Array(await (await fetch("best.safetensors")).arrayBuffer());
 * const any = await load(bytes);
 * if (any.problem === "classify") console.log(any.labels);
 */
export async function load<P extends ProblemName = ProblemName>(
  from: string | Uint8Array,
  options: LoadOptions<P> = {},
): Promise<Run<P>> {
  const { problem, ...threads } = options;
  const stored =
    typeof from === "string"
      ? filesFor(`load(${JSON.stringify(from)})`, "give the bytes of a checkpoint").openRun(from)
      : { best: from, last: undefined, lines: [], source: "checkpoint" };
  return (await openRun(stored, threads, problem)) as Run<P>;
}

/** A trained net of each problem. */
const RUNS = {
  classify: (parts: RunParts<Checkpoint>) => new ClassifyRun(parts),
  sequence: (parts: RunParts<SequenceCheckpoint>) =>
    parts.checkpoint.data.kind === "text" ? new TextRun(parts) : new SeriesRun(parts),
  autoencode: (parts: RunParts<AutoencoderCheckpoint>) => new AutoencodeRun(parts),
};

type Stored = Omit<RunParts<AnyCheckpoint>, "team" | "checkpoint" | "finished"> & { readonly finished?: boolean };

async function openRun(stored: Stored, threads: ThreadOptions, wanted?: ProblemName): Promise<Run> {
  const { best, source } = stored;
  const checkpoint = decodeAnyCheckpoint(best, source);
  const { problem, config, position } = checkpoint;
  if (wanted && wanted !== problem)
    throw new BispikeError(
      "checkpoint",
      `${source}: expected a checkpoint of problem ${wanted}, got one of ${problem}`,
    );
  const team = await createTeam(threads);
  try {
    const newest = stored.last ? decodeAnyCheckpoint(stored.last, source).position : position;
    const finished = stored.finished ?? newest.epoch >= config.train.epochs;
    const parts = { ...stored, team, finished };
    return RUNS[problem]({ ...parts, checkpoint } as never);
  } catch (error) {
    await team.close();
    throw error;
  }
}

/** The configuration that options describe, checked, with all defaults. */
function configOf(
  options: TrainOptions<TrainingData, NetChoice>,
): ExperimentConfig | SequenceConfig | AutoencoderConfig {
  const { data, net, rule = bsd(), name } = options;
  const {
    data: _,
    net: __,
    rule: ___,
    name: ____,
    threads,
    spawn,
    onStep,
    onEpoch,
    signal,
    resume,
    ...settings
  } = options;
  const problem = problemOf(data, net);
  const task = data.kind === "images" ? ofImages[problem]?.task : data.task;
  const choice = rule as RuleChoice<ProblemName> | string;
  const section = typeof choice === "string" ? { name: choice } : choice.section(problem);
  const network = net?.section ?? {};
  const raw = { name, task, data: data.section, network, rule: section, train: sectionOf(settings) };
  return resolveAnyConfig(sectionOf(raw));
}

/** Problems whose data are images: the `task` of their configuration, and whether images need labels. */
const ofImages: { readonly [P in ProblemName]?: { readonly task?: string; readonly labels: boolean } } = {
  classify: { labels: true },
  autoencode: { task: AUTOENCODE, labels: false },
};

/** @throws BispikeError "usage" for a net that the data cannot train */
function problemOf(data: TrainingData, net: NetChoice | undefined): ProblemName {
  const images = data.kind === "images";
  const problem = net?.problem ?? (images ? "classify" : "sequence");
  if (images !== problem in ofImages) {
    const expected = images ? "mlp, cnn or autoencoder" : "recurrent";
    throw new BispikeError("usage", `net: expected ${expected} for ${DATA[data.kind]}, got ${net?.made}`);
  }
  if (ofImages[problem]?.labels && data.kind === "images" && data.dataset.classNames === UNLABELLED)
    throw new BispikeError(
      "usage",
      "data: expected images with labels to name them, got none; give labels, or net: autoencoder()",
    );
  return problem;
}

const DATA = { images: "images", text: "a text", series: "a series" } as const;

interface AnyTaskKind extends TrainableKind {
  readonly report: { readonly loss: number };
  readonly step: TrainableKind["step"] & { readonly loss: number; readonly learningRate: number };
  readonly checkpoint: AnyCheckpoint;
}

function experimentOf(
  team: Parameters<typeof createExperiment>[0],
  config: ReturnType<typeof configOf>,
  data: TrainingData,
): { task: Trainable<AnyTaskKind> } {
  if (data.kind !== "images") return createSequenceExperiment(team, config as SequenceConfig, data.sequence) as never;
  return "task" in config
    ? (createAutoencoderExperiment(team, config as AutoencoderConfig, data.dataset) as never)
    : (createExperiment(team, config as ExperimentConfig, data.dataset) as never);
}
