/** Two runs at once: what moves both, and their accuracy on the same axes. */
import type { Run } from "../state/run.ts";
import { AccuracyCurve } from "./curves.tsx";
import { Press } from "./press.tsx";

export function SideBySide({ runs }: { runs: readonly Run[] }) {
  const running = runs.some((run) => run.running.value);
  const off = !runs.every((run) => run.ready.value) || runs.every((run) => run.finished.value);
  const all = (act: (run: Run) => Promise<void>) =>
    void Promise.all(runs.filter((run) => !run.finished.peek()).map(act));
  return (
    <section class="both" aria-label="Both runs">
      <fieldset class="controls" aria-label="Train both runs">
        <Press off={off} act={() => all((run) => (running ? run.pause() : run.start()))}>
          {running ? "Pause both" : "Train both"}
        </Press>
        <Press off={off || running} act={() => all((run) => run.stepOnce())}>
          One batch each
        </Press>
      </fieldset>
      <AccuracyCurve runs={runs} />
    </section>
  );
}
