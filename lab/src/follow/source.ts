/** Where a run's files are read from: the server of `bispike lab --run`, a folder that may be read again and again, or files read once. */
import { BispikeError } from "../../../src/errors.ts";

/** What the page reads of a run folder. */
export const FOLLOWED = ["metrics.jsonl", "observations.jsonl", "summary.json"] as const;
export type FollowedFile = (typeof FOLLOWED)[number];

export interface RunSource {
  readonly name: string;
  /** Whether what is written later can be read too. */
  readonly live: boolean;
  /** Bytes of each file there is now. */
  sizes(): Promise<Partial<Record<FollowedFile, number>>>;
  /** Bytes from .. to, exclusive; fewer when the file has become shorter. */
  read(file: FollowedFile, from: number, to: number): Promise<Uint8Array>;
}

/** The run of this place among those the server was given. */
export function servedRun(place: number, name: string, base = document.baseURI): RunSource {
  const silent = () =>
    new BispikeError("platform", `${name}: the server does not answer; is bispike lab still running?`);
  const get = async <T>(
    path: string,
    read: (response: Response) => Promise<T>,
    headers: Record<string, string> = {},
  ): Promise<T> => {
    const response = await fetch(new URL(`runs/${place}${path}`, base), { headers, cache: "no-store" }).catch(() => {
      throw silent();
    });
    if (!response.ok) throw new BispikeError("platform", `${name}: the server answered ${response.status}`);
    // An answer that ends early, as the server was ended or the file was cut meanwhile, is none.
    return read(response).catch(() => {
      throw silent();
    });
  };
  return {
    name,
    live: true,
    sizes: () => get("", (response) => response.json()),
    read: async (file, from, to) => {
      const range = { Range: `bytes=${from}-${to - 1}` };
      return new Uint8Array(await get(`/${file}`, (response) => response.arrayBuffer(), range));
    },
  };
}

/** A folder a person let the page read. */
export function folderRun(folder: FileSystemDirectoryHandle): RunSource {
  const open = async (name: FollowedFile): Promise<File | undefined> => {
    try {
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
      throw unreadable(`${folder.name}/${name}`, error);
    }
  };
  return {
    name: folder.name,
    live: true,
    sizes: async () => sizesOf(await Promise.all(FOLLOWED.map(open))),
    read: async (name, from, to) => slice(await open(name), `${folder.name}/${name}`, from, to),
  };
}

/** Files of a folder that was chosen; browsers let them be read only as they were then. */
export function chosenRun(files: readonly File[]): RunSource {
  // Of a folder of runs the topmost: "runs/a/metrics.jsonl" and not "runs/a/old/metrics.jsonl".
  const depth = (file: File) => file.webkitRelativePath.split("/").length;
  const found = FOLLOWED.map(
    (name) => files.filter((file) => file.name === name).toSorted((a, b) => depth(a) - depth(b))[0],
  );
  const name = files[0]?.webkitRelativePath.split("/")[0] || "run";
  if (!found[0])
    throw new BispikeError("checkpoint", `${name}: expected a run folder with metrics.jsonl, found none there`);
  return {
    name,
    live: false,
    sizes: async () => sizesOf(found),
    read: (file, from, to) => slice(found[FOLLOWED.indexOf(file)], `${name}/${file}`, from, to),
  };
}

function sizesOf(files: readonly (File | undefined)[]): Partial<Record<FollowedFile, number>> {
  return Object.fromEntries(FOLLOWED.flatMap((name, k) => (files[k] ? [[name, files[k].size]] : [])));
}

async function slice(file: File | undefined, name: string, from: number, to: number): Promise<Uint8Array> {
  try {
    return file ? new Uint8Array(await file.slice(from, to).arrayBuffer()) : new Uint8Array(0);
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): BispikeError {
  return new BispikeError(
    "platform",
    `${name}: cannot be read (${error instanceof Error ? error.message : String(error)})`,
  );
}
