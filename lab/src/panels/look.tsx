/** Look inside: fetched, and asked for, only once someone opens it. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { Run } from "../state/run.ts";

type Panel = ComponentType<{ run: Run }>;

export function Look({ run }: { run: Run }) {
  const open = useSignal(false);
  const panel = useSignal<Panel | null>(null);
  const failed = useSignal(false);
  const toggle = async (isOpen: boolean) => {
    open.value = isOpen;
    if (!isOpen || panel.value) return;
    failed.value = false;
    try {
      const { Inside } = await import("./look/inside.tsx");
      // A signal's value that is a function is kept as it is.
      panel.value = Inside;
    } catch {
      failed.value = true;
    }
  };
  const Inside = panel.value;
  return (
    <details class="look" onToggle={(event) => toggle(event.currentTarget.open)}>
      <summary>
        <h2>Look inside</h2>
      </summary>
      {open.value && Inside && <Inside run={run} />}
      {open.value && !Inside && (
        <p>{failed.value ? "This part of the page could not be fetched; close and open it again." : "Fetching …"}</p>
      )}
    </details>
  );
}
