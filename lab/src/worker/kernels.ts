/** The kernels as a file of the site, in place of the library's own copy (see vite.config.ts). */

import file from "../../../build/kernels.wasm?url";
import { BispikeError } from "../../../src/errors.ts";

/** @throws BispikeError "platform" when the file cannot be had */
export async function kernelBytes(): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(file).catch(() => undefined);
  if (!response?.ok)
    throw new BispikeError("platform", "the engine's kernels could not be fetched; is the server still there?");
  return new Uint8Array(await response.arrayBuffer());
}
