/** Asks a run's worker anew whenever what is asked about changes, and now and then as training goes on. */
import { effect, untracked } from "@preact/signals";
import type { About } from "../worker/protocol.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import type { Run } from "./run.ts";

/** Milliseconds between questions that only training's progress asks: what is seen changes slowly. */
const REST = 250;

/**
 * One question in flight at a time, the newest always asked.
 *
 * @param reads reads the signals the question is about
 * @param ask asks it of a run that is ready
 * @returns how to stop
 */
export function follow(run: Run, reads: () => void, ask: (about: About) => Promise<void>): () => void {
  let current: About | null = null;
  let want = () => {};
  let asked = 0;
  const changed = effect(() => {
    const about = run.about.value;
    if (about !== current) {
      current = about;
      // A new one: answers of a worker that was ended never come.
      want = about ? oneAtATime(async () => (run.about.peek() === about ? ask(about) : undefined)) : () => {};
    }
    reads();
    untracked(() => want());
  });
  const trained = effect(() => {
    const running = run.running.value;
    void run.step.value;
    if (running && performance.now() - asked < REST) return;
    asked = performance.now();
    untracked(() => want());
  });
  return () => {
    changed();
    trained();
    want = () => {};
  };
}
