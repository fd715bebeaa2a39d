/**
 * Checkpoints of every problem: safetensors with the nets' state, and in the metadata everything else that is needed to use it or to go on: the problem, the configuration, what the data were
 * like, and where training stood. Random streams are keyed by counters, so they have no state to keep.
 *
 * Version 2 is one layout for all problems. Version 1 had three, told apart by `kind`; they are read (`fromVersion1`), not written.
 */
import type { SequenceSummary } from "../data/sequence/summary.ts";
import { BispikeError } from "../errors.ts";
import type { SafetensorsFile, Tensor } from "../export/safetensors.ts";
import type { DataSummary } from "../network/model.ts";
import type { Stateful } from "../network/slots.ts";
import { type AutoencodeSums, autoencodeSums } from "../problems/autoencode.ts";
import { type ClassifySums, classifySums } from "../problems/classify.ts";
import type { ProblemName, Sums, SumsShape } from "../problems/problem.ts";
import { type SequenceSums, sequenceSums } from "../problems/sequence.ts";
import { type AnyConfig, experimentKind, resolveAnyConfig } from "./any-config.ts";
import type { AutoencoderConfig } from "./autoencoder/config.ts";
import { defaults, type ExperimentConfig, type ObserveConfig, type TrainConfig } from "./config.ts";
import { trainsRecall } from "./image-rules.ts";
import { assertFinite, readSealed, seal, unseal } from "./sealed.ts";
import { checkSummary } from "./sequence/check-summary.ts";
import type { SequenceConfig } from "./sequence/config.ts";
import { fromVersion1 } from "./settings/settings.ts";
import { exportSlots } from "./slots.ts";
import type { Place } from "./trainable.ts";

/** Version this library writes. Older ones are read for as long as the library lives; newer ones are refused. */
export const CHECKPOINT_VERSION = 2;
const FILE = { kind: "bispike-checkpoint", version: CHECKPOINT_VERSION } as const;
const CLASS_MEANS = "data.class_means";

/** What version 1 called its files; that of images has kept its name. */
const VERSION_1_KINDS: Readonly<Record<string, ProblemName>> = {
  [FILE.kind]: "classify",
  "bispike-sequence": "sequence",
  "bispike-autoencoder": "autoencode",
};

/** Where training stands: everything that is not a tensor. */
export interface Position<S extends Sums = Sums> extends Place {
  /** Over the batches of this epoch so far. */
  readonly sums: S;
}

