/** Start, pause, one step, speed, reset. */
import { begin, setupOf } from "../state/lab.ts";
import type { Run } from "../state/run.ts";
import { Press } from "./press.tsx";

const SPEEDS = [
  { label: "1 step/s", value: 1 },
  { label: "5 steps/s", value: 5 },
  { label: "20 steps/s", value: 20 },
  { label: "as fast as it goes", value: null },
] as const;

export function Controls({ run }: { run: Run }) {
  const off = !run.ready.value || run.finished.value;
  const running = run.running.value;
  return (
    <fieldset class="controls" aria-label="Training">
      <Press off={off} act={() => (running ? run.pause() : run.start())}>
        {running ? "Pause" : "Train"}
      </Press>
      <Press off={off || running} act={() => run.stepOnce()}>
        One batch
      </Press>
      <Press off={run.opening.value} act={() => begin(run, setupOf(run))}>
        Reset
      </Press>
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
