/**
 * What a platform adds to `train`, `load` and the data constructors: threads, files and run folders.
 *
 * The library itself knows no platform. Node's part (`node/platform.ts`) is put here by the `node` condition of package.json's `exports`; a page passes its own `spawn`.
 */
import type { Dataset } from "../data/dataset.ts";
import type { DatasetRequest } from "../data/load.ts";
import type { Sequence } from "../data/sequence/assemble.ts";
import type { SequenceRequest } from "../data/sequence/load.ts";
import { type SpawnThread, Team } from "../engine/team.ts";
import { BispikeError } from "../errors.ts";
import type { AnyConfig } from "./any-config.ts";

/** A run as its folder holds it. */
export interface StoredRun {
  /** The checkpoint on which the run predicts: the best on the validation part, else the last. */
  readonly best: Uint8Array;
  /** The checkpoint to go on from; undefined where there is none. */
  readonly last: Uint8Array | undefined;
  /** Lines of `metrics.jsonl`. */
  readonly lines: readonly object[];
  /** Path of the checkpoint, for messages. */
  readonly source: string;
}

/** What is written into a run folder. */
export interface RunToStore extends Omit<StoredRun, "source"> {
  readonly config: AnyConfig;
  readonly threads: number;
}

/** What Node adds. */
export interface Platform {
  readonly spawn: SpawnThread;
  /** Cores this process may use. */
  cores(): number;
  loadDataset(request: DatasetRequest): Promise<Dataset>;
  loadSequence(request: SequenceRequest): Promise<Sequence>;
  /** @param path a run folder, or a checkpoint */
  openRun(path: string): StoredRun;
  /** Makes a run folder; it must be new or empty. */
  saveRun(folder: string, run: RunToStore): void;
}

let added: Platform | undefined;

/** Called once, by a platform's entry point. */
export function addPlatform(platform: Platform): void {
  added = platform;
}

/**
 * The platform's files.
 *
 * @param what needs them, such as `load("runs/digits")`
 * @param instead what works everywhere
 * @throws BispikeError "platform" where there are none, as in a page
 */
export function filesFor(what: string, instead: string): Platform {
  if (added) return added;
  throw new BispikeError("platform", `${what}: reading and writing files needs Node; ${instead}`);
}

/** Threads as callers ask for them. */
export interface ThreadOptions {
  /** Threads, this one included, 1 to 256; 0 for all cores. The results do not depend on it. Default 0; 1 where the platform cannot start any, as in a page without `spawn`. */
  readonly threads?: number | undefined;
  /** Starts a thread, where the platform has no own way: in a page Web Workers, see `SpawnThread`. Default: worker threads in Node. */
  readonly spawn?: SpawnThread | undefined;
}

/**
 * A team of so many threads. In a page that is not cross-origin isolated memory cannot be shared, and there is one thread.
 *
 * @throws BispikeError "usage" for a number of threads that cannot be, "platform" where threads do not start
 */
export function createTeam({ threads = 0, spawn = added?.spawn }: ThreadOptions): Promise<Team> {
  const shared = globalThis.crossOriginIsolated !== false && typeof SharedArrayBuffer !== "undefined";
  const cores = () => added?.cores() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  const count = threads === 0 ? (spawn && shared ? cores() : 1) : threads;
  return Team.create({ threads: count, shared, ...(spawn && count > 1 ? { spawn } : {}) });
}
