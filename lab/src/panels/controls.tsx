/** Start, pause, one step, speed, reset. */
import { begin, setupOf } from "../state/lab.ts";
import type { Run } from "../state/run.ts";

const SPEEDS = [
  { label: "1 step/s", value: 1 },
  { label: "5 steps/s", value: 5 },
  { label: "20 steps/s", value: 20 },
  { label: "as fast as it goes", value: null },
] as const;

export function Controls({ run }: { run: Run }) {
  const ready = run.ready.value;
  const running = run.running.value;
  return (
    <fieldset class="controls" aria-label="Training">
      <button
        type="button"
        disabled={!ready || run.finished.value}
        onClick={() => (running ? run.pause() : run.start())}
      >
        {running ? "Pause" : "Train"}
      </button>
      <button type="button" disabled={!ready || running || run.finished.value} onClick={() => run.stepOnce()}>
        One batch
      </button>
      <button type="button" disabled={run.opening.value} onClick={() => begin(run, setupOf(run))}>
        Reset
      </button>
      <label>
        Speed{" "}
        <select
          onChange={(event) => {
            const { value } = event.currentTarget;
            run.setSpeed(value === "" ? null : Number(value));
          }}
        >
          {SPEEDS.toReversed().map(({ label, value }) => (
            <option key={label} value={value ?? ""} selected={run.speed.value === value}>
              {label}
            </option>
          ))}
        </select>
      </label>
    </fieldset>
  );
}
