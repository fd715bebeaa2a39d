/** Reads what sealed.ts writes. Apart from it, so that a page which only trains need not load a reader. */
import { BispikeError } from "../errors.ts";
import { decodeSafetensors, type SafetensorsFile, type Tensor } from "../formats/safetensors.ts";
import { assertRegistered } from "./plugins.ts";
import { checksum, type FileKind, type SealedFields } from "./sealed.ts";

/** A sealed file whose seal is whole; its fields are still to be checked. */
export interface Unsealed {
  readonly version: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly field: (name: keyof SealedFields) => unknown;
}

/**
 * Checks kind, version and checksum, and that what plugins registered for it is there.
 *
 * @throws BispikeError "checkpoint"
 */
export function unseal({ tensors, metadata }: SafetensorsFile, expected: FileKind): Unsealed {
  const version = Number(metadata.get("version"));
  if (!Number.isInteger(version) || version < 1)
    throw new BispikeError("checkpoint", `unknown version ${metadata.get("version")}`);
  if (version > expected.version) {
    throw new BispikeError(
      "checkpoint",
      `has version ${version}, this bispike reads up to ${expected.version}: update bispike`,
    );
  }
  const sum = metadata.get("checksum");
  const found = checksum(tensors, metadata);
  if (found !== sum) {
    throw new BispikeError(
      "checkpoint",
      `is damaged: its checksum is ${found}, expected ${sum}; use another checkpoint of the run`,
    );
  }
  const field = (name: keyof SealedFields | "plugins"): unknown => {
    try {
      return JSON.parse(metadata.get(name) ?? "");
    } catch (cause) {
      throw new BispikeError("checkpoint", `metadata ${name} is not JSON`, { cause });
    }
  };
  if (metadata.has("plugins")) assertRegistered(field("plugins"));
  return { version, tensors, field };
}

/**
 * Reads a file with `use`, and puts its name before every complaint.
 *
 * @param source file name for error messages
 */
export function readSealed<T>(bytes: Uint8Array, source: string, use: (file: SafetensorsFile) => T): T {
  try {
    return use(decodeSafetensors(bytes));
  } catch (error) {
    if (error instanceof BispikeError)
      throw new BispikeError("checkpoint", `${source}: ${error.message}`, { cause: error });
    throw error;
  }
}
