/** Checkpoints a person opens: read as the command line does, and held against the images at hand. */
import { BispikeError } from "../../../src/errors.ts";
import { type Checkpoint, type Experiment, importState } from "../../../src/index.ts";
import { assertProblem, decodeAnyCheckpoint } from "../../../src/training/read-checkpoint.ts";
import { assertSameImages } from "../../../src/training/same-training.ts";
import type { DataSource } from "./protocol.ts";

/** Data sets the site carries. */
const SITE_SETS = ["mnist", "fashion-mnist"] as const;

export interface OpenedCheckpoint extends Pick<Checkpoint, "config"> {
  /** What training goes on from; undefined for a `best` file, which holds the networks and not the optimiser's state. */
  readonly resume: Checkpoint | undefined;
  /** Where its images are: the site's where it has them, else those that were open when it was chosen. */
  images(open: DataSource): DataSource;
  /**
   * Looks whether the images are such as it was trained on. Without `resume` it also puts its networks into the experiment, so that training starts
   * anew from them, as `bispike train --init` does.
   *
   * @throws BispikeError "checkpoint"
   */
  check(experiment: Experiment): void;
  /** The error with the file's name before it. */
  named(error: unknown): unknown;
}

/**
 * @throws BispikeError "checkpoint" for damaged or foreign files, and for checkpoints of sequences and autoencoders
 * @example
 * const opened = openCheckpoint({ bytes, name: "last.safetensors" });
 */
export function openCheckpoint({
  bytes,
  name,
}: {
  readonly bytes: Uint8Array;
  readonly name: string;
}): OpenedCheckpoint {
  const checkpoint = decodeAnyCheckpoint(bytes, name);
  assertProblem(checkpoint, "classify", name);
  const { config, data, tensors } = checkpoint;
  const whole = [...tensors.keys()].some((tensor) => tensor.startsWith("optimiser."));
  return {
    config,
    resume: whole ? checkpoint : undefined,
    images: (open) => {
      const known = SITE_SETS.find((set) => set === data.name);
      return known ? { kind: "site", name: known } : open;
    },
    check: ({ model, rule }) => {
      assertSameImages(data, model.data);
      if (!whole) importState(rule, tensors, { optimiser: false });
    },
    named: (error) =>
      error instanceof BispikeError && !error.message.startsWith(name)
        ? new BispikeError(error.code, `${name}: ${error.message}`, { cause: error })
        : error,
  };
}
