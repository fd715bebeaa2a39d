/** Opens trained models from files: a checkpoint, or a run folder (its best checkpoint, else its last). */
import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { Model } from "../network/model.ts";
import { type Checkpoint, decodeCheckpoint } from "../training/checkpoint.ts";
import { createModel } from "../training/experiment.ts";
import { importState } from "../training/state.ts";
import { coreCount, spawnThread } from "./threads.ts";

/** Names of checkpoints in a run folder. */
export const CHECKPOINT_FILES = { last: "last.safetensors", best: "best.safetensors" } as const;

/** A checkpoint is read whole; a file over this size is not one of ours. */
const MAX_BYTES = 4 * 2 ** 30 - 1;

export interface OpenedCheckpoint {
  readonly file: string;
  readonly checkpoint: Checkpoint;
}

/**
 * Reads a checkpoint, or the best (else the last) one of a run folder.
 *
 * @throws BispikeError "checkpoint" when there is none or it is damaged
 */
export function openCheckpoint(path: string, prefer: "best" | "last" = "best"): OpenedCheckpoint {
  const file = resolveCheckpoint(path, prefer);
  return { file, checkpoint: decodeCheckpoint(readWhole(file), file) };
}

function resolveCheckpoint(path: string, prefer: "best" | "last"): string {
  const kind = statSync(path, { throwIfNoEntry: false });
  if (!kind)
    throw new BispikeError(
      "checkpoint",
      `${path}: no such file or folder; expected a run folder or a .safetensors checkpoint`,
    );
  if (!kind.isDirectory()) return path;
  const order =
    prefer === "best" ? ([CHECKPOINT_FILES.best, CHECKPOINT_FILES.last] as const) : ([CHECKPOINT_FILES.last] as const);
  for (const name of order) {
    const file = join(path, name);
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  }
  throw new BispikeError(
    "checkpoint",
    `${path}: holds no checkpoint (${order.join(" or ")}); is it a run folder, and did its training reach a first save?`,
  );
}

function readWhole(file: string): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, "r");
    const { size } = fstatSync(descriptor);
    if (size > MAX_BYTES)
      throw new BispikeError("checkpoint", `${file}: expected a checkpoint of less than 4 GiB, got ${size} bytes`);
    return readFileSync(descriptor);
  } catch (cause) {
    if (cause instanceof BispikeError) throw cause;
    throw new BispikeError(
      "checkpoint",
      `${file}: cannot be read (${cause instanceof Error ? cause.message : String(cause)})`,
      { cause },
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

export interface OpenedModel extends OpenedCheckpoint {
  readonly team: Team;
  readonly model: Model;
}

/**
 * A trained model ready to perceive and recall. Close `team` when done.
 *
 * @param threads 0 for all cores
 * @example
 * const { model, team } = await openModel("runs/mnist-mlp");
 */
export async function openModel(path: string, threads = 0): Promise<OpenedModel> {
  const opened = openCheckpoint(path);
  const team = await createTeam(threads);
  try {
    const model = createModel(team, opened.checkpoint.config, opened.checkpoint.data);
    importState(model.pair, opened.checkpoint.tensors, { optimiser: false });
    return { ...opened, team, model };
  } catch (error) {
    await team.close();
    if (error instanceof BispikeError)
      throw new BispikeError(error.code, `${opened.file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A team of worker threads; 0 for all cores. */
export function createTeam(threads: number): Promise<Team> {
  return Team.create({ threads: threads || coreCount(), spawn: spawnThread });
}
