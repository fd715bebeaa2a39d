/** Opens trained models from files: a checkpoint, or a run folder (its best checkpoint, else its last). */
import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { AutoencoderModel } from "../learning/autoencoder/model.ts";
import type { SequenceLearner } from "../learning/sequence/learner.ts";
import type { ImageModel } from "../network/model.ts";
import { createAutoencoder } from "../training/autoencoder/learners.ts";
import {
  type AnyCheckpoint,
  type AutoencoderCheckpoint,
  assertAutoencoder,
  assertImages,
  assertSequences,
  type Checkpoint,
  decodeAnyCheckpoint,
  type SequenceCheckpoint,
} from "../training/checkpoint.ts";
import { createModel } from "../training/image-rules.ts";
import { createSequenceLearner } from "../training/sequence/learners.ts";
import { importSlots } from "../training/slots.ts";
import { importState } from "../training/state.ts";
import { coreCount, spawnThread } from "./threads.ts";

/** Names of checkpoints in a run folder. */
export const CHECKPOINT_FILES = { last: "last.safetensors", best: "best.safetensors" } as const;

/** A checkpoint is read whole; a file over this size is not one of ours. */
const MAX_BYTES = 4 * 2 ** 30 - 1;

/** A checkpoint and where it was read from. */
export interface OpenedCheckpoint<C extends AnyCheckpoint = Checkpoint> {
  /** Path of the checkpoint's file. */
  readonly file: string;
  readonly checkpoint: C;
}

/**
 * Reads a checkpoint of images, or the best (else the last) one of a run folder.
 *
 * @param prefer which of a run folder's checkpoints; "best" takes the last one where there is no best. Default "best"
 * @throws BispikeError "checkpoint" when there is none, or it is damaged or one of another kind of experiment
 * @example
 * const { checkpoint } = openCheckpoint("runs/mnist-mlp-seed1", "last");
 */
export function openCheckpoint(path: string, prefer: "best" | "last" = "best"): OpenedCheckpoint {
  const { file, checkpoint } = openAnyCheckpoint(path, prefer);
  assertImages(checkpoint, file);
  return { file, checkpoint };
}

/**
 * As `openCheckpoint`, of any kind of experiment.
 *
 * @throws BispikeError "checkpoint" when there is none or it is damaged
 */
export function openAnyCheckpoint(path: string, prefer: "best" | "last" = "best"): OpenedCheckpoint<AnyCheckpoint> {
  const file = resolveCheckpoint(path, prefer);
  return { file, checkpoint: decodeAnyCheckpoint(readWhole(file), file) };
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

/** A trained model of images, and the checkpoint it is from. */
export interface OpenedModel extends OpenedCheckpoint {
  /** The model's own; close it when done. */
  readonly team: Team;
  readonly model: ImageModel;
}

/**
 * A trained model ready to perceive and, where it is a `Model` with recall, to recall. Close `team` when done.
 *
 * @param threads 0 for all cores
 * @throws BispikeError "checkpoint" when there is none, or it is damaged or one of another kind of experiment
 * @example
 * const { model, team } = await openModel("runs/mnist-mlp-seed1");
 */
export async function openModel(path: string, threads = 0): Promise<OpenedModel> {
  return buildModel(openCheckpoint(path), threads);
}

/** The pair of a checkpoint that has been read. */
export function buildModel(opened: OpenedCheckpoint, threads = 0): Promise<OpenedModel> {
  const { config, data, tensors } = opened.checkpoint;
  return withTeam(opened, threads, (team) => {
    const model = createModel(team, config, data);
    importState(model, tensors, { optimiser: false });
    return { model };
  });
}

/** A trained recurrent net, and the checkpoint it is from. */
export interface OpenedSequence extends OpenedCheckpoint<SequenceCheckpoint> {
  /** The model's own; close it when done. */
  readonly team: Team;
  readonly learner: SequenceLearner;
}

/**
 * A trained recurrent net ready to predict. Close `team` when done.
 *
 * @param threads 0 for all cores
 * @throws BispikeError "checkpoint" when there is none, or it is damaged or one of another kind of experiment
 * @example
 * const { learner, checkpoint, team } = await openSequence("runs/alice-bsd-seed1");
 */
export async function openSequence(path: string, threads = 0): Promise<OpenedSequence> {
  const { file, checkpoint } = openAnyCheckpoint(path);
  assertSequences(checkpoint, file);
  return buildSequence({ file, checkpoint }, threads);
}

/** The net of a checkpoint that has been read. */
export function buildSequence(opened: OpenedCheckpoint<SequenceCheckpoint>, threads = 0): Promise<OpenedSequence> {
  const { config, data, tensors } = opened.checkpoint;
  return withTeam(opened, threads, (team) => {
    const learner = createSequenceLearner(team, config, data);
    importSlots(learner.slots(false), tensors);
    return { learner };
  });
}

/** A trained autoencoder, and the checkpoint it is from. */
export interface OpenedAutoencoder extends OpenedCheckpoint<AutoencoderCheckpoint> {
  /** The model's own; close it when done. */
  readonly team: Team;
  readonly model: AutoencoderModel;
}

/**
 * A trained autoencoder ready to redraw. Close `team` when done.
 *
 * @param threads 0 for all cores
 * @throws BispikeError "checkpoint" when there is none, or it is damaged or one of another kind of experiment
 * @example
 * const { model, team } = await openAutoencoder("runs/mnist-autoencoder-seed1");
 */
export async function openAutoencoder(path: string, threads = 0): Promise<OpenedAutoencoder> {
  const { file, checkpoint } = openAnyCheckpoint(path);
  assertAutoencoder(checkpoint, file);
  return buildAutoencoder({ file, checkpoint }, threads);
}

/** The networks of a checkpoint that has been read. */
export function buildAutoencoder(
  opened: OpenedCheckpoint<AutoencoderCheckpoint>,
  threads = 0,
): Promise<OpenedAutoencoder> {
  const { config, data, tensors } = opened.checkpoint;
  return withTeam(opened, threads, (team) => {
    const model = createAutoencoder(team, config, data);
    importSlots(model.learner.slots(false), tensors);
    return { model };
  });
}

/** Builds on a team of its own, which is closed when that fails. */
async function withTeam<O extends OpenedCheckpoint<AnyCheckpoint>, T>(
  opened: O,
  threads: number,
  build: (team: Team) => T,
): Promise<O & { readonly team: Team } & T> {
  const team = await createTeam(threads);
  try {
    return { ...opened, team, ...build(team) };
  } catch (error) {
    await team.close();
    if (error instanceof BispikeError)
      throw new BispikeError(error.code, `${opened.file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * A team of worker threads; 0 for all cores.
 *
 * @example
 * const team = await createTeam(0);
 */
export async function createTeam(threads: number): Promise<Team> {
  return Team.create({ threads: threads || coreCount(), spawn: spawnThread });
}
