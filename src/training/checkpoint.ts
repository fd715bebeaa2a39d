/**
 * Checkpoints: safetensors with the pair's state, and in the metadata everything else that is needed to use it or to go on:
 * the configuration, what the data were like, and where training stood. Random streams are keyed by counters, so they have no state to keep.
 */
import { xxHash32 } from "../engine/checksum.ts";
import { BispikeError } from "../errors.ts";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../export/safetensors.ts";
import type { DataSummary } from "../network/model.ts";
import type { NetworkPair } from "../network/pair.ts";
import { defaults, type ExperimentConfig, resolveConfig } from "./config.ts";
import { exportState } from "./state.ts";

/** Version this library writes. Older ones are read for as long as the library lives; newer ones are refused. */
export const CHECKPOINT_VERSION = 1;
const KIND = "bispike-checkpoint";

/** Where training stands: everything that is not a tensor. */
export interface Position {
  /** Optimiser steps done. */
  readonly step: number;
  /** Epoch under way, from 0, and batches of it done. */
  readonly epoch: number;
  readonly batch: number;
  /** Sums over the batches of this epoch so far. */
  readonly sums: {
    readonly loss: number;
    readonly correct: number;
    readonly images: number;
    readonly silent: readonly number[];
  };
  /** Best held-out accuracy so far and its epoch; null before the first. */
  readonly best: { readonly accuracy: number; readonly epoch: number } | null;
}

export interface Checkpoint {
  readonly version: number;
  readonly config: ExperimentConfig;
  readonly data: DataSummary;
  readonly position: Position;
  /** Mean training image of each class, [class][height][width][channel], in units of pixel / 255. */
  readonly classMeans: Float32Array;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Bytes of a checkpoint. The same training at the same step gives the same bytes, whatever the machine and the number of threads. */
export function encodeCheckpoint(
  pair: NetworkPair,
  about: { config: ExperimentConfig; data: DataSummary; position: Position; classMeans: Float32Array },
  options: { optimiser: boolean },
): Uint8Array {
  const tensors = exportState(pair, options);
  for (const [name, { data }] of tensors) {
    if ((data as Float32Array).some((value) => !Number.isFinite(value))) {
      throw new BispikeError(
        "training",
        `${name} holds values that are not finite at step ${about.position.step}; nothing was saved over the last good checkpoint`,
      );
    }
  }
  const { height, width, channels } = about.data.shape;
  const shape = [about.data.classNames.length, height, width, channels];
  tensors.set("data.class_means", { dtype: "F32", shape, data: about.classMeans });
  const metadata = {
    kind: KIND,
    version: String(CHECKPOINT_VERSION),
    // Threads and saving intervals change nothing that is learned; they are the run's, not the model's.
    config: JSON.stringify({
      ...about.config,
      train: {
        ...about.config.train,
        threads: defaults.train.threads,
        checkpointSeconds: defaults.train.checkpointSeconds,
      },
    }),
    data: JSON.stringify(about.data),
    position: JSON.stringify(about.position),
  };
  return encodeSafetensors(tensors, { ...metadata, checksum: checksum(tensors, new Map(Object.entries(metadata))) });
}

/**
 * xxHash32 chained over the metadata and the tensors' names, shapes and bytes, so that a flipped bit is found when the file is read.
 *
 * @internal
 */
export function checksum(tensors: ReadonlyMap<string, Tensor>, metadata: ReadonlyMap<string, string>): string {
  const encoder = new TextEncoder();
  let hash = 0;
  for (const key of ["version", "config", "data", "position"])
    hash = xxHash32(encoder.encode(metadata.get(key) ?? ""), hash);
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash = xxHash32(encoder.encode(`${name} ${shape.join()}`), hash);
    hash = xxHash32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), hash);
  }
  return hash.toString(16).padStart(8, "0");
}

/**
 * Reads a checkpoint. Untrusted bytes: data only, every field checked.
 *
 * @param source file name for error messages
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes);
    if (metadata.get("kind") !== KIND)
      throw new BispikeError("checkpoint", "is a safetensors file, but not a bispike checkpoint");
    const version = Number(metadata.get("version"));
    if (!Number.isInteger(version) || version < 1)
      throw new BispikeError("checkpoint", `unknown version ${metadata.get("version")}`);
    if (version > CHECKPOINT_VERSION) {
      throw new BispikeError(
        "checkpoint",
        `has version ${version}, this bispike reads up to ${CHECKPOINT_VERSION}: update bispike`,
      );
    }
    const expected = metadata.get("checksum");
    const found = checksum(tensors, metadata);
    if (found !== expected) {
      throw new BispikeError(
        "checkpoint",
        `is damaged: its checksum is ${found}, expected ${expected}; use another checkpoint of the run`,
      );
    }
    const field = (name: string): unknown => {
      try {
        return JSON.parse(metadata.get(name) ?? "");
      } catch (cause) {
        throw new BispikeError("checkpoint", `metadata ${name} is not JSON`, { cause });
      }
    };
    const config = resolveConfig(field("config"));
    const data = checkData(field("data"));
    const position = checkPosition(field("position"));
    const means = tensors.get("data.class_means");
    const size = [data.classNames.length, data.shape.height, data.shape.width, data.shape.channels];
    if (means?.dtype !== "F32" || means.shape.join() !== size.join()) {
      throw new BispikeError("checkpoint", `tensor data.class_means: expected F32 [${size.join(", ")}]`);
    }
    return { version, config, data, position, classMeans: means.data, tensors };
  } catch (error) {
    if (error instanceof BispikeError)
      throw new BispikeError("checkpoint", `${source}: ${error.message}`, { cause: error });
    throw error;
  }
}

function checkData(value: unknown): DataSummary {
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
