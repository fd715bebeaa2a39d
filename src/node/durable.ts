/**
 * Files that survive a kill at any moment. All calls are synchronous, so that no second write of the same process can
 * come between the steps of the first. One process writes a target at a time.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { BispikeError, type ErrorCode } from "../errors.ts";

/** Bytes a write call: far below the 2 GiB the system takes at once. */
const CHUNK_BYTES = 1 << 26;

/** Lines are held in memory to be cut; a longer log is not one of ours. */
const MAX_LINES_BYTES = 1 << 29;

/** What each failure of the system means and what a person can do about it. */
const REMEDIES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ["platform", "the disk is full; free some space or choose another folder"],
  EDQUOT: ["platform", "the disk quota is used up; free some space or choose another folder"],
  EFBIG: ["platform", "the file is larger than this system allows; raise the limit (ulimit -f) or use another disk"],
  EACCES: ["platform", "permission denied; make the folder writable or choose another one"],
  EPERM: ["platform", "operation not permitted; make the folder writable or choose another one"],
  EROFS: ["platform", "the file system is read-only; choose another folder"],
  ENOENT: ["checkpoint", "the file or its folder does not exist; check the path or create the folder first"],
  ENOTDIR: ["checkpoint", "a part of the path is a file, not a folder; check the path"],
  EISDIR: ["checkpoint", "a folder of that name is in the way; check the path or move the folder"],
  ENAMETOOLONG: ["checkpoint", "the name is too long; choose a shorter one"],
};

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A failure of the system as a typed error; anything else is a fault of our own and passes through. */
function explained(error: unknown, doing: string, path: string): unknown {
  const code = codeOf(error);
  if (code === "" || error instanceof BispikeError) return error;
  const [kind, remedy] = REMEDIES[code] ?? (["platform", "the system refused; check the disk"] as const);
  return new BispikeError(kind, `cannot ${doing} ${path}: ${remedy} (${code})`, { cause: error });
}

/** Runs `use` on an open file and closes it. A failure to close counts only if `use` succeeded. */
function withFile<T>(path: string, flags: string, use: (file: number) => T): T {
  const file = openSync(path, flags);
  let result: T;
  try {
    result = use(file);
  } catch (error) {
    try {
      closeSync(file);
    } catch {
      // The first failure says more.
    }
    throw error;
  }
  closeSync(file);
  return result;
}

/** Makes a rename in `folder` outlast a power cut, where the system can do that. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return; // Folders cannot be opened there.
  try {
    withFile(folder, "r", fsyncSync);
  } catch (error) {
    // Some network file systems have no such call; the rename itself stands.
    if (!["EINVAL", "ENOTSUP", "ENOSYS"].includes(codeOf(error))) throw error;
  }
}

/** Names the machine, and on Linux the container, within which process ids mean something: folders are shared between hosts. */
const MACHINE = createHash("sha256").update(`${hostname()} ${processSpace()}`).digest("hex").slice(0, 8);

/** A write takes seconds. After so long another machine's is taken for dead. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;

function processSpace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return ""; // Not Linux: a host has one.
  }
}

/** The name of a temporary file: of which file, by which process, on which machine. */
const TEMPORARY = /^\.(.+)\.(\d{1,10})-([0-9a-f]{8})-[0-9a-f]{16}\.tmp$/;

/** Whether a name is that of a temporary file of `writeDurably`; for whoever looks at what a folder holds. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Removes temporary files of `path` whose writer was killed. Best effort: a file left over does no harm. */
function removeStale(path: string): void {
  const folder = dirname(path);
  try {
    for (const name of readdirSync(folder)) {
      const [, target, writer, machine] = TEMPORARY.exec(name) ?? [];
      if (target !== basename(path)) continue;
      // Our own id means an earlier process of the same id, as containers have: this one is between writes.
      const gone =
        machine === MACHINE
          ? Number(writer) === process.pid || !isAlive(Number(writer))
          : Date.now() - statSync(join(folder, name)).mtimeMs > STALE_MILLISECONDS;
      if (gone) rmSync(join(folder, name), { force: true });
    }
  } catch {
    // A folder that cannot be listed may still be written; if not, the write itself reports why.
  }
}

/**
 * Replaces a file as a whole: afterwards, and after a kill or power cut at any moment, `path` holds either its old bytes
 * or all the new ones. Steps: temporary file in the same folder (`.NAME.PROCESS-MACHINE-RANDOM.tmp`), write, fsync, rename, fsync
 * of the folder. On failure the temporary file is removed and the old file stays. A symbolic link is itself replaced.
 * A device or pipe (/dev/stdout, a shell's >(...)) is no file to replace: it is written to.
 *
 * @param path target file; its folder must exist
 * @param data bytes, or text written as UTF-8
 * @throws BispikeError "platform" (disk full, no permission, read-only) or "checkpoint" (the path cannot be a file)
 * @example
 * writeDurably("runs/1/last.safetensors", encodeSafetensors(tensors));
 */
