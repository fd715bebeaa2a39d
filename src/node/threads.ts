/** Threads of the team as Node worker threads. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { SpawnThread } from "../engine/team.ts";

/** Starts a worker thread that serves a team. It does not keep the process alive. */
export const spawnThread: SpawnThread = (start) => {
  const worker = new Worker(new URL("./thread-main.js", import.meta.url), { workerData: start });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once("message", () => {
      worker.unref();
      resolve();
    });
    worker.once("error", reject);
  });
  return {
    ready,
    stop: async () => {
      await worker.terminate();
    },
  };
};

/** Cores this process may use. */
export function coreCount(): number {
  return availableParallelism();
}
