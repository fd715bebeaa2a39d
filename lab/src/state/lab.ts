/** What the page as a whole knows: its runs, and which setup is chosen. */
import { batch, signal } from "@preact/signals";
import { Run, type RunSetup } from "./run.ts";

/** What a first visit trains: small enough to be at 95 % within seconds on one thread. */
export const firstSetup: RunSetup = {
  config: { data: { name: "mnist" }, network: { kind: "mlp", hidden: [512, 256] }, train: { epochs: 5 } },
  data: { kind: "site", name: "mnist" },
};

/** One core is the page's: with all of them training, frames are late. Runs side by side share the others. */
export function trainingThreads(): number {
  const cores = (navigator.hardwareConcurrency ?? 2) - 1;
  return Math.max(1, Math.floor(cores / runs.peek().length));
}

/** The setup that is on screen. */
export const setup = signal<RunSetup>(firstSetup);
/** The second run's, where two are side by side. */
export const beside = signal<RunSetup | null>(null);
/** The first run, and the second where two are side by side. */
export const runs = signal<readonly Run[]>([new Run()]);

/** The setup of a run that is on screen. */
export function setupOf(run: Run): RunSetup {
  return (run === runs.peek()[1] && beside.peek()) || setup.peek();
}

/** Opens a setup in a run and starts it. */
export async function begin(run: Run, chosen: RunSetup): Promise<void> {
  await run.open(chosen, trainingThreads());
  if (run.ready.value) await run.start();
}

/** Starts one run or two, in place of what is on screen. */
export async function beginAll(first: RunSetup, second: RunSetup | null): Promise<void> {
  const [one = new Run(), two] = runs.peek();
  if (!second) two?.close();
  batch(() => {
    setup.value = first;
    beside.value = second;
    runs.value = second ? [one, two ?? new Run()] : [one];
  });
  await Promise.all(runs.peek().map((run) => begin(run, setupOf(run))));
}