export function writeDurably(path: string, data: Uint8Array | string): void {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  if (isStream(path)) {
    writeStream(path, bytes);
    return;
  }
  const folder = dirname(path);
  removeStale(path);
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${MACHINE}-${randomBytes(8).toString("hex")}.tmp`);
  try {
    withFile(temporary, "wx", (file) => {
      writeAll(file, bytes);
      fsyncSync(file);
    });
    renameSync(temporary, path);
    syncFolder(folder);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // The next write of this target tries again; the first failure says more.
    }
    throw explained(error, "write", path);
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at));
}

/** Where the system's own links lead, such as /dev/stdout, may be a file that others have open. */
const SYSTEM_FOLDERS = /^\/(dev|proc)(\/|$)/;

/** Whether a path is that of a device, a pipe or one of the system's links: as a file in its place it would be lost, to all of the machine. */
function isStream(path: string): boolean {
  try {
    const kind = statSync(path);
    if (kind.isDirectory()) return false;
    return !kind.isFile() || (lstatSync(path).isSymbolicLink() && SYSTEM_FOLDERS.test(realpathSync(dirname(path))));
  } catch {
    return false; // Not there; or the write itself reports what is wrong.
  }
}

/** Of this process: a file that one of them was sent to goes on where the last line ended, which a second opening would not. */
const OWN_STREAMS: Readonly<Record<string, number>> = { "/dev/stdout": 1, "/dev/stderr": 2 };

function writeStream(path: string, bytes: Uint8Array): void {
  const own = OWN_STREAMS[path];
  try {
    if (own !== undefined && fstatSync(own).isFile()) writeAll(own, bytes);
    else withFile(path, "a", (file) => writeAll(file, bytes));
  } catch (error) {
    throw explained(error, "write", path);
  }
}

/**
 * Adds one JSON line to a log such as `metrics.jsonl`, creating the file if need be, in a single write call. The line
 * outlasts a kill; a power cut only once the file was synced, as `RunFolder.save` does before a checkpoint.
 *
 * @throws BispikeError "platform" or "checkpoint" as `writeDurably`
 * @example
 * appendLine("runs/1/metrics.jsonl", { step: 100, loss: 0.25 });
 */
export function appendLine(path: string, value: object): void {
  const line = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
  try {
    const written = withFile(path, "a", (file) => writeSync(file, line));
    if (written < line.length) {
      const message = `cannot add to ${path}: only ${written} of ${line.length} bytes were written; is the disk full?`;
      throw new BispikeError("platform", message);
    }
  } catch (error) {
    throw explained(error, "add to", path);
  }
}

/**
 * Has the system put a file's bytes on the disk.
 *
 * @throws BispikeError "platform" or "checkpoint" as `writeDurably`
 */
export function syncFile(path: string): void {
  try {
    withFile(path, "r+", fsyncSync);
  } catch (error) {
    throw explained(error, "sync", path);
  }
}

/** Where the lines to keep end, in bytes, and how many there are. A last line without its newline is torn. */
function keptPart(path: string, bytes: Uint8Array, keepWhile: (parsed: unknown) => boolean): [number, number] {
  const decoder = new TextDecoder();
  let [begin, kept] = [0, 0];
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, begin)) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(decoder.decode(bytes.subarray(begin, end)));
    } catch (cause) {
      if (end === bytes.length - 1) break; // Torn too: a power cut can leave blocks of zeros.
      const remedy = "remove that line, or move the file away to start a new one";
      throw new BispikeError("checkpoint", `${path}: line ${kept + 1} is not JSON; ${remedy}`, { cause });
    }
    if (!keepWhile(parsed)) break;
    begin = end + 1;
    kept++;
  }
  return [begin, kept];
}

/**
 * Cuts a log of JSON lines on resume: keeps the lines before the first one `keepWhile` refuses, and drops that one, all
 * after it, and a last line that was torn by a kill. The file is shortened in place and synced, so kept lines are never
 * at risk. A missing file has no lines.
 *
 * @returns how many lines were kept
 * @throws BispikeError "checkpoint" when a line before the last is not JSON or the file passes 512 MiB, "platform" when
 * the file cannot be changed
 * @example
 * truncateLines("runs/1/metrics.jsonl", (line) => (line as { step: number }).step < resumedStep);
 */
export function truncateLines(path: string, keepWhile: (parsed: unknown) => boolean): number {
  try {
    return withFile(path, "r+", (file) => {
      const { size } = fstatSync(file);
      if (size > MAX_LINES_BYTES) {
        throw new BispikeError("checkpoint", `${path}: ${size} bytes, expected a log of at most ${MAX_LINES_BYTES}`);
      }
      const [end, kept] = keptPart(path, readFileSync(file), keepWhile);
      if (end < size) {
        ftruncateSync(file, end);
        fsyncSync(file);
      }
      return kept;
    });
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw explained(error, "cut", path);
  }
}
