/** `bispike train --init`: the weights a run starts from. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { xxHash32 } from "../../engine/checksum.ts";
import { BispikeError } from "../../errors.ts";
import { decodeSafetensors } from "../../export/safetensors.ts";
import { decodeWeights, WEIGHTS_KIND } from "../../export/weights.ts";
import { openAnyCheckpoint } from "../../node/open.ts";
import { systemFailure } from "../../node/system-failure.ts";
import { importSlots } from "../../training/slots.ts";
import type { Job } from "./job.ts";

/** What a run's environment keeps of the weights it began with. */
export interface InitialWeights {
  readonly file: string;
  /** xxHash32 of its bytes. */
  readonly checksum: string;
}

const MAX_BYTES = 4 * 2 ** 30 - 1;

/**
 * Puts the weights of a file into a job's nets: a checkpoint (or a run's folder, its best), or weights in PyTorch's layout.
 *
 * @throws BispikeError "checkpoint" that names the tensor which is missing, unknown or of another shape
 */
export function startFrom(path: string, job: Job): InitialWeights {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? openAnyCheckpoint(path).file : path;
  const bytes = read(file);
  if (isCheckpoint(bytes)) {
    try {
      importSlots(job.slots(), openAnyCheckpoint(file).checkpoint.tensors);
    } catch (cause) {
      if (!(cause instanceof BispikeError) || cause.message.startsWith(file)) throw cause;
      throw new BispikeError(cause.code, `${file}: ${cause.message}`, { cause });
    }
  } else decodeWeights(bytes, file, job.slots());
  return { file: resolve(file), checksum: xxHash32(bytes, 0).toString(16).padStart(8, "0") };
}

/** The same for a run that was killed before its first checkpoint, by what its environment says. */
export function startAgain(recorded: unknown, job: Job): void {
  const { file, checksum } = recorded as Partial<InitialWeights>;
  if (typeof file !== "string")
    throw new BispikeError("checkpoint", "environment.json: init: expected file and checksum");
  const found = startFrom(file, job).checksum;
  if (found !== checksum)
    throw new BispikeError(
      "checkpoint",
      `${file}: its checksum is ${found}, but the run began with ${checksum}; put the file back, or train anew`,
    );
}

function read(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > MAX_BYTES)
      throw new BispikeError("checkpoint", `${file}: expected weights of less than 4 GiB, got ${size} bytes`);
    return readFileSync(file);
  } catch (error) {
    throw error instanceof BispikeError ? error : systemFailure(error, "read", file);
  }
}

/** Whether a file is one of our checkpoints; damage is reported when it is read. */
function isCheckpoint(bytes: Uint8Array): boolean {
  try {
    const kind = decodeSafetensors(bytes).metadata.get("kind");
    return kind !== WEIGHTS_KIND && (kind?.startsWith("bispike-") ?? false);
  } catch (error) {
    if (error instanceof BispikeError) return false;
    throw error;
  }
}
