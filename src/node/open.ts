/** Opens trained models from files: a checkpoint, or a run folder (its best checkpoint, else its last). */
import { closeSync, fstatSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { ImageModel } from "../nets/model.ts";
import type { Slot } from "../nets/parameters.ts";
import type { AutoencoderModel } from "../problems/autoencode-learners.ts";
import type { ProblemName } from "../problems/problem.ts";
import type { SequenceLearner } from "../rules/rule.ts";
import type { AnyCheckpoint, Checkpoint, CheckpointFor } from "../training/checkpoint.ts";
import { createAutoencoder, createModel, createSequenceLearner } from "../training/nets-and-rules.ts";
import { assertProblem, decodeAnyCheckpoint } from "../training/read-checkpoint.ts";
import { importSlots } from "../training/state.ts";
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
  assertProblem(checkpoint, "classify", file);
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

/** The nets of each problem. */
interface Nets {
  readonly classify: { readonly model: ImageModel };
  readonly sequence: { readonly learner: SequenceLearner };
  readonly autoencode: { readonly model: AutoencoderModel };
}

/** A trained net ready for use, and the checkpoint it is from. */
export type OpenedRun<P extends ProblemName = ProblemName> = {
  [Q in P]: OpenedCheckpoint<CheckpointFor<Q>> & {
    /** The net's own; close it when done. */
    readonly team: Team;
    /** The nets' tensors. */
    slots(): Iterable<Slot>;
  } & Nets[Q];
}[P];
/** A trained model of images. */
export type OpenedModel = OpenedRun<"classify">;
/** A trained recurrent net. */
export type OpenedSequence = OpenedRun<"sequence">;
/** A trained autoencoder. */
export type OpenedAutoencoder = OpenedRun<"autoencode">;

const NETS: {
  readonly [P in ProblemName]: (
    team: Team,
    checkpoint: CheckpointFor<P>,
  ) => Nets[P] & { readonly slots: () => Iterable<Slot> };
} = {
  classify(team, { config, data }) {
    const model = createModel(team, config, data);
    return { model, slots: () => model.slots(false) };
  },
  sequence(team, { config, data }) {
    const learner = createSequenceLearner(team, config, data);
    return { learner, slots: () => learner.slots(false) };
  },
  autoencode(team, { config, data }) {
    const model = createAutoencoder(team, config, data);
    return { model, slots: () => model.learner.slots(false) };
  },
};

/**
 * A trained net ready for use. Close `team` when done.
 *
 * @param problem what it must have been trained for
 * @param threads 0 for all cores
 * @throws BispikeError "checkpoint" when there is none, or it is damaged or one of another problem
 * @example
 * const { learner, checkpoint, team } = await openRun("runs/alice-bsd-seed1", "sequence");
 */
export async function openRun<P extends ProblemName>(path: string, problem: P, threads = 0): Promise<OpenedRun<P>> {
  const { file, checkpoint } = openAnyCheckpoint(path);
  assertProblem(checkpoint, problem, file);
  return buildRun({ file, checkpoint }, threads) as Promise<OpenedRun<P>>;
}

/** The nets of a checkpoint that has been read, on a team of their own. */
export async function buildRun<C extends AnyCheckpoint>(
  opened: OpenedCheckpoint<C>,
  threads = 0,
): Promise<OpenedRun<C["problem"]>> {
  const { file, checkpoint } = opened;
  const build = NETS[checkpoint.problem] as (
    team: Team,
    checkpoint: AnyCheckpoint,
  ) => ReturnType<(typeof NETS)[ProblemName]>;
  const team = await createTeam(threads);
  try {
    const nets = build(team, checkpoint);
    importSlots(nets.slots(), checkpoint.tensors);
    return { ...opened, team, ...nets } as unknown as OpenedRun<C["problem"]>;
  } catch (error) {
    await team.close();
    if (error instanceof BispikeError)
      throw new BispikeError(error.code, `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * A trained model ready to perceive and, where it is a `Model` with recall, to recall; otherwise as `openRun`.
 *
 * @example
 * const { model, team } = await openModel("runs/mnist-mlp-seed1");
 */
export function openModel(path: string, threads = 0): Promise<OpenedModel> {
  return openRun(path, "classify", threads);
}

/**
 * A trained recurrent net ready to predict; otherwise as `openRun`.
 *
 * @example
 * const { learner, checkpoint, team } = await openSequence("runs/alice-bsd-seed1");
 */
export function openSequence(path: string, threads = 0): Promise<OpenedSequence> {
  return openRun(path, "sequence", threads);
}

/**
 * A trained autoencoder ready to reconstruct; otherwise as `openRun`.
 *
 * @example
 * const { model, team } = await openAutoencoder("runs/mnist-autoencoder-seed1");
 */
export function openAutoencoder(path: string, threads = 0): Promise<OpenedAutoencoder> {
  return openRun(path, "autoencode", threads);
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
