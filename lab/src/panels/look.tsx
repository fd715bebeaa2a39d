/** Look inside: fetched, and asked for, only once someone opens it. */
import { useSignal } from "@preact/signals";
import type { Run } from "../state/run.ts";
import { Later } from "./later.tsx";

const part = async () => (await import("./look/inside.tsx")).Inside;

export function Look({ run }: { run: Run }) {
  const open = useSignal(false);
  return (
    <details class="look" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        <h2>Look inside</h2>
      </summary>
      {open.value && <Later part={part} props={{ run }} />}
    </details>
  );
}
