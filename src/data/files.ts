/** Reading the files of a data set under limits, and the record of what was read. Node only. */
import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { BispikeError } from "../errors.ts";
import type { FileRecord } from "./dataset.ts";
import type { DataSource, KnownSet, Listing, PicturesRecord } from "./source.ts";

const GIBIBYTE = 2 ** 30;
/** No file larger than this is read. */
const MAX_FILE_BYTES = 2 * GIBIBYTE;
/** All files of a data set, decompressed, or all pictures, decoded. */
const MAX_TOTAL_BYTES = 4 * GIBIBYTE;

const MD5_DIGITS = 32;

const REASONS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "there is no such file or folder"],
  ["ENOTDIR", "expected a folder, got a file"],
  ["EISDIR", "expected a file, got a folder"],
]);

/**
 * An error of the file system as one a person can act on.
 *
 * @param option that named the path
 */
export function unreadable(path: string, cause: unknown, option = "data.path"): BispikeError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const reason = REASONS.get(code) ?? `it cannot be read (${code})`;
  return new BispikeError("data", `${path}: ${reason}; check ${option}`, { cause });
}

/**
 * Files and folders in `folder`, hidden ones left out.
 *
 * @param option that named the folder, for messages
 * @throws BispikeError "data" when it is no readable folder
 */
export async function listFolder(folder: string, option?: string): Promise<Listing> {
  const files: string[] = [];
  const folders: string[] = [];
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name.startsWith(".")) continue;
      const found = entry.isSymbolicLink() ? await stat(join(folder, entry.name)) : entry;
      if (found.isDirectory()) folders.push(entry.name);
      else if (found.isFile()) files.push(entry.name);
    }
  } catch (cause) {
    throw unreadable(folder, cause, option);
  }
  return { files: files.sort(), folders: folders.sort() };
}

/**
 * All bytes of a regular file.
 *
 * @param limit most bytes; default 2 GiB
 * @param option that named the path, for messages
 * @throws BispikeError "data" above the limit, or when it cannot be read
 */
export async function readBytes(path: string, limit = MAX_FILE_BYTES, option?: string): Promise<Uint8Array> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const { size } = await handle.stat();
    if (size > limit) {
      throw new BispikeError("data", `${path}: expected at most ${limit} bytes, found ${size}`);
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      // One read call moves at most 2^31 - 1 bytes.
      const { bytesRead } = await handle.read(bytes, at, Math.min(size - at, GIBIBYTE), at);
      if (bytesRead === 0) throw new BispikeError("data", `${path}: the file became shorter while it was read`);
      at += bytesRead;
    }
    return bytes;
  } catch (cause) {
    throw cause instanceof BispikeError ? cause : unreadable(path, cause, option);
  } finally {
    await handle?.close();
  }
}

/** Reads the files of one data set and keeps the account: size, checksum, and whether it is the published content. */
export class DataFiles implements DataSource {
  readonly folder: string;
  readonly maxTotal: number;
  readonly #option: string | undefined;
  readonly #records: FileRecord[] = [];
  readonly #named: boolean;
  /** The known sets that all files read so far belong to. */
  #candidates: readonly KnownSet[];
  readonly #known: readonly KnownSet[];
  #left: number;

  /**
   * @param known the sets to compare with
   * @param named whether the user said that it is the (one) known set
   * @param maxTotal most bytes of all files, decompressed; default 4 GiB
   * @param option that named the folder, for messages
   */
  constructor(
    folder: string,
    known: readonly KnownSet[],
    named: boolean,
    { maxTotal = MAX_TOTAL_BYTES, option }: { readonly maxTotal?: number; readonly option?: string } = {},
  ) {
    this.folder = folder;
    this.maxTotal = maxTotal;
    this.#known = known;
    this.#candidates = known;
    this.#named = named;
    this.#option = option;
    this.#left = maxTotal;
  }

  get records(): readonly FileRecord[] {
    return this.#records;
  }

  /** The known set whose content was found, in every file. */
  get recognised(): KnownSet | undefined {
    return this.#records.length > 0 ? this.#candidates[0] : undefined;
  }

  /**
   * Reads a file, decompressing `.gz`.
   *
   * @param role the key of its published checksum; without one the file is not compared and not recorded
   * @throws BispikeError "data" above 2 GiB (also decompressed), above 4 GiB in all, or for a damaged `.gz`
   */
  async read(file: string, role?: string): Promise<Uint8Array> {
    const path = join(this.folder, file);
    const stored = await readBytes(path, MAX_FILE_BYTES, this.#option);
    const content = file.toLowerCase().endsWith(".gz")
      ? gunzip(stored, path, Math.min(this.#left, MAX_FILE_BYTES))
      : stored;
    if (content.length > this.#left) {
      throw new BispikeError("data", `${path}: with this file the data set has more bytes in all than may be read`);
    }
    this.#left -= content.length;
    if (role !== undefined) this.#record(file, role, stored, content);
    return content;
  }

  list(folder: string): Promise<Listing> {
    return listFolder(join(this.folder, folder), this.#option);
  }

  readStored(file: string): Promise<Uint8Array> {
    return readBytes(join(this.folder, file), MAX_FILE_BYTES, this.#option);
  }

  /** The record's checksum is over each picture's path, length and bytes, in order. */
  recordPictures(name: string): PicturesRecord {
    const sum = createHash("sha256");
    let bytes = 0;
    return {
      add: (file, stored) => {
        sum.update(`${file}\0${stored.length}\0`).update(stored);
        bytes += stored.length;
      },
      end: () => this.#records.push({ file: name, bytes, sha256: sum.digest("hex"), verified: "unknown" }),
    };
  }

  #record(file: string, role: string, stored: Uint8Array, content: Uint8Array): void {
    const hashes = new Map<string, string>();
    const hashOf = (algorithm: "md5" | "sha256"): string => {
      const value = hashes.get(algorithm) ?? hash(algorithm, content);
      hashes.set(algorithm, value);
      return value;
    };
    const matching = this.#known.filter((set) => {
      const digest = set.digests.get(role);
      return digest !== undefined && digest === hashOf(digest.length === MD5_DIGITS ? "md5" : "sha256");
    });
    this.#candidates = this.#candidates.filter((set) => matching.includes(set));
    const comparable = this.#named && this.#known.some((set) => set.digests.has(role));
    this.#records.push({
      file,
      bytes: stored.length,
      sha256: stored === content ? hashOf("sha256") : hash("sha256", stored),
      verified: matching.length > 0 ? true : comparable ? false : "unknown",
    });
  }
}

/** Lower-case hexadecimal digest of bytes. */
export function hash(algorithm: "md5" | "sha256", bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

function gunzip(bytes: Uint8Array, path: string, limit: number): Uint8Array {
  try {
    const content = gunzipSync(bytes, { maxOutputLength: Math.max(limit, 1) });
    return new Uint8Array(content.buffer, content.byteOffset, content.length);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const reason =
      code === "ERR_BUFFER_TOO_LARGE"
        ? `decompresses to more than the ${limit} bytes it may have`
        : `the gzip file is damaged or truncated (${code})`;
    throw new BispikeError("data", `${path}: ${reason}`, { cause });
  }
}
