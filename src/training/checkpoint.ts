/**
 * Checkpoints: safetensors with the pair's state, and in the metadata everything else that is needed to use it or to go on:
 * the configuration, what the data were like, and where training stood. Random streams are keyed by counters, so they have no state to keep.
 */
import { ofKind, requireArguments } from "../arguments.ts";
import { augments } from "../data/augment/options.ts";
import { BispikeError } from "../errors.ts";
import type { SafetensorsFile, Tensor } from "../export/safetensors.ts";
import type { DataSummary } from "../network/model.ts";
import type { Stateful } from "../network/slots.ts";
import { checkedConfig, defaults, type ExperimentConfig, type ObserveConfig, type TrainConfig } from "./config.ts";
import { assertFinite, readSealed, seal, unseal } from "./sealed.ts";
import { fromVersion1 } from "./settings/settings.ts";
import { exportState } from "./state.ts";

/** Version this library writes. Older ones are read for as long as the library lives; newer ones are refused. */
export const CHECKPOINT_VERSION = 1;
/** @internal */
export const IMAGE_FILE = { kind: "bispike-checkpoint", version: CHECKPOINT_VERSION } as const;

/** Where training stands: everything that is not a tensor. */
export interface Position {
  /** Optimiser steps done. */
  readonly step: number;
  /** Epoch under way, from 0. */
  readonly epoch: number;
  /** Batches of it done. */
  readonly batch: number;
  /** Sums over the batches of this epoch so far. */
  readonly sums: {
    readonly loss: number;
    readonly correct: number;
    readonly images: number;
    readonly silent: readonly number[];
  };
  /** Best held-out accuracy so far, 0..1, and its epoch, from 1; null before the first. */
  readonly best: { readonly accuracy: number; readonly epoch: number } | null;
}

/** A checkpoint of an image experiment. */
export interface Checkpoint {
  /** Version of the file's layout, 1. */
  readonly version: number;
  readonly config: ExperimentConfig;
  readonly data: DataSummary;
  readonly position: Position;
  /** Mean training image of each class, [class][height][width][channel], in units of pixel / 255. */
  readonly classMeans: Float32Array;
  /** By name: the nets' parameters and running statistics, and in `last` checkpoints AdamW's moments and what a rule learns beside the nets. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * Bytes of a checkpoint. The same training at the same step gives the same bytes, whatever the machine and the number of threads.
 *
 * @param nets a pair, or a rule with all that it needs to go on
 * @param about the configuration, the data's summary, where training stands, and the mean training image of each class as `classMeans` gives them
 * @param options with `optimiser` all that training needs to go on, else what is needed to use the net
 * @throws BispikeError "training" when a value is not finite
 * @example
 * encodeCheckpoint(rule, { config, data: model.data, position, classMeans: means }, { optimiser: true });
 */
export function encodeCheckpoint(
  nets: Stateful,
  about: { config: ExperimentConfig; data: DataSummary; position: Position; classMeans: Float32Array },
  options: { optimiser: boolean },
): Uint8Array {
  requireArguments("encodeCheckpoint", { nets, about: ofKind("imageState", about) });
  const tensors = exportState(nets, options);
  assertFinite(tensors, about.position.step);
  const { height, width, channels } = about.data.shape;
  const shape = [about.data.classNames.length, height, width, channels];
  tensors.set("data.class_means", { dtype: "F32", shape, data: about.classMeans });
  return seal(IMAGE_FILE, tensors, { ...about, config: withoutLater(modelConfig(about.config)) });
}

/** A section without the keys that have these values: options that came later are kept only where they say something, so that runs without them keep their bytes. */
export function without<S extends object>(section: S, silent: Partial<S>): object {
  return Object.fromEntries(Object.entries(section).filter(([key, value]) => silent[key as keyof S] !== value));
}

function withoutLater(config: ExperimentConfig): object {
  const { labelNoise, augment, ...data } = config.data;
  const said = { ...(labelNoise > 0 ? { labelNoise } : {}), ...(augments(augment) ? { augment } : {}) };
  return {
    ...config,
    data: { ...data, ...said },
    network: without(config.network, { recall: "chain" }),
    rule: without(config.rule, {
      recallFeatures: "same",
      pooling: "mean",
      affinity: "cosines",
      margin: 0,
      errorDepth: 0,
      errorWeights: "recall",
    }),
  };
}

/**
 * The configuration as a checkpoint keeps it: threads, saving intervals and what is observed (of images) change nothing that is learned; they are the run's, not the model's.
 */
export function modelConfig<C extends { readonly train: TrainConfig; readonly observe?: ObserveConfig }>(config: C): C {
  const { threads, checkpointSeconds } = defaults.train;
  const observe = config.observe && { observe: defaults.observe };
  return { ...config, train: { ...config.train, threads, checkpointSeconds }, ...observe };
}

/**
 * Reads a checkpoint. Untrusted bytes: data only, every field checked.
 *
 * @param source file name for error messages. Default: "checkpoint"
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 * @example
 * const { config, data, tensors } = decodeCheckpoint(readFileSync("best.safetensors"), "best.safetensors");
 * const model = createModel(team, config, data);
 * importState(model, tensors, { optimiser: false });
 */
export function decodeCheckpoint(bytes: Uint8Array, source = "checkpoint"): Checkpoint {
  return readSealed(bytes, source, (file) => {
    if (file.metadata.get("kind") !== IMAGE_FILE.kind)
      throw new BispikeError("checkpoint", "is a safetensors file, but not a checkpoint of a bispike image experiment");
    return readCheckpoint(file);
  });
}

/** Checks every field of a file of this kind. */
export function readCheckpoint(file: SafetensorsFile): Checkpoint {
  const { version, tensors, field } = unseal(file, IMAGE_FILE);
  const config = checkedConfig(fromVersion1(field("config")));
  const data = checkData(field("data"));
  const position = checkPosition(field("position"));
  const means = tensors.get("data.class_means");
  const size = [data.classNames.length, data.shape.height, data.shape.width, data.shape.channels];
  if (means?.dtype !== "F32" || means.shape.join() !== size.join()) {
    throw new BispikeError("checkpoint", `tensor data.class_means: expected F32 [${size.join(", ")}]`);
  }
  return { version, config, data, position, classMeans: means.data, tensors };
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

function checkPosition(value: unknown): Position {
  const position = value as Position;
  const counts = [position?.step, position?.epoch, position?.batch, position?.sums?.images, position?.sums?.correct];
  const best = position?.best;
  if (
    !counts.every((count) => Number.isInteger(count) && count >= 0) ||
    !Number.isFinite(position.sums.loss) ||
    !(Array.isArray(position.sums.silent) && position.sums.silent.every(Number.isFinite)) ||
    !(best === null || (Number.isFinite(best?.accuracy) && Number.isInteger(best?.epoch)))
  ) {
    throw new BispikeError("checkpoint", "metadata position: expected the counters of a training run");
  }
  return position;
}
