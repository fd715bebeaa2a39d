/** Checkpoints of autoencoder experiments: as those of images (`../checkpoint.ts`), with the learner's tensors. */

import * as z from "zod";
import { ofKind, requireArguments } from "../../arguments.ts";
import { BispikeError } from "../../errors.ts";
import type { SafetensorsFile, Tensor } from "../../export/safetensors.ts";
import type { AutoencoderLearner } from "../../learning/autoencoder/learner.ts";
import type { DataSummary } from "../../network/model.ts";
import { checkData, modelConfig } from "../checkpoint.ts";
import { assertFinite, readSealed, seal, unseal } from "../sealed.ts";
import { fromVersion1 } from "../settings/settings.ts";
import { exportSlots } from "../slots.ts";
import type { Place } from "../trainable.ts";
import { type AutoencoderConfig, resolveAutoencoderConfig } from "./config.ts";

/** @internal */
export const AUTOENCODER_FILE = { kind: "bispike-autoencoder", version: 1 } as const;

/** Where training stands: everything that is not a tensor. The best score is minus the mean squared error of perception's held-out drawings. */
export interface AutoencoderPosition extends Place {
  /** Sums over the images of this epoch so far. */
  readonly sums: AutoencoderSums;
}

/** Figures of a batch, times its images. */
export interface AutoencoderSums {
  readonly images: number;
  readonly loss: number;
  /** Of either end's loss. */
  readonly perceptionLoss: number;
  readonly recallLoss: number;
  /** One a hidden stage. */
  readonly silent: readonly number[];
  readonly perceptionRates: readonly number[];
  readonly recallRates: readonly number[];
}

/** A checkpoint of an autoencoder experiment. */
export interface AutoencoderCheckpoint {
  readonly version: number;
  readonly config: AutoencoderConfig;
  readonly data: DataSummary;
  readonly position: AutoencoderPosition;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const count = z.int().min(0);
const numbers = z.array(z.number()).max(200);
const positionSchema = z.strictObject({
  step: count,
  epoch: count,
  batch: count,
  best: z.strictObject({ score: z.number(), epoch: count }).nullable(),
  sums: z.strictObject({
    images: count,
    loss: z.number(),
    perceptionLoss: z.number(),
    recallLoss: z.number(),
    silent: numbers,
    perceptionRates: numbers,
    recallRates: numbers,
  }),
}) satisfies z.ZodType<AutoencoderPosition>;

/**
 * Bytes of a checkpoint. The same training at the same step gives the same bytes, whatever the machine and the number of threads.
 *
 * @param about the configuration, the data's summary, and where training stands
 * @param options with `optimiser` all that training needs to go on, else what is needed to use the net
 * @throws BispikeError "training" when a value is not finite
 * @example
 * encodeAutoencoderCheckpoint(learner, { config, data: model.data, position }, { optimiser: true });
 */
export function encodeAutoencoderCheckpoint(
  learner: AutoencoderLearner,
  about: { config: AutoencoderConfig; data: DataSummary; position: AutoencoderPosition },
  options: { optimiser: boolean },
): Uint8Array {
  requireArguments("encodeAutoencoderCheckpoint", {
    learner: ofKind("nets", learner),
    about: ofKind("otherState", about),
    options: ofKind("state", options),
  });
  const tensors = exportSlots(learner.slots(options.optimiser));
  assertFinite(tensors, about.position.step);
  return seal(AUTOENCODER_FILE, tensors, { ...about, config: modelConfig(about.config) });
}

/**
 * Reads a checkpoint. Untrusted bytes: data only, every field checked.
 *
 * @param source file name for error messages. Default: "checkpoint"
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 * @example
 * const { config, data, tensors } = decodeAutoencoderCheckpoint(bytes, "best.safetensors");
 */
export function decodeAutoencoderCheckpoint(bytes: Uint8Array, source = "checkpoint"): AutoencoderCheckpoint {
  return readSealed(bytes, source, (file) => {
    if (file.metadata.get("kind") !== AUTOENCODER_FILE.kind)
      throw new BispikeError("checkpoint", "is a safetensors file, but not a checkpoint of a bispike autoencoder");
    return readAutoencoderCheckpoint(file);
  });
}

/** Checks every field of a file of this kind. */
export function readAutoencoderCheckpoint(file: SafetensorsFile): AutoencoderCheckpoint {
  const { version, tensors, field } = unseal(file, AUTOENCODER_FILE);
  const config = resolveAutoencoderConfig(fromVersion1(field("config")));
  const data = checkData(field("data"));
  const position = positionSchema.safeParse(field("position"));
  if (!position.success) {
    const where = position.error.issues[0]!.path.join(".");
    throw new BispikeError(
      "checkpoint",
      `metadata position: expected the counters of a training run${where === "" ? "" : `; ${where} is none of one`}`,
    );
  }
  return { version, config, data, position: position.data, tensors };
}
