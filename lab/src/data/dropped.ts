/**
 * Files a person dropped in, as a data set: read by the library's own readers, under limits that a browser tab bears. Loaded when somebody drops
 * something.
 */
import type { Dataset } from "../../../src/data/dataset.ts";
import { gunzipBounded } from "../../../src/data/inflate.ts";
import { readDataset } from "../../../src/data/read.ts";
import type { DataSource, Listing, PicturesRecord } from "../../../src/data/source.ts";
import { isZip, listZip, readZipEntry } from "../../../src/data/zip.ts";
import { BispikeError } from "../../../src/errors.ts";
import { MAX_DROPPED } from "./limits.ts";

/** A file and its place in what was dropped, with "/". */
export interface DroppedFile {
  readonly path: string;
  readonly file: Blob;
}

/** Most bytes of a file, and of all files or pictures, decompressed: 1 GiB. */
const MAX_DROPPED_BYTES = 2 ** 30;
/** Most bytes of one file in a zip file: IDX and CIFAR files are up to 47 and 180 MB. */
const MAX_ENTRY_BYTES = 2 ** 28;

/** Folders around all the others that are looked through. */
const MAX_OUTER = 4;

/** Limits, lower in tests. */
export interface DroppedLimits {
  readonly total?: number;
  readonly entry?: number;
}

/** A file at hand, read when it is needed. */
interface Stored {
  readonly size: number;
  read(): Promise<Uint8Array>;
}

/**
 * Reads a data set from dropped files: one zip file, or the files themselves (IDX, CIFAR, SVHN; a folder of pictures a class).
 *
 * @param name what was dropped, for messages and as the data set's name
 * @throws BispikeError "data", in the command line's words
 * @example
 * await readDropped("pictures.zip", [{ path: "pictures.zip", file }]);
 */
export async function readDropped(
  name: string,
  dropped: readonly DroppedFile[],
  { total = MAX_DROPPED_BYTES, entry = MAX_ENTRY_BYTES }: DroppedLimits = {},
): Promise<Dataset> {
  if (dropped.length > MAX_DROPPED)
    throw new BispikeError("data", `${name}: expected at most ${MAX_DROPPED} files, got ${dropped.length}`);
  const archive = await onlyZip(name, dropped, total);
  const found = archive ? unzipped(name, archive, entry) : plainFiles(name, dropped, total);
  const files = withoutOuterFolder(found);
  const source = new DroppedFiles(name, files, total);
  return readDataset(name, await source.list(""), () => source, {
    name: undefined,
    label: name.replace(/\.zip$/i, ""),
  });
}

/** The bytes of a zip file that is all there is. */
async function onlyZip(name: string, dropped: readonly DroppedFile[], limit: number): Promise<Uint8Array | null> {
  const first = dropped[0];
  if (!first) throw new BispikeError("data", `${name}: expected files, got none`);
  const zips = dropped.filter(({ path }) => /\.zip$/i.test(path));
  if (zips.length > 0 && dropped.length > 1)
    throw new BispikeError("data", `${name}: expected one zip file or the files themselves, got both or several`);
  const starts = dropped.length === 1 && isZip(new Uint8Array(await first.file.slice(0, 4).arrayBuffer()));
  return starts || zips.length > 0 ? await bytesOf(first, limit) : null;
}

function unzipped(name: string, archive: Uint8Array, limit: number): Map<string, Stored> {
  const files = new Map<string, Stored>();
  for (const entry of listZip(archive, name, MAX_DROPPED)) {
    const path = plainPath(name, entry.name);
    if (path !== null)
      files.set(path, { size: entry.originalSize, read: async () => readZipEntry(archive, entry, limit, name) });
  }
  return files;
}

function plainFiles(name: string, dropped: readonly DroppedFile[], limit: number): Map<string, Stored> {
  const files = new Map<string, Stored>();
  for (const one of dropped) {
    const path = plainPath(name, one.path);
    if (path !== null) files.set(path, { size: one.file.size, read: () => bytesOf(one, limit) });
  }
  return files;
}

async function bytesOf({ path, file }: DroppedFile, limit: number): Promise<Uint8Array> {
  if (file.size > limit) throw new BispikeError("data", `${path}: expected at most ${limit} bytes, found ${file.size}`);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    throw new BispikeError("data", `${path}: cannot be read; it may have been moved or changed since`, { cause });
  }
}

/** Null for what systems leave in folders and archives: hidden files, resource forks. */
function plainPath(name: string, path: string): string | null {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes(".."))
    throw new BispikeError("data", `${name}: ${JSON.stringify(path)}: a path with .. is refused`);
  return parts.some((part) => part.startsWith(".") || part === "__MACOSX") ? null : parts.join("/");
}

/** An archive or a dropped folder often has all it holds in one folder more, which names no class. */
function withoutOuterFolder(files: Map<string, Stored>, depth = 0): Map<string, Stored> {
  const { folders, files: loose } = listing(files, "");
  const [outer] = folders;
  if (depth >= MAX_OUTER || outer === undefined || folders.length > 1 || loose.length > 0) return files;
  const inner = listing(files, outer);
  if (inner.folders.length === 0 && inner.files.some((file) => /\.(png|jpe?g)$/i.test(file))) return files;
  const stripped = Array.from(files, ([path, file]) => [path.slice(outer.length + 1), file] as const);
  return withoutOuterFolder(new Map(stripped), depth + 1);
}

function listing(files: ReadonlyMap<string, Stored>, folder: string): Listing {
  const start = folder === "" ? "" : `${folder}/`;
  const found = { files: new Set<string>(), folders: new Set<string>() };
  for (const path of files.keys()) {
    if (!path.startsWith(start)) continue;
    const [first, ...rest] = path.slice(start.length).split("/");
    (rest.length > 0 ? found.folders : found.files).add(first!);
  }
  return { files: [...found.files].sort(), folders: [...found.folders].sort() };
}

class DroppedFiles implements DataSource {
  readonly folder: string;
  readonly maxTotal: number;
  readonly records = [];
  readonly recognised = undefined;
  readonly #files: ReadonlyMap<string, Stored>;
  readonly #listings = new Map<string, Listing>();
  #left: number;

  constructor(folder: string, files: ReadonlyMap<string, Stored>, total: number) {
    this.folder = folder;
    this.maxTotal = total;
    this.#files = files;
    this.#left = total;
  }

  async list(folder: string): Promise<Listing> {
    const known = this.#listings.get(folder) ?? listing(this.#files, folder);
    this.#listings.set(folder, known);
    return known;
  }

  async read(file: string): Promise<Uint8Array> {
    const stored = await this.readStored(file);
    const content = file.toLowerCase().endsWith(".gz") ? gunzipBounded(stored, this.#left, file) : stored;
    if (content.length > this.#left)
      throw new BispikeError(
        "data",
        `${this.folder}: ${file}: all files are more than the ${this.maxTotal} bytes a page may read`,
      );
    this.#left -= content.length;
    return content;
  }

  async readStored(file: string): Promise<Uint8Array> {
    const found = this.#files.get(file);
    if (!found) throw new BispikeError("data", `${this.folder}: ${file}: there is no such file`);
    return found.read();
  }

  recordPictures(): PicturesRecord {
    return { add: () => {}, end: () => {} };
  }
}
