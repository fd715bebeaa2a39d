/** Checks of the files a command is to write, before the work: a slip costs no time and leaves nothing half done. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { BispikeError } from "../../errors.ts";

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
