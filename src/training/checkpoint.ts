/**
 * Checkpoints of every problem: safetensors with the nets' state, and in the metadata everything else that is needed to use it or to go on: the problem, the configuration, what the data were
 * like, and where training stood. Random streams are keyed by counters, so they have no state to keep.
 *
 * Version 2 is one layout for all problems; `read-checkpoint.ts` reads it, and the three of version 1.
 */
import type { SequenceSummary } from "../data/sequence/task.ts";
import type { Tensor } from "../formats/safetensors.ts";
import type { DataSummary } from "../nets/model.ts";
import type { Stateful } from "../nets/parameters.ts";
import type { AutoencodeSums } from "../problems/autoencode.ts";
import type { ClassifySums } from "../problems/classify.ts";
import type { ProblemName, Sums } from "../problems/problem.ts";
import type { SequenceSums } from "../problems/sequence.ts";
import type { AnyConfig } from "./any-config.ts";
import {
  type AutoencoderConfig,
  defaults,
  type ExperimentConfig,
  type ObserveConfig,
  type SequenceConfig,
  type TrainConfig,
} from "./config.ts";
import { assertFinite, seal } from "./sealed.ts";
import { exportSlots } from "./state.ts";
import type { Place } from "./trainable.ts";

/** Version this library writes. Older ones are read for as long as the library lives; newer ones are refused. */
export const CHECKPOINT_VERSION = 2;
/** What the file calls itself. @internal */
export const FILE = { kind: "bispike-checkpoint", version: CHECKPOINT_VERSION } as const;
/** @internal */
export const CLASS_MEANS = "data.class_means";

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

/** Shape of that tensor. @internal */
export function meansShape({ classNames, shape }: DataSummary): number[] {
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
