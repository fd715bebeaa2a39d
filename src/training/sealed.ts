/**
 * Files that hold a trained net: safetensors whose metadata say what kind of file it is, which version, and everything that is no tensor, with a
 * checksum over all of it. Every kind of checkpoint is one.
 */
import { xxHash32 } from "../engine/checksum.ts";
import { BispikeError } from "../errors.ts";
import type { Tensor } from "../formats/safetensors-tensor.ts";
import { encodeSafetensors } from "../formats/safetensors-write.ts";
import { pluginsUsed } from "./plugins.ts";

/** What a kind of sealed file calls itself. */
export interface FileKind {
  /** Stands in the metadata. */
  readonly kind: string;
  /** Version this library writes. Older ones are read for as long as the library lives; newer ones are refused. */
  readonly version: number;
}

/** Metadata that are JSON, by name. */
export interface SealedFields {
  /** Absent in files of version 1, and in those of parts. */
  readonly problem?: string;
  readonly config: object;
  readonly data: object;
  readonly position: { readonly step: number };
}

/**
 * Bytes of a file. The same contents give the same bytes.
 *
 * @throws BispikeError "training" when a tensor holds a value that is not finite: nothing is worth being kept then
 */
export function seal(
  { kind, version }: FileKind,
  tensors: ReadonlyMap<string, Tensor>,
  fields: SealedFields,
): Uint8Array {
  const plugins = pluginsUsed(fields.config);
  const metadata = {
    kind,
    version: String(version),
    ...(fields.problem === undefined ? {} : { problem: JSON.stringify(fields.problem) }),
    config: JSON.stringify(fields.config),
    data: JSON.stringify(fields.data),
    position: JSON.stringify(fields.position),
    ...(plugins.length === 0 ? {} : { plugins: JSON.stringify(plugins) }),
  };
  return encodeSafetensors(tensors, { ...metadata, checksum: checksum(tensors, new Map(Object.entries(metadata))) });
}

/** @throws BispikeError "training" that names a tensor with a value that is not finite */
export function assertFinite(tensors: ReadonlyMap<string, Tensor>, step: number): void {
  for (const [name, { data }] of tensors) {
    if ((data as Float32Array).some((value) => !Number.isFinite(value))) {
      throw new BispikeError(
        "training",
        `${name} holds values that are not finite at step ${step}, so that step was not saved; lower train.learningRate`,
      );
    }
  }
}

/**
 * xxHash32 chained over the metadata and the tensors' names, shapes and bytes, so that a flipped bit is found when the file is read.
 *
 * @internal
 */
export function checksum(tensors: ReadonlyMap<string, Tensor>, metadata: ReadonlyMap<string, string>): string {
  const encoder = new TextEncoder();
  let hash = 0;
  // Files without these are older than they are, and keep their checksum.
  const later = ["problem", "plugins"].filter((key) => metadata.has(key));
  for (const key of ["version", "config", "data", "position", ...later])
    hash = xxHash32(encoder.encode(metadata.get(key) ?? ""), hash);
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash = xxHash32(encoder.encode(`${name} ${shape.join()}`), hash);
    hash = xxHash32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), hash);
  }
  return hash.toString(16).padStart(8, "0");
}
