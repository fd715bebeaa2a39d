/** Checkpoints with something changed on purpose. */
import { encodeSafetensors, type Tensor } from "../../src/formats/safetensors.ts";
import { checksum } from "../../src/training/sealed.ts";

/** Bytes of a checkpoint with a checksum that fits, as a program that means every word of it would write. */
export function sealed(tensors: ReadonlyMap<string, Tensor>, metadata: ReadonlyMap<string, string>): Uint8Array {
  return encodeSafetensors(tensors, { ...Object.fromEntries(metadata), checksum: checksum(tensors, metadata) });
}
