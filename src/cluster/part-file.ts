/**
 * A part's checkpoint: as a pair's, with the tensors of its stages, and in its position the losses of each batch of the epoch under way, so that joined parts have the
 * sums of a training in one process to the last bit.
 */
import { BispikeError } from "../errors.ts";
import type { Tensor } from "../formats/safetensors.ts";
import type { DataSummary } from "../nets/model.ts";
import type { StageRange } from "../nets/pair.ts";
import type { Stateful } from "../nets/parameters.ts";
import { modelConfig } from "../training/checkpoint.ts";
import { type ExperimentConfig, resolveConfig } from "../training/config.ts";
import { checkData } from "../training/read-checkpoint.ts";
import { assertFinite, seal } from "../training/sealed.ts";
import { fromVersion1 } from "../training/settings/settings.ts";
import { exportState } from "../training/state.ts";
import { readSealed, unseal } from "../training/unseal.ts";

/** @internal */
const PART_FILE = { kind: "bispike-part", version: 2 } as const;

const CLASS_MEANS = "data.class_means";

/** Where a part's training stands. */
export interface PartPosition {
  /** Optimiser steps done. */
  readonly step: number;
  /** Epoch under way, from 0. */
  readonly epoch: number;
  /** Batches of it done. */
  readonly batch: number;
  /** The part's stages, of how many. */
  readonly stages: StageRange & { readonly of: number };
  /** Of each batch of this epoch so far, the losses of the part's stages. */
  readonly losses: readonly (readonly number[])[];
  /** Right decisions of this epoch so far; 0 where the part has not the concept's stage. */
  readonly correct: number;
  /** Of each of the part's hidden stages, the share of dead neurons in a batch times its images, summed over this epoch so far. */
  readonly dead: readonly number[];
}

/** A checkpoint of a part. */
export interface PartFile {
  readonly config: ExperimentConfig;
  readonly data: DataSummary;
  readonly position: PartPosition;
  /** As a whole checkpoint's, [class][height][width][channel] in units of pixel / 255, where the part has stage 1. */
  readonly classMeans: Float32Array | undefined;
  /** Tensors of the part's stages with AdamW's moments, in the order of a pair's. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** @throws BispikeError "training" when a value is not finite */
export function encodePart(
  nets: Stateful,
  about: { config: ExperimentConfig; data: DataSummary; position: PartPosition; classMeans?: Float32Array },
): Uint8Array {
  const tensors = exportState(nets, { optimiser: true });
  assertFinite(tensors, about.position.step);
  const { height, width, channels } = about.data.shape;
  const shape = [about.data.classNames.length, height, width, channels];
  if (about.classMeans) tensors.set(CLASS_MEANS, { dtype: "F32", shape, data: about.classMeans });
  return seal(PART_FILE, tensors, { ...about, config: modelConfig(about.config) });
}

/**
 * Reads a part's checkpoint. Untrusted bytes: every field checked.
 *
 * @param source file name for error messages
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 */
export function decodePart(bytes: Uint8Array, source: string): PartFile {
  return readSealed(bytes, source, (file) => {
    if (file.metadata.get("kind") !== PART_FILE.kind)
      throw new BispikeError("checkpoint", "is a safetensors file, but not a part of a pair");
    const { version, tensors, field } = unseal(file, PART_FILE);
    const own = new Map(tensors);
    own.delete(CLASS_MEANS);
    const said = field("config");
    const config = resolveConfig(version === 1 ? fromVersion1(said) : said);
    const data = checkData(field("data"));
    const position = checkPosition(version === 1 ? positionFromVersion1(field("position")) : field("position"));
    const classMeans = position.stages.first === 1 ? checkMeans(tensors.get(CLASS_MEANS), data) : undefined;
    return { config, data, position, classMeans, tensors: own };
  });
}

function checkMeans(means: Tensor | undefined, { classNames, shape }: DataSummary): Float32Array {
  const size = [classNames.length, shape.height, shape.width, shape.channels];
  if (means?.dtype === "F32" && means.shape.join() === size.join()) return means.data;
  throw new BispikeError("checkpoint", `tensor ${CLASS_MEANS}: expected F32 [${size.join(", ")}]`);
}

/** A position of version 1 in today's words; anything else is left for the check to refuse. */
function positionFromVersion1(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { silent, ...position } = value as { silent?: unknown };
  return { ...position, dead: silent };
}

function checkPosition(value: unknown): PartPosition {
  const position = value as PartPosition;
  const { first, last, of } = position?.stages ?? {};
  const counts = [position?.step, position?.epoch, position?.batch, position?.correct, first, last, of];
  const whole = counts.every((count) => Number.isInteger(count) && (count ?? -1) >= 0);
  const stages = last! - first! + 1;
  const numbers = (list: unknown): list is number[] => Array.isArray(list) && list.every(Number.isFinite);
  if (
    !whole ||
    !(1 <= first! && first! <= last! && last! <= of!) ||
    !(Array.isArray(position.losses) && position.losses.length === position.batch) ||
    !position.losses.every((losses) => numbers(losses) && losses.length === stages) ||
    !numbers(position.dead)
  ) {
    throw new BispikeError("checkpoint", "metadata position: expected the counters of a part's training");
  }
  return position;
}
