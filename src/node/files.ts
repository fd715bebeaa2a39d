/** What a folder of runs is read by: JSON objects, logs that may still be written, checksums of data, and failures of the file system in words. */
import { createHash } from "node:crypto";
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from "node:fs";
import type { Dataset } from "../data/dataset.ts";
import type { SequenceSet } from "../data/sequence/task.ts";
import { BispikeError } from "../errors.ts";

/**
 * @returns undefined when there is no such file
 * @throws BispikeError "checkpoint" when it holds anything but a JSON object
 */
export function readJsonObject(file: string): Readonly<Record<string, unknown>> | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new BispikeError("checkpoint", `${file}: expected JSON; remove the file to have it written anew`, { cause });
  }
  throw new BispikeError("checkpoint", `${file}: expected a JSON object; remove the file to have it written anew`);
}

// Reads logs of a line an event, which another process may be writing.

/** Far above any run's, below what a string holds. */
const MAX_BYTES = 2 ** 28;

/**
 * The whole lines of a file; a last one without its newline is still being written and left out.
 *
 * @param what the lines are, such as "metrics"
 * @throws BispikeError "checkpoint" when there are more than 256 MiB of them, "platform" when the file cannot be read
 * @example
 * wholeLines("runs/1/metrics.jsonl", "metrics").map((line) => JSON.parse(line));
 */
export function wholeLines(file: string, what: string): string[] {
  try {
    const descriptor = openSync(file, "r");
    try {
      const { size } = fstatSync(descriptor);
      if (size > MAX_BYTES)
        throw new BispikeError("checkpoint", `${file}: expected ${what} of at most ${MAX_BYTES} bytes, got ${size}`);
      return readFileSync(descriptor, "utf8").split("\n").slice(0, -1);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw systemFailure(error, "read", file);
  }
}

// Checksums of what data hold, whatever their files are called and however they are stored: moved, renamed or zipped they stay the same data.

/** SHA-256 of every pixel and label, training part and test part; names count for nothing. */
export function imagesContent({ shape, train, test }: Dataset): string {
  const { height, width, channels } = shape;
  const sizes = [height, width, channels, train.count, test.count];
  return sumOf(sizes, train.images, train.labels, test.images, test.labels);
}

/** SHA-256 of all inputs and targets, as symbols' numbers or standardised; what these mean a checkpoint knows. */
export function sequenceContent({ inputs, targets }: SequenceSet): string {
  const [read, said] = [inputs, targets].map((side) => (side.kind === "symbols" ? side.symbols : side.values));
  return sumOf([inputs.width, targets.width, read!.length], read!, said!);
}

function sumOf(about: readonly number[], ...arrays: readonly ArrayBufferView[]): string {
  const sum = createHash("sha256").update(JSON.stringify(about));
  for (const array of arrays) sum.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return sum.digest("hex");
}

// Failures of the file system outside of `durable.ts`, worded for a person.

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: "permission denied; make the folder writable or choose another one",
  EPERM: "operation not permitted; make the folder writable or choose another one",
  EROFS: "the file system is read-only; choose another folder",
  ENOSPC: "the disk is full; free some space or choose another folder",
  ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
  EEXIST: "a file of that name is in the way; choose another folder",
  ENOENT: "there is no such file or folder; check the path",
  ENAMETOOLONG: "the name is too long; choose a shorter one",
};

/** `cause` as a "platform" error when the system raised it; anything else is a fault of our own and is returned as it is. */
export function systemFailure(cause: unknown, doing: string, path: string): unknown {
  if (!(cause instanceof Error) || !("code" in cause) || cause instanceof BispikeError) return cause;
  const why = REMEDIES[String(cause.code)] ?? "the system refused; check the disk";
  return new BispikeError("platform", `cannot ${doing} ${path}: ${why} (${String(cause.code)})`, { cause });
}
