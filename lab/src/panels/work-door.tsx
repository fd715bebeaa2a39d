/** Energy and operations, loaded and counted while somebody looks. */
import { useSignal } from "@preact/signals";
import type { Run } from "../state/run.ts";
import { Later } from "./later.tsx";

const part = async () => (await import("./work.tsx")).WorkTable;

export function Work({ run }: { run: Run }) {
  const open = useSignal(false);
  return (
    <details class="work" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>Energy and operations, counted live</summary>
      {open.value && <Later part={part} props={{ run }} />}
    </details>
  );
}
