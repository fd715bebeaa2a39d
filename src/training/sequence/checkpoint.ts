/** Checkpoints of sequence experiments: as those of images (`../checkpoint.ts`), with the learner's tensors and a summary of the text or series. */
import { ofKind, requireArguments } from "../../arguments.ts";
import type { SequenceSummary } from "../../data/sequence/summary.ts";
import { BispikeError } from "../../errors.ts";
import type { SafetensorsFile, Tensor } from "../../export/safetensors.ts";
import type { SequenceLearner } from "../../learning/sequence/learner.ts";
import { modelConfig, without } from "../checkpoint.ts";
import { assertFinite, readSealed, seal, unseal } from "../sealed.ts";
import { fromVersion1 } from "../settings/settings.ts";
import { exportSlots } from "../slots.ts";
import type { Best } from "../trainable.ts";
import { checkSummary } from "./check-summary.ts";
import { resolveSequenceConfig, type SequenceConfig } from "./config.ts";

/** @internal */
export const SEQUENCE_FILE = { kind: "bispike-sequence", version: 1 } as const;

/** Where training stands: everything that is not a tensor. */
export interface SequencePosition {
  /** Optimiser steps done. */
  readonly step: number;
  /** Epoch under way, from 0. */
  readonly epoch: number;
  /** Batches of it done. */
  readonly batch: number;
  /** Sums over the positions of this epoch so far. */
  readonly sums: SequenceSums;
  /** Best score on the held-out part so far (accuracy, or minus the mean squared error) and its epoch; null before the first. */
  readonly best: Best | null;
}

export interface SequenceSums {
  readonly loss: number;
  /** Of the top stage: nats, or squared errors. */
  readonly topLoss: number;
  readonly correct: number;
  readonly positions: number;
}

/** A checkpoint of a sequence experiment. */
export interface SequenceCheckpoint {
  readonly version: number;
  readonly config: SequenceConfig;
  readonly data: SequenceSummary;
  readonly position: SequencePosition;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * Bytes of a checkpoint. The same training at the same step gives the same bytes, whatever the machine and the number of threads.
 *
 * @param about the configuration, the data's summary, and where training stands
 * @param options with `optimiser` all that training needs to go on, else what is needed to use the net
 * @throws BispikeError "training" when a value is not finite
 * @example
 * encodeSequenceCheckpoint(learner, { config, data: about, position }, { optimiser: true });
 */
export function encodeSequenceCheckpoint(
  learner: SequenceLearner,
  about: { config: SequenceConfig; data: SequenceSummary; position: SequencePosition },
  options: { optimiser: boolean },
): Uint8Array {
  requireArguments("encodeSequenceCheckpoint", {
    learner: ofKind("nets", learner),
    about: ofKind("otherState", about),
    options: ofKind("state", options),
  });
  const tensors = exportSlots(learner.slots(options.optimiser));
  assertFinite(tensors, about.position.step);
  const config = modelConfig(about.config);
  const rule = without(config.rule, { recallFeatures: "rate", affinity: "cosines" });
  return seal(SEQUENCE_FILE, tensors, { ...about, config: { ...config, rule } });
}

/**
 * Reads a checkpoint. Untrusted bytes: data only, every field checked.
 *
 * @param source file name for error messages. Default: "checkpoint"
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 * @example
 * const { config, data, tensors } = decodeSequenceCheckpoint(bytes, "best.safetensors");
 */
export function decodeSequenceCheckpoint(bytes: Uint8Array, source = "checkpoint"): SequenceCheckpoint {
  return readSealed(bytes, source, (file) => {
    if (file.metadata.get("kind") !== SEQUENCE_FILE.kind)
      throw new BispikeError(
        "checkpoint",
        "is a safetensors file, but not a checkpoint of a bispike sequence experiment",
      );
    return readSequenceCheckpoint(file);
  });
}

/** Checks every field of a file of this kind. */
export function readSequenceCheckpoint(file: SafetensorsFile): SequenceCheckpoint {
  const { version, tensors, field } = unseal(file, SEQUENCE_FILE);
  const config = resolveSequenceConfig(fromVersion1(field("config")));
  const data = checkSummary(field("data"));
  const expected = config.task === "next-character" ? "next" : config.task;
  if (data.task !== expected)
    throw new BispikeError("checkpoint", `metadata data: expected a summary of task ${config.task}, got ${data.task}`);
  return { version, config, data, position: checkPosition(field("position")), tensors };
}

function checkPosition(value: unknown): SequencePosition {
  const position = value as SequencePosition;
  const { sums, best } = position ?? {};
  const counts = [position?.step, position?.epoch, position?.batch, sums?.positions, sums?.correct];
  if (
    !counts.every((count) => Number.isInteger(count) && count! >= 0) ||
    !Number.isFinite(sums?.loss) ||
    !Number.isFinite(sums?.topLoss) ||
    !(best === null || (Number.isFinite(best?.score) && Number.isInteger(best?.epoch)))
  ) {
    throw new BispikeError("checkpoint", "metadata position: expected the counters of a training run");
  }
  return position;
}
