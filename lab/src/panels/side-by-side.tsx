/** Two runs at once: what moves both, and their accuracy on the same axes. */
import type { Run } from "../state/run.ts";
import { AccuracyCurve } from "./curves.tsx";

export function SideBySide({ runs }: { runs: readonly Run[] }) {
  const ready = runs.every((run) => run.ready.value);
  const running = runs.some((run) => run.running.value);
  const done = runs.every((run) => run.finished.value);
  const all = (act: (run: Run) => Promise<void>) =>
    void Promise.all(runs.filter((run) => !run.finished.peek()).map(act));
  return (
    <section class="both" aria-label="Both runs">
      <fieldset class="controls" aria-label="Train both runs">
        <button
          type="button"
          disabled={!ready || done}
          onClick={() => all((run) => (running ? run.pause() : run.start()))}
        >
          {running ? "Pause both" : "Train both"}
        </button>
        <button type="button" disabled={!ready || running || done} onClick={() => all((run) => run.stepOnce())}>
          One batch each
        </button>
      </fieldset>
      <AccuracyCurve runs={runs} />
    </section>
  );
}
