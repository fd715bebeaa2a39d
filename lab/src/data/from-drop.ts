/** Files of a drop or a file chooser, with their places in the folders they came in. */

import type { DroppedFile } from "./dropped.ts";
import { MAX_DROPPED } from "./limits.ts";

export interface Given {
  /** A folder's or file's name, or a word for several. */
  readonly name: string;
  readonly files: readonly DroppedFile[];
}

/** What a file chooser gave; of a folder's, each file knows its path. */
export function fromChooser(list: FileList): Given {
  const files = Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
  return { name: nameOf(files.map(({ path }) => path)), files };
}

/** What was dropped: files, folders, or both. Must be called while the drop is handled. */
export async function fromDrop({ items, files }: DataTransfer): Promise<Given> {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return fromChooser(files);
  const found: DroppedFile[] = [];
  for (const entry of entries) await gather(entry, entry.name, found);
  return { name: nameOf(entries.map(({ name }) => name)), files: found };
}

async function gather(entry: FileSystemEntry, path: string, found: DroppedFile[]): Promise<void> {
  if (found.length > MAX_DROPPED) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader hands out a hundred at a time, and none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return;
    for (const inner of entries) await gather(inner, `${path}/${inner.name}`, found);
  }
}

/** @example nameOf(["cats/a.png", "cats/b.png"]) // "cats" */
function nameOf(paths: readonly string[]): string {
  const tops = new Set(paths.map((path) => path.split("/")[0]!));
  return tops.size === 1 ? [...tops][0]! : "dropped-files";
}
