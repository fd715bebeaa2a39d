/** What the page as a whole knows: its runs, and which setup is chosen. */
import { signal } from "@preact/signals";
import { Run, type RunSetup } from "./run.ts";

/** What a first visit trains: small enough to be at 95 % within seconds on one thread. */
export const firstSetup: RunSetup = {
  config: { data: { name: "mnist" }, network: { kind: "mlp", hidden: [512, 256] }, train: { epochs: 5 } },
  data: { kind: "site", name: "mnist" },
};

/** One core is the page's: with all of them training, frames are late. */
export function trainingThreads(): number {
  return Math.max(1, (navigator.hardwareConcurrency ?? 2) - 1);
}

/** The setup that is on screen. */
export const setup = signal<RunSetup>(firstSetup);
/** The first run, and the second where two are side by side. */
export const runs = signal<readonly Run[]>([new Run()]);

/** Opens a setup in a run and starts it. */
export async function begin(run: Run, chosen: RunSetup): Promise<void> {
  await run.open(chosen, trainingThreads());
  if (run.ready.value) await run.start();
}
