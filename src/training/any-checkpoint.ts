/** Checkpoints of either kind of experiment. */
import { BispikeError } from "../errors.ts";
import { type Checkpoint, IMAGE_FILE, readCheckpoint } from "./checkpoint.ts";
import { readSealed } from "./sealed.ts";
import { readSequenceCheckpoint, SEQUENCE_FILE, type SequenceCheckpoint } from "./sequence/checkpoint.ts";

export type AnyCheckpoint = Checkpoint | SequenceCheckpoint;

/** Whether a checkpoint is a sequence experiment's. */
export function isSequenceCheckpoint(checkpoint: AnyCheckpoint): checkpoint is SequenceCheckpoint {
  return "task" in checkpoint.config;
}

/**
 * As `decodeCheckpoint` and `decodeSequenceCheckpoint`, whichever fits.
 *
 * @param source file name for error messages
 * @throws BispikeError "checkpoint" for damaged or foreign files and newer versions
 */
export function decodeAnyCheckpoint(bytes: Uint8Array, source: string): AnyCheckpoint {
  return readSealed(bytes, source, (file) => {
    const kind = file.metadata.get("kind");
    if (kind === IMAGE_FILE.kind) return readCheckpoint(file);
    if (kind === SEQUENCE_FILE.kind) return readSequenceCheckpoint(file);
    throw new BispikeError("checkpoint", "is a safetensors file, but not a bispike checkpoint");
  });
}

/**
 * @throws BispikeError "checkpoint" unless it is a checkpoint of images
 */
export function assertImages(checkpoint: AnyCheckpoint, source: string): asserts checkpoint is Checkpoint {
  if (!isSequenceCheckpoint(checkpoint)) return;
  throw new BispikeError(
    "checkpoint",
    `${source}: expected a checkpoint of an image experiment, got one of sequences (task ${checkpoint.config.task})`,
  );
}

/**
 * @throws BispikeError "checkpoint" unless it is a checkpoint of sequences
 */
export function assertSequences(checkpoint: AnyCheckpoint, source: string): asserts checkpoint is SequenceCheckpoint {
  if (isSequenceCheckpoint(checkpoint)) return;
  throw new BispikeError(
    "checkpoint",
    `${source}: expected a checkpoint of a sequence experiment, got one of images (${checkpoint.data.name})`,
  );
}