interface CheckpointOf<P extends ProblemName, C, D, S extends Sums> {
  readonly problem: P;
  /** Version of the file's layout. */
  readonly version: number;
  readonly config: C;
  /** What the data were like. */
  readonly data: D;
  readonly position: Position<S>;
  /** By name: the nets' parameters and running statistics, and in `last` checkpoints AdamW's moments and what a rule learns beside the nets. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A checkpoint of images and their classes. */
export interface Checkpoint extends CheckpointOf<"classify", ExperimentConfig, DataSummary, ClassifySums> {
  /** Mean training image of each class, [class][height][width][channel], in units of pixel / 255. */
  readonly classMeans: Float32Array;
}
/** A checkpoint of a text or series. */
export type SequenceCheckpoint = CheckpointOf<"sequence", SequenceConfig, SequenceSummary, SequenceSums>;
/** A checkpoint of an autoencoder. */
export type AutoencoderCheckpoint = CheckpointOf<"autoencode", AutoencoderConfig, DataSummary, AutoencodeSums>;
/** A checkpoint of any problem, told apart by `problem`. */
export type AnyCheckpoint = Checkpoint | SequenceCheckpoint | AutoencoderCheckpoint;

/** A problem's checkpoint. */
export type CheckpointFor<P extends ProblemName> = Extract<AnyCheckpoint, { readonly problem: P }>;

/** What a checkpoint says beside its tensors and where training stands. */
export interface About {
  readonly problem: ProblemName;
  readonly config: AnyConfig;
  readonly data: DataSummary | SequenceSummary;
  /** Of images in classes: the mean training image of each class, as `classMeans` gives them. */
  readonly classMeans?: Float32Array | undefined;
}

/**
 * Bytes of a checkpoint. The same training at the same step gives the same bytes, whatever the machine and the number of threads.
 *
 * @param nets a pair, or a rule with all that it needs to go on
 * @param options with `optimiser` all that training needs to go on, else what is needed to use the net
 * @throws BispikeError "training" when a value is not finite
 * @example
 * encodeCheckpoint(rule, { problem: "classify", config, data: model.data, position, classMeans: means }, { optimiser: true });
 */
export function encodeCheckpoint(
  nets: Stateful,
  { problem, config, data, position, classMeans }: About & { readonly position: Position },
  options: { optimiser: boolean },
): Uint8Array {
  const tensors = exportSlots(nets.slots(options.optimiser));
  assertFinite(tensors, position.step);
  if (classMeans) tensors.set(CLASS_MEANS, { dtype: "F32", shape: meansShape(data as DataSummary), data: classMeans });
  const { step, epoch, batch, sums, best } = position;
  const stands = { step, epoch, batch, sums, best };
  return seal(FILE, tensors, { problem, config: modelConfig(config), data, position: stands });
}

function meansShape({ classNames, shape }: DataSummary): number[] {
  return [classNames.length, shape.height, shape.width, shape.channels];
}

/**
 * The configuration as a checkpoint keeps it: threads, saving intervals and what is observed (of images) change nothing that is learned; they are the run's, not the model's.
 */
export function modelConfig<C extends { readonly train: TrainConfig; readonly observe?: ObserveConfig }>(config: C): C {
  const { threads, checkpointSeconds } = defaults.train;
  const observe = config.observe && { observe: defaults.observe };
  return { ...config, train: { ...config.train, threads, checkpointSeconds }, ...observe };
}

/** Whether a safetensors file that calls itself this is a checkpoint; exported weights are not, nor are other programs' files. */
export function isCheckpointKind(kind: string | undefined): boolean {
  return kind !== undefined && Object.hasOwn(VERSION_1_KINDS, kind);
}

/**
 * Reads a checkpoint of any problem. Untrusted bytes: data only, every field checked.
 *
 * @param source file name for error messages. Default: "checkpoint"
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 * @example
 * const checkpoint = decodeAnyCheckpoint(readFileSync("best.safetensors"), "best.safetensors");
 * if (checkpoint.problem === "sequence") checkpoint.data.window;
 */
export function decodeAnyCheckpoint(bytes: Uint8Array, source = "checkpoint"): AnyCheckpoint {
  return readSealed(bytes, source, readCheckpoint);
}

/**
 * As `decodeAnyCheckpoint`, of images and their classes.
 *
 * @throws BispikeError "checkpoint" also for a checkpoint of another problem
 * @example
 * const { config, data, tensors } = decodeCheckpoint(readFileSync("best.safetensors"), "best.safetensors");
 * const model = createModel(team, config, data);
 * importState(model, tensors, { optimiser: false });
 */
export function decodeCheckpoint(bytes: Uint8Array, source = "checkpoint"): Checkpoint {
  const checkpoint = decodeAnyCheckpoint(bytes, source);
  assertProblem(checkpoint, "classify", source);
  return checkpoint;
}

/** As `decodeAnyCheckpoint`, of a text or series. @throws BispikeError "checkpoint" also for a checkpoint of another problem */
export function decodeSequenceCheckpoint(bytes: Uint8Array, source = "checkpoint"): SequenceCheckpoint {
  const checkpoint = decodeAnyCheckpoint(bytes, source);
  assertProblem(checkpoint, "sequence", source);
  return checkpoint;
}

/** As `decodeAnyCheckpoint`, of an autoencoder. @throws BispikeError "checkpoint" also for a checkpoint of another problem */
export function decodeAutoencoderCheckpoint(bytes: Uint8Array, source = "checkpoint"): AutoencoderCheckpoint {
  const checkpoint = decodeAnyCheckpoint(bytes, source);
  assertProblem(checkpoint, "autoencode", source);
  return checkpoint;
}

const SUMS: Readonly<Record<ProblemName, SumsShape>> = {
  classify: classifySums,
  sequence: sequenceSums,
  autoencode: autoencodeSums,
};
const PROBLEM_OF = { images: "classify", sequences: "sequence", autoencoder: "autoencode" } as const;

/** The problem a configuration is of. */
export function problemOf(config: AnyConfig): ProblemName {
  return PROBLEM_OF[experimentKind(config)];
}

/** Checks every field of a file. */
function readCheckpoint(file: SafetensorsFile): AnyCheckpoint {
  const before = VERSION_1_KINDS[file.metadata.get("kind") ?? ""];
  if (!before) throw new BispikeError("checkpoint", "is a safetensors file, but not a bispike checkpoint");
  const { version, tensors, field } = unseal(file, FILE);
  const config = resolveAnyConfig(version === 1 ? fromVersion1(field("config")) : field("config"));
  const problem = problemOf(config);
  const said = version === 1 ? before : field("problem");
  if (said !== problem)
    throw new BispikeError(
      "checkpoint",
      `metadata problem: expected ${problem}, as its configuration has it, got ${said}`,
    );
  const told = field("position");
  const position = checkPosition(version === 1 ? positionFromVersion1(told) : told, SUMS[problem]);
  if (problem === "sequence") {
    const data = checkSummary(field("data"));
    const { task } = config as SequenceConfig;
    if (data.task !== (task === "next-character" ? "next" : task))
      throw new BispikeError("checkpoint", `metadata data: expected a summary of task ${task}, got ${data.task}`);
    return { problem, version, config, data, position, tensors } as SequenceCheckpoint;
  }
  const data = checkData(field("data"));
  if (problem === "autoencode") return { problem, version, config, data, position, tensors } as AutoencoderCheckpoint;
  const means = tensors.get(CLASS_MEANS);
  const size = meansShape(data).join(", ");
  if (means?.dtype !== "F32" || means.shape.join(", ") !== size)
    throw new BispikeError("checkpoint", `tensor ${CLASS_MEANS}: expected F32 [${size}]`);
  return { problem, version, config, data, position, classMeans: means.data, tensors } as Checkpoint;
}

/** A position of version 1 in today's words; anything else is left for the check to refuse. */
function positionFromVersion1(value: unknown): unknown {
  const position = value as { best?: { accuracy?: number; score?: number; epoch: number } | null; sums?: object };
  if (typeof position !== "object" || position === null || typeof position.sums !== "object") return value;
  const { silent, ...sums } = position.sums as { silent?: unknown };
  const { best } = position;
  return {
    ...position,
    sums: silent === undefined ? sums : { ...sums, dead: silent },
    best: best && { score: best.score ?? best.accuracy, epoch: best.epoch },
  };
}

/** The summary of image data in a checkpoint, every field checked. */
export function checkData(value: unknown): DataSummary {
  const data = value as DataSummary;
  const sizes = [data?.shape?.height, data?.shape?.width, data?.shape?.channels];
  const numbers = (list: unknown) =>
    Array.isArray(list) && list.length === sizes[2] && list.every((x) => Number.isFinite(x));
  const names = data?.classNames;
  if (
    typeof data?.name !== "string" ||
    !sizes.every((size) => Number.isInteger(size) && size > 0 && size <= 65535) ||
    !(
      Array.isArray(names) &&
      names.length > 1 &&
      names.length <= 65536 &&
      names.every((name) => typeof name === "string")
    ) ||
    !numbers(data.statistics?.mean) ||
    !numbers(data.statistics?.std)
  ) {
    throw new BispikeError(
      "checkpoint",
      "metadata data: expected name, shape, classNames and statistics of the training data",
    );
  }
  return data;
}

function checkPosition(value: unknown, shape: SumsShape): Position {
  const { step, epoch, batch, sums, best } = (value ?? {}) as Partial<Position>;
  const isCount = (count: unknown) => Number.isInteger(count) && (count as number) >= 0;
  const fits = {
    count: isCount,
    number: Number.isFinite,
    numbers: (list: unknown) => Array.isArray(list) && list.every(Number.isFinite),
  };
  const wrong = [
    ...Object.entries({ step, epoch, batch }).filter(([, count]) => !isCount(count)),
    ...(best === null || (Number.isFinite(best?.score) && isCount(best?.epoch)) ? [] : [["best"]]),
    ...Object.entries(shape).flatMap(([key, kind]) => (fits[kind](sums?.[key]) ? [] : [[`sums.${key}`]])),
    ...Object.keys(sums ?? {}).flatMap((key) => (Object.hasOwn(shape, key) ? [] : [[`sums.${key}`]])),
  ];
  if (wrong.length > 0)
    throw new BispikeError(
      "checkpoint",
      `metadata position: expected the counters of a training run; ${wrong[0]![0]} is none of one`,
    );
  return { step: step!, epoch: epoch!, batch: batch!, sums: sums!, best: best! };
}

/**
 * @throws BispikeError "checkpoint" for a checkpoint of another problem
 */
export function assertProblem<P extends ProblemName>(
  checkpoint: AnyCheckpoint,
  problem: P,
  source: string,
): asserts checkpoint is CheckpointFor<P> {
  if (checkpoint.problem !== problem) throw foreign(EXPERIMENT[problem], checkpoint, source);
}

/**
 * @param what what needs recall, such as "bispike recall"
 * @throws BispikeError "usage" where the rule trained perception alone
 */
export function assertRecall({ config }: Checkpoint, source: string, what: string): void {
  const { name } = config.rule;
  if (trainsRecall(config.rule)) return;
  const rule = name === "bsd" ? "bsd with rule.codes random" : name;
  throw new BispikeError(
    "usage",
    `${what} needs a recall network, but rule ${rule} of ${source} trains perception alone; use a run by rule bsd, or bispike eval and predict with this one`,
  );
}

const EXPERIMENT: Readonly<Record<ProblemName, string>> = {
  classify: "an image",
  sequence: "a sequence",
  autoencode: "an autoencoder",
};

/** Commands that use a net of each kind; eval, inspect and plot take any. */
const COMMANDS: Readonly<Record<ProblemName, string>> = {
  // A rival on images has no recall, so the message names what any run of them can do.
  classify: "bispike predict",
  sequence: "bispike recall, generate (texts) or forecast (series)",
  autoencode: "bispike reconstruct or sample",
};

function foreign(expected: string, { problem, config, data }: AnyCheckpoint, source: string): BispikeError {
  const got = {
    classify: `images (${data.name})`,
    sequence: `sequences (task ${"task" in config ? config.task : ""})`,
    autoencode: `an autoencoder (${data.name})`,
  }[problem];
  return new BispikeError(
    "checkpoint",
    `${source}: expected a checkpoint of ${expected} experiment, got one of ${got}; use it with ${COMMANDS[problem]}`,
  );
}
