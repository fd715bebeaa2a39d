/** A lock on a folder: one process at a time writes there. */

import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { BispikeError } from "../errors.ts";
import { systemFailure } from "./files.ts";

/** The lock's file in the folder it guards. */
export const LOCK_FILE = "run.lock";

/** A stale lock takes two attempts; more are needed only when several processes come at once. */
const MOST_ATTEMPTS = 5;

/** Locks of this process: their id alone could be an earlier process's, as ids in containers repeat. */
const held = new Set<string>();

/**
 * Takes the lock of a folder. A lock whose process is gone (killed, power cut) is taken over. It keeps processes apart, not the worker threads of one.
 *
 * @returns gives the lock back; it is also given back when the process exits
 * @throws BispikeError "usage" while another process holds it, "platform" when the folder cannot be written
 * @example
 * const release = lockFolder("runs/mnist-mlp-seed1");
 */
export function lockFolder(folder: string): () => void {
  // One spelling of the folder, whichever was given: a second lock of this process is refused by it.
  const file = resolve(folder, LOCK_FILE);
  const own = `${process.pid} ${hostname()} ${randomBytes(8).toString("hex")}\n`;
  if (held.has(file)) throw inUse(folder, file, own);
  for (let attempt = 0; !claim(file, own); attempt++) {
    const found = readLock(file);
    if (attempt >= MOST_ATTEMPTS || (found !== undefined && isLive(found))) throw inUse(folder, file, found ?? "");
    if (found !== undefined) dropStale(file, found);
  }
  held.add(file);
  const release = () => {
    if (!held.delete(file)) return;
    process.off("exit", release);
    if (readLock(file) === own) rmSync(file, { force: true });
  };
  process.on("exit", release);
  return release;
}

/** The process that holds a folder. */
export interface LockOwner {
  readonly process: number;
  readonly host: string;
}

/**
 * Who holds a folder's lock; undefined for nobody, or a process of this machine that is gone. Of another machine's nothing more is known.
 *
 * @example
 * lockOwner("runs/mnist-mlp-seed1"); // { process: 4711, host: "node3" }
 */
export function lockOwner(folder: string): LockOwner | undefined {
  const found = readLock(join(folder, LOCK_FILE));
  if (found === undefined || !isLive(found)) return undefined;
  const [id, host = ""] = found.trim().split(" ");
  return { process: Number(id), host };
}

/** Makes the lock with its content in one step, so that nobody sees it empty. False when there is one already. */
function claim(file: string, content: string): boolean {
  const draft = `${file}.${randomBytes(8).toString("hex")}`;
  try {
    writeFileSync(draft, content, { flag: "wx" });
    linkOrWrite(draft, file, content);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw systemFailure(error, "write in", file);
  } finally {
    forget(draft);
  }
}

/** Removes what may not be there; a failure to is no reason of its own, and would hide the one there is. */
function forget(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // As where the folder is a file.
  }
}

/** File systems without hard links (exFAT, some network shares) get a file that is empty for a moment. */
function linkOrWrite(draft: string, file: string, content: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw error;
    writeFileSync(file, content, { flag: "wx" });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Moves a dead process's lock away. Another process may have done the same and locked since: its lock is put back. */
function dropStale(file: string, stale: string): void {
  const aside = `${file}.${randomBytes(8).toString("hex")}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // Already gone.
  }
  try {
    const found = readLock(aside);
    if (found !== undefined && found !== stale) linkOrWrite(aside, file, found);
  } catch {
    // A third process holds the lock by now; the next attempt finds it.
  } finally {
    forget(aside);
  }
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Whether the lock's process may still run; of another machine's nothing is known. */
function isLive(content: string): boolean {
  const [id, host] = content.trim().split(" ");
  if (host !== hostname()) return host !== undefined;
  const processId = Number(id);
  if (!Number.isInteger(processId) || processId < 1 || processId === process.pid) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

function inUse(folder: string, file: string, content: string): BispikeError {
  const [id, host] = content.trim().split(" ");
  const where = host === hostname() || host === undefined ? "" : ` on ${host}`;
  return new BispikeError(
    "usage",
    `${folder}: process ${id || "?"}${where} is training in this folder; wait for it, choose another folder with --out, or remove ${file} if that process is gone`,
  );
}
