/** Once a frame, asks the runs for what they look like now. */
import { runs } from "./lab.ts";

/** Returns how to stop. */
export function watch(): () => void {
  let frame = 0;
  let seen = new Map<object, number>();
  const look = () => {
    const now = new Map<object, number>();
    for (const run of runs.peek()) {
      const step = run.step.peek();
      now.set(run, step);
      if (seen.get(run) !== step) void run.look();
    }
    seen = now;
    frame = requestAnimationFrame(look);
  };
  frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
}
