/** A run as the folder the command line keeps one in, zipped; loaded when the first is asked for. */
import { strToU8, type Zippable, zipSync } from "fflate";
import type { ExperimentConfig } from "../../../src/index.ts";
import { renderConfig } from "../../../src/training/config-text.ts";

/**
 * Unpacked it is a run folder that `bispike eval` reads and `bispike train --resume` goes on from.
 *
 * @param best left out before there is one
 * @returns a zip file of one folder, named as the command line would
 */
export function runFolder(config: ExperimentConfig, last: Uint8Array, best: Uint8Array | undefined): Uint8Array {
  // Weights do not shrink.
  const stored = { level: 0 } as const;
  const files: Zippable = {
    "config.yaml": strToU8(renderConfig(config)),
    "last.safetensors": [last, stored],
    ...(best ? { "best.safetensors": [best, stored] } : {}),
  };
  return zipSync({ [`${config.name}-seed${config.train.seed}`]: files });
}
