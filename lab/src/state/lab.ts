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

/** Opens a setup in a run and, unless told otherwise, starts it. */
export async function begin(run: Run, chosen: RunSetup, training = true): Promise<void> {
  await run.open(chosen, trainingThreads());
  if (training && run.ready.value) await run.start();
}

/** Opens one run or two, in place of what is on screen, and starts them unless told otherwise. */
export async function beginAll(first: RunSetup, second: RunSetup | null, training = true): Promise<void> {
  const [one = new Run(), two] = runs.peek();
  if (!second) two?.close();
  batch(() => {
    setup.value = first;
    beside.value = second;
    runs.value = second ? [one, two ?? new Run()] : [one];
  });
  await Promise.all(runs.peek().map((run) => begin(run, setupOf(run), training)));
}

/** Puts a run, and the setup it has, in the place of one that is on screen. */
export function replaceRun(run: Run, next: Run, chosen: RunSetup): void {
  const isSecond = run === runs.peek()[1];
  batch(() => {
    if (isSecond) beside.value = chosen;
    else setup.value = chosen;
    runs.value = runs.peek().map((other) => (other === run ? next : other));
  });
  run.close();
}

/** A region's name, with its run's number where two are side by side: regions of one name cannot be told apart by ear. */
export function named(run: Run, label: string): string {
  return runs.value.length > 1 ? `${label}, run ${runs.value.indexOf(run) + 1}` : label;
}
