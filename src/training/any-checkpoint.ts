/** Checkpoints of every kind of experiment. */
import { BispikeError } from "../errors.ts";
import { type ExperimentKind, experimentKind } from "./any-config.ts";
import { AUTOENCODER_FILE, type AutoencoderCheckpoint, readAutoencoderCheckpoint } from "./autoencoder/checkpoint.ts";
import { type Checkpoint, IMAGE_FILE, readCheckpoint } from "./checkpoint.ts";
import { trainsRecall } from "./image-rules.ts";
import { readSealed } from "./sealed.ts";
import { readSequenceCheckpoint, SEQUENCE_FILE, type SequenceCheckpoint } from "./sequence/checkpoint.ts";

/** A checkpoint of any kind of experiment. */
export type AnyCheckpoint = Checkpoint | SequenceCheckpoint | AutoencoderCheckpoint;

/** Whether a safetensors file that calls itself this is a checkpoint; exported weights are not, nor are other programs' files. */
export function isCheckpointKind(kind: string | undefined): boolean {
  return [IMAGE_FILE, SEQUENCE_FILE, AUTOENCODER_FILE].some((file) => file.kind === kind);
}

/** Whether a checkpoint is an image experiment's. */
export function isImageCheckpoint(checkpoint: AnyCheckpoint): checkpoint is Checkpoint {
  return experimentKind(checkpoint.config) === "images";
}

/** Whether a checkpoint is a sequence experiment's. */
export function isSequenceCheckpoint(checkpoint: AnyCheckpoint): checkpoint is SequenceCheckpoint {
  return experimentKind(checkpoint.config) === "sequences";
}

/** Whether a checkpoint is an autoencoder experiment's. */
export function isAutoencoderCheckpoint(checkpoint: AnyCheckpoint): checkpoint is AutoencoderCheckpoint {
  return experimentKind(checkpoint.config) === "autoencoder";
}

/**
 * As `decodeCheckpoint`, `decodeSequenceCheckpoint` and `decodeAutoencoderCheckpoint`, whichever fits.
 *
 * @param source file name for error messages. Default: "checkpoint"
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 * @example
 * const checkpoint = decodeAnyCheckpoint(readFileSync("best.safetensors"), "best.safetensors");
 * if (isSequenceCheckpoint(checkpoint)) checkpoint.data.window;
 */
export function decodeAnyCheckpoint(bytes: Uint8Array, source = "checkpoint"): AnyCheckpoint {
  return readSealed(bytes, source, (file) => {
    const kind = file.metadata.get("kind");
    if (kind === IMAGE_FILE.kind) return readCheckpoint(file);
    if (kind === SEQUENCE_FILE.kind) return readSequenceCheckpoint(file);
    if (kind === AUTOENCODER_FILE.kind) return readAutoencoderCheckpoint(file);
    throw new BispikeError("checkpoint", "is a safetensors file, but not a bispike checkpoint");
  });
}

/**
 * @throws BispikeError "checkpoint" unless it is a checkpoint of images
 */
export function assertImages(checkpoint: AnyCheckpoint, source: string): asserts checkpoint is Checkpoint {
  if (!isImageCheckpoint(checkpoint)) throw foreign("an image", checkpoint, source);
}

/**
 * @throws BispikeError "checkpoint" unless it is a checkpoint of sequences
 */
export function assertSequences(checkpoint: AnyCheckpoint, source: string): asserts checkpoint is SequenceCheckpoint {
  if (!isSequenceCheckpoint(checkpoint)) throw foreign("a sequence", checkpoint, source);
}

/**
 * @throws BispikeError "checkpoint" unless it is a checkpoint of an autoencoder
 */
export function assertAutoencoder(
  checkpoint: AnyCheckpoint,
  source: string,
): asserts checkpoint is AutoencoderCheckpoint {
  if (!isAutoencoderCheckpoint(checkpoint)) throw foreign("an autoencoder", checkpoint, source);
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

/** Commands that use a net of each kind; eval, inspect and plot take any. */
const COMMANDS: Readonly<Record<ExperimentKind, string>> = {
  // A rival on images has no recall, so the message names what any run of them can do.
  images: "bispike predict",
  sequences: "bispike recall, generate (texts) or forecast (series)",
  autoencoder: "bispike reconstruct or sample",
};

function foreign(expected: string, { config, data }: AnyCheckpoint, source: string): BispikeError {
  const kind = experimentKind(config);
  const got =
    kind === "images"
      ? `images (${data.name})`
      : kind === "sequences"
        ? `sequences (task ${"task" in config ? config.task : ""})`
        : `an autoencoder (${data.name})`;
  return new BispikeError(
    "checkpoint",
    `${source}: expected a checkpoint of ${expected} experiment, got one of ${got}; use it with ${COMMANDS[kind]}`,
  );
}
