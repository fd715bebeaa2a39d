/** Threads of the team as Web Workers, and whether there can be any. */
import type { SpawnThread } from "../../../src/index.ts";

/** Why memory cannot be shared between workers here; null where it can. */
export function whyNotShared(): string | null {
  if (globalThis.crossOriginIsolated) return null;
  return "this page is not cross-origin isolated (its server does not send COOP and COEP headers), so memory cannot be shared between threads";
}

export const spawnThread: SpawnThread = (start) => {
  const worker = new Worker(new URL("./thread.ts", import.meta.url), { type: "module" });
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => reject(new Error(event.message || "the thread's script could not be loaded"));
  });
  worker.postMessage(start);
  return {
    ready,
    stop: async () => worker.terminate(),
  };
};
