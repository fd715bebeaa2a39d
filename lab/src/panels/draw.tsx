/** Draw a digit, and ask recall for concepts: opened when a person asks for it, and fetched then. */
import { signal, useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { Run } from "../state/run.ts";

/** The panel, once it has been fetched. */
const panel = signal<ComponentType<{ run: Run }> | null>(null);
const failed = signal(false);

async function fetchPanel(): Promise<void> {
  failed.value = false;
  try {
    panel.value = (await import("./draw/panel.tsx")).DrawPanel;
  } catch {
    failed.value = true;
  }
}

export function Draw({ run }: { run: Run }) {
  const open = useSignal(false);
  const Panel = panel.value;
  const digits = (run.about.value?.dataName ?? "mnist") === "mnist";
  return (
    <details
      open={open.value}
      onToggle={(event) => {
        open.value = event.currentTarget.open;
        if (event.currentTarget.open && !panel.peek()) void fetchPanel();
      }}
    >
      <summary>
        <h2>Draw a {digits ? "digit" : "picture"}, ask for a concept</h2>
      </summary>
      {open.value && Panel && run.about.value && <Panel run={run} />}
      {open.value && failed.value && (
        <p role="alert">
          This part of the page could not be fetched.{" "}
          <button type="button" onClick={() => void fetchPanel()}>
            Try again
          </button>
        </p>
      )}
    </details>
  );
}
