/** Energy and operations, loaded and counted while somebody looks. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { Run } from "../state/run.ts";

export function Work({ run }: { run: Run }) {
  const open = useSignal(false);
  const table = useSignal<ComponentType<{ run: Run }> | null>(null);
  useEffect(() => {
    if (open.value && !table.value) void import("./work.tsx").then(({ WorkTable }) => (table.value = WorkTable));
  }, [open.value]);
  const Table = table.value;
  return (
    <details class="work" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>Energy and operations, counted live</summary>
      {open.value && Table && <Table run={run} />}
    </details>
  );
}
