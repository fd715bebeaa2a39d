/** A few times a second, asks the runs for what they look like now: oftener than eyes can tell would take time from training. */
import { runs } from "./lab.ts";

/** Milliseconds from one time to the next. */
const EVERY = 150;

/** Returns how to stop. */
export function watch(): () => void {
  let frame = 0;
  let seen = new Map<object, number>();
  let looked = Number.NEGATIVE_INFINITY;
  const look = (now: number) => {
    frame = requestAnimationFrame(look);
    if (now - looked < EVERY) return;
    looked = now;
    const steps = new Map<object, number>();
    for (const run of runs.peek()) {
      const step = run.step.peek();
      steps.set(run, step);
      if (seen.get(run) !== step) void run.look();
    }
    seen = steps;
  };
  frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
}
