/** Checks of the files a command is to write, before the work: a slip costs no time, leaves nothing half done, and nothing that was read is lost. */
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { BispikeError } from "../errors.ts";
import { CHECKPOINT_FILES } from "../node/open.ts";
import { RUN_FILES } from "../node/run-folder.ts";

/**
 * @param option that gave the file
 * @throws BispikeError "usage" where its folder does not exist, or the file is a folder
 */
export function requireFolder(option: string, file: string): void {
  const folder = dirname(file);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new BispikeError("usage", `${option} ${file}: there is no folder ${folder}; make it first`);
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw new BispikeError("usage", `${option} ${file}: expected a file, but it is a folder`);
}

/**
 * The same for a figure.
 *
 * @throws BispikeError "usage" also for an ending that is neither .svg nor .png
 */
export function requireFigure(option: string, file: string): void {
  if (!/\.(svg|png)$/i.test(file))
    throw new BispikeError("usage", `${option} ${file}: expected a file that ends with .svg or .png`);
  requireFolder(option, file);
}

/**
 * The same for a picture of images, which is a PNG whatever its name says.
 *
 * @throws BispikeError "usage" also for another ending than .png
 */
export function requirePicture(option: string, file: string): void {
  if (!/\.png$/i.test(file))
    throw new BispikeError(
      "usage",
      `${option} ${file}: expected a file that ends with .png, as that is what is written`,
    );
  requireFolder(option, file);
}

/**
 * Keeps what a command reads, and the files of the run it is given, from being written over.
 *
 * @param run folder of the run, or a checkpoint
 * @param read other files that are read, or folders whose files are
 * @throws BispikeError "usage"
 * @example
 * requireNotRead("--out", "waves.csv", "runs/waves", ["waves.csv"]); // throws
 */
export function requireNotRead(option: string, file: string, run: string, read: readonly string[] = []): void {
  const out = realPath(file);
  const lost = (what: string) => new BispikeError("usage", `${option} ${file}: ${what}; name another file`);
  if (runFiles(run).some((one) => out === realPath(one)))
    throw lost("is a file of the run itself, which would be lost");
  for (const one of [run, ...read]) {
    const kept = realPath(one);
    if (out === kept) throw lost(`is ${one}, which this command reads and which would be lost`);
    if (one !== run && liesIn(file, one)) throw lost(`lies in ${one}, which this command reads`);
  }
}

/** Whether a file is in a folder or one of its own, all links followed. */
export function liesIn(file: string, folder: string): boolean {
  const from = realPath(folder);
  return realPath(file).startsWith(from.endsWith(sep) ? from : from + sep);
}

/**
 * @throws BispikeError "usage" where two options name one file, of which one content would be lost
 */
export function requireApart(option: string, file: string, other: string, otherFile: string): void {
  if (realPath(file) === realPath(otherFile))
    throw new BispikeError("usage", `${option} ${file}: is the file of ${other} too; name another for one of them`);
}

/** What a run's folder holds or may come to hold; nothing where a checkpoint lies somewhere else. */
function runFiles(run: string): string[] {
  const isFolder = statSync(run, { throwIfNoEntry: false })?.isDirectory();
  const folder = isFolder ? run : dirname(realPath(run));
  if (!isFolder && !existsSync(join(folder, RUN_FILES.config))) return [];
  return [...Object.values(CHECKPOINT_FILES), ...Object.values(RUN_FILES)].map((name) => join(folder, name));
}

/** A path with all links followed, so that two names of one file are one; the file need not be there. */
function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const whole = resolve(path);
    const folder = dirname(whole);
    return folder === whole ? whole : join(realPath(folder), basename(whole));
  }
}
