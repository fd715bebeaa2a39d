/** Failures of the file system outside of `durable.ts`, worded for a person. */
import { BispikeError } from "../errors.ts";

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
